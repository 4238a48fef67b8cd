"""What the terminal does and what the book says are brought together.

Every event about a terminal leads to the same look at the two: `settle`. It asks what is true now,
not what changed, so late, repeated and reordered events do no harm.
"""

from contextlib import suppress

from cloud.base.unit import Unit
from cloud.book import outbox
from cloud.book.outbox import Event, Handlers
from cloud.link import commands, terminals
from cloud.link.commands import TerminalDark
from cloud.link.terminals import Terminal
from cloud.work import closing, handing, testing
from cloud.work import job as table
from cloud.work.job import OPEN, OVER, SYSTEM, Job, profile_of
from cloud.work.refusal import Refusals
from cloud.work.rules import refuse

_WORDS = {"timeout", "restarted", "ended", "locked", "gas", "relay-stuck"}


def handlers() -> Handlers:
    """What the work does about events of the link, for `outbox.deliver`."""
    return {
        "command-done": [command_done],
        "command-refused": [command_not_obeyed],
        "command-timed-out": [command_not_obeyed],
        "terminal-login": [logged_in],
        "terminal-beat": [told],
        "terminal-offline": [told],
    }


def command_done(unit: Unit, event: Event) -> None:
    """A switch command was obeyed, whether we still waited for it or not."""
    job = _job_of(unit, event)
    if job is None:
        return
    if event.details["code"] == "0":
        table.move(unit, job, "off-done", off_told_at=unit.now)
    elif job.state in OVER:
        # Closed after its end: the off that is on its way may have been overtaken.
        closing.off_again(unit, job, "on-after-end", closed=True)
    elif job.state != "on" and job.on_command is not None:
        switched_on(unit, job)
    settle(unit, event.details["device"])


def command_not_obeyed(unit: Unit, event: Event) -> None:
    """A switch command was refused, or nobody answered."""
    job = _job_of(unit, event)
    if job is None:
        return
    word = event.details["message"]
    if event.details["code"] == "1" and job.state in OPEN and job.state != "on":
        not_switched_on(unit, job, word)
    elif event.details["code"] == "0" and word == "ended":
        table.move(unit, job, "off-done", off_told_at=unit.now)
    settle(unit, event.details["device"])


def logged_in(unit: Unit, event: Event) -> None:
    """After a connect the terminal hears of every end that it may have missed."""
    device = event.details["device"]
    for job in table.unsure_at(unit, device):
        job = table.locked(unit, job)
        waits = commands.pending(unit, device, job.id, "0")
        if job.state in OVER and job.off_told_at is None and not waits:
            closing.off_again(unit, job, "login", closed=False)
    settle(unit, device)


def told(unit: Unit, event: Event) -> None:
    """The terminal told a change, or left."""
    settle(unit, event.details["device"])


def settle(unit: Unit, device: str) -> None:
    """Bring every job of this terminal in line with what the terminal last said of itself."""
    jobs = [table.locked(unit, job) for job in table.unsure_at(unit, device)]
    row = terminals.get(unit, device)
    if row is None or row.relay is None:
        return
    for job in jobs:
        if row.relay == 0 or (row.job and row.job != job.id):
            relay_open(unit, job, row.state_at, row.mode)
        elif row.job == job.id:
            relay_closed(unit, job)
    if row.relay == 1 and row.job and row.job not in {job.id for job in jobs}:
        _stray(unit, row)


def relay_closed(unit: Unit, job: Job) -> None:
    """The relay is closed for this job: either that is right, or it is opened."""
    if job.state == "on":
        return
    if job.state in OPEN and table.authorised(job, unit.now):
        switched_on(unit, job)
    elif job.state in OPEN:
        closing.end(unit, job, SYSTEM, "unasked")
    elif not commands.pending(unit, job.device or "", job.id, "0"):
        closing.off_again(unit, job, "still-on", closed=True)


def relay_open(unit: Unit, job: Job, seen_at: int, mode: str | None = None) -> None:
    """The relay was not closed for this job at `seen_at`."""
    if job.state == "on":
        if unit.now >= (job.lease_until or 0):
            closing.end(unit, job, SYSTEM, "lease")
            return
        table.move(
            unit,
            job,
            "job-paused",
            state="paused",
            details={"mode": mode},
            paused_at=unit.now,
            on_command=None,
            asked_on_at=None,
        )
    elif job.state in OVER and job.off_confirmed_at is None:
        on_its_way = commands.pending(unit, job.device or "", job.id, "1")
        if not on_its_way and seen_at >= (job.ended_at or 0):
            off_for_good(unit, job)


def off_for_good(unit: Unit, job: Job) -> None:
    """The terminal said that the relay is open for a job that is over, and stays so."""
    if job.state in OVER and job.off_confirmed_at is None and job.asked_at is not None:
        table.move(unit, job, "off-confirmed", off_confirmed_at=unit.now)
        outbox.tell(unit, "off-confirmed", job.id, {})


def _stray(unit: Unit, row: Terminal) -> None:
    """The relay is closed for a job that is long over here, was never asked for, or is unknown."""
    if commands.pending(unit, row.device, row.job, "0") or testing.runs(unit, row.job):
        return
    job = table.by_id(unit, row.job)
    if job is not None and job.state in OVER:
        closing.off_again(unit, table.locked(unit, job), "still-on", closed=True)
        return
    # A terminal that told us its relay and no boot cannot be commanded; its log-in comes first.
    with suppress(TerminalDark):
        content = {"job": row.job, "reason": "unknown"}
        commands.issue(unit, row.device, "switch", code="0", content=content)


def switched_on(unit: Unit, job: Job) -> None:
    """The relay is closed for an open job that may work."""
    table.move(
        unit,
        job,
        "job-on",
        state="on",
        on_at=unit.now if job.on_at is None else job.on_at,
        asked_on_at=None,
        paused_at=None,
        seen_at=unit.now,
        missed=0,
        **table.NOTHING_REFUSED,
    )
    handing.passed_on(unit, job)


def not_switched_on(unit: Unit, job: Job, word: str) -> None:
    """The terminal did not close its relay, and said why."""
    code = "terminal-timeout" if word == "restarted" else f"terminal-{word}"
    if word not in _WORDS:
        code = "terminal-refused"
    refusals = Refusals([refuse(code, profile_of(job), {"word": word})])
    if word == "ended":
        kept = table.kept(refusals, job.welder_id)
        closing.end(unit, job, SYSTEM, "terminal-ended", **kept)
        return
    kept = table.kept(refusals, job.welder_id) | {"asked_on_at": None}
    if commands.pending(unit, job.device or "", job.id, "1"):
        kept = {}  # pressed again meanwhile: that press is still to be answered
    table.move(unit, job, "on-refused", details={"word": word}, **kept)


def _job_of(unit: Unit, event: Event) -> Job | None:
    if event.details["name"] != "switch":
        return None
    job = table.by_id(unit, event.details["job"] or "")
    return None if job is None else table.locked(unit, job)

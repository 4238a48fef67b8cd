"""The one way to end a job: it is ended at once, and the terminal is told until it has heard."""

from typing import Any

from cloud.base.unit import Unit
from cloud.link import commands
from cloud.link.commands import TerminalDark
from cloud.work import job as table
from cloud.work.job import Job


def end(
    unit: Unit,
    job: Job,
    actor: str,
    why: str,
    *,
    words: str = "",
    unbegun: str = "cancelled",
    **changes: Any,
) -> Job:
    """End an open job; `why` = a stable word (welder, lease, …) for book and terminal.

    `words` = what a person wrote about it: it stays in the job, since it may name somebody.
    A job that the terminal never heard of becomes `unbegun`: nothing to switch off or clear up.
    """
    changes |= {"asked_on_at": None, "on_command": None, "end_reason": words or why}
    if job.asked_at is None:
        state, what = unbegun, f"job-{unbegun}"
    else:
        state, what = "ended", "job-ended"
        changes |= {"ended_at": unit.now, "off_asked_at": unit.now}
        if job.device is None:  # cylinders: nobody is to be told, and nothing to be confirmed
            changes |= {"off_told_at": unit.now, "off_confirmed_at": unit.now}
        _tell_off(unit, job, why)
    details = {"reason": why}
    return table.move(unit, job, what, actor=actor, state=state, details=details, **changes)


def off_again(unit: Unit, job: Job, why: str, *, closed: bool) -> Job:
    """Say once more that a job is over; `closed` = the terminal was seen working for it still."""
    if not _tell_off(unit, job, why):
        return job
    changes: dict[str, Any] = {}
    if closed and job.off_confirmed_at is not None:
        changes = {"off_asked_at": unit.now, "off_confirmed_at": None, "off_alarm_at": None}
    return table.move(unit, job, "off-again", details={"why": why}, **changes)


def watch_over(unit: Unit, job: Job) -> None:
    """The fire watch's word was good for ten minutes and was not used: another one is wanted."""
    table.move(
        unit,
        job,
        "watch-lapsed",
        state="checked",
        details={"fire_watch": job.fire_watch_id},
        fire_watch_id=None,
        watched_at=None,
        watch_ticks=[],
        fire_watch_present=False,
        on_command=None,
        ticket_until=None,
    )


def _tell_off(unit: Unit, job: Job, why: str) -> bool:
    """Send `off`; False if the terminal is dark: it is told at its next log-in."""
    if job.device is None:
        return False
    content = {"job": job.id, "reason": why}
    try:
        commands.issue(unit, job.device, "switch", code="0", content=content)
    except TerminalDark:
        return False
    return True

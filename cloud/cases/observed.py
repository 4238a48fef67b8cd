"""What the cloud itself sees and no terminal tells becomes alarms too (CQ art. 28, 44).

An OFF that is not confirmed, a site that is not cleared, work over a day long or without an arc,
a terminal that falls silent during a job. Each handler looks at the job as it is now: events may
come late.
"""

from typing import Any

from sqlalchemy import select

from cloud.base.unit import Unit
from cloud.book import outbox
from cloud.book.outbox import Event, Handlers
from cloud.cases import alarms, where
from cloud.cases.alarms import Alarm
from cloud.link import terminals
from cloud.registry import machines
from cloud.work import job as jobs
from cloud.work.job import Job
from cloud.work.reported import ReportedJob

_AT_WORK = ("on", "paused")
# The end of the job ends them.
_WHILE_ON = ("LONG_ON", "LONG_IDLE", "REMOTE_START", "WATCH_AWAY")
# A line that broke, a restart, an upgrade: most are back within this time.
_COMES_BACK = frozenset({"will", "restart", "upgrade"})
_COMES_BACK_MS = 60_000


def handlers() -> Handlers:
    """What to do about events of work and link, for `outbox.deliver`."""
    return {
        "off-unconfirmed": [off_unconfirmed],
        "off-confirmed": [off_confirmed],
        "not-cleared": [not_cleared],
        "job-cleared": [cleared],
        "watch-away": [watch_away],
        "watch-back": [watch_back],
        "journal-off": [idled],
        "cylinder-refused": [cylinder_refused],
        "job-reported": [reported_job],
        "review-refused": [review_refused],
        "terminal-offline": [gone],
        "terminal-still-gone": [still_gone],
        "terminal-online": [heard],
        "terminal-login": [heard],
    }


def off_unconfirmed(unit: Unit, event: Event) -> None:
    """The terminal has not said that its relay is open."""
    job = jobs.by_id(unit, event.subject)
    if job is not None and job.off_confirmed_at is None:
        _raise(unit, "OFF_UNCONFIRMED", job.id, job)


def off_confirmed(unit: Unit, event: Event) -> None:
    """Now it has."""
    alarms.cleared(unit, "OFF_UNCONFIRMED", event.subject)


def not_cleared(unit: Unit, event: Event) -> None:
    """Nobody confirmed that power is cut and the site is safe."""
    job = jobs.by_id(unit, event.subject)
    counted = job is not None and not jobs.profile_of(job).controlled  # exempt: nothing to clear
    if job is not None and job.state == "ended" and not counted:
        _raise(unit, "NOT_CLEARED", job.id, job)


def review_refused(unit: Unit, event: Event) -> None:
    """The pictures of a key zone were refused twice: the fire station looks (WY)."""
    job = jobs.by_id(unit, event.subject)
    if job is not None:
        _raise(unit, "REVIEW_REFUSED", job.id, job)


def cylinder_refused(unit: Unit, event: Event) -> None:
    """A cylinder was scanned and judged non-compliant (CQ art. 45)."""
    place: dict[str, Any] = {"machine_id": event.subject, "district": event.details["district"]}
    alarms.raise_alarm(unit, "CYLINDER_SCAN", event.subject, **place)


def cleared(unit: Unit, event: Event) -> None:
    """Now somebody has."""
    alarms.cleared(unit, "NOT_CLEARED", event.subject)


def watch_away(unit: Unit, event: Event) -> None:
    """The fire watch missed two check-ins in a row."""
    job = jobs.by_id(unit, event.subject)
    if job is not None and job.state == "on" and job.missed >= jobs.MISSES:
        _raise(unit, "WATCH_AWAY", job.id, job)


def watch_back(unit: Unit, event: Event) -> None:
    """The fire watch is there again."""
    alarms.cleared(unit, "WATCH_AWAY", event.subject)


def idled(unit: Unit, event: Event) -> None:
    """The terminal opened its relay because nobody had welded for `idle_off_min`."""
    told = event.details
    job = jobs.by_id(unit, told["job"] or "") if told["said"].get("why") == "idle" else None
    if job is not None and job.device == told["device"] and job.state in jobs.OPEN:
        _raise(unit, "LONG_IDLE", job.id, job)


def reported_job(unit: Unit, event: Event) -> None:
    """Another platform reported a job that our rules would not have let pass."""
    job = unit.db.get(ReportedJob, event.subject)
    if job is not None and job.findings:
        place = {"machine_id": job.machine_id, "district": job.district}
        alarms.raise_alarm(unit, "REPORTED_JOB", job.id, **place)


def gone(unit: Unit, event: Event) -> None:
    """A terminal is off-line: an alarm only while a job runs on its machine.

    After a line that broke (the broker tells at once) or a restart most are back within seconds:
    a broker's restart must not raise thousands of alarms. One that was silent too long has had
    its time; without mains nothing runs.
    """
    device, reason = event.details["device"], event.details.get("reason")
    if reason in _COMES_BACK:
        told = {"device": device}
        outbox.tell(unit, "terminal-still-gone", device, told, after_ms=_COMES_BACK_MS)
    elif reason != "power":  # mains unplugged: an alarm only with an open lid
        still_gone(unit, event)


def still_gone(unit: Unit, event: Event) -> None:
    """It has not come back meanwhile."""
    device = event.details["device"]
    row, machine = terminals.get(unit, device), machines.by_device(unit, device)
    if row is None or row.online or machine is None:
        return
    job = jobs.open_on(unit, machine.id)
    if job is not None and job.state in _AT_WORK:
        _raise(unit, "OFFLINE_JOB", device, job)


def intake_behind(unit: Unit, broker: str, is_it: bool) -> None:
    """More comes from this broker's terminals than we can work off; `is_it` False: no longer."""
    if is_it:
        alarms.raise_alarm(unit, "INTAKE_BEHIND", broker, district="")
    else:
        alarms.cleared(unit, "INTAKE_BEHIND", broker)


def heard(unit: Unit, event: Event) -> None:
    """The terminal is there again."""
    alarms.cleared(unit, "OFFLINE_JOB", event.details["device"])


def sweep(unit: Unit) -> int:
    """Work that lasts too long, and such work that has ended; how many. Safe with many workers."""
    since = unit.now - unit.settings.long_on_s * 1000
    told = select(Alarm.subject).where(Alarm.kind == "LONG_ON", Alarm.subject == Job.id)
    long = select(Job).where(jobs.IS_OPEN, Job.on_at <= since, ~told.exists()).limit(100)
    running = list(unit.db.scalars(long))
    for job in running:
        _raise(unit, "LONG_ON", job.id, job)
    over = select(Alarm.kind, Alarm.subject).join(Job, Job.id == Alarm.subject)
    over = over.where(alarms.IS_OPEN, Alarm.kind.in_(_WHILE_ON), Job.state.in_(jobs.OVER))
    ended = unit.db.execute(over.limit(100)).all()
    for kind, subject in ended:
        alarms.cleared(unit, kind, subject)
    return len(running) + len(ended)


def _raise(unit: Unit, kind: str, subject: str, job: Job) -> None:
    alarms.raise_alarm(unit, kind, subject, **where.during(job))

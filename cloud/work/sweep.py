"""What happens to a job by itself when its time has come."""

from cloud.base.unit import Unit
from cloud.book import outbox
from cloud.work import checkins, closing
from cloud.work import job as table
from cloud.work.job import BEFORE, SYSTEM, Job, profile_of
from cloud.work.refusal import Refusals
from cloud.work.rules import refuse


def sweep(unit: Unit) -> int:
    """Look at every job that is due; how many. Call it every second or so, by one worker or many.

    Events: `off-unconfirmed`, `not-cleared`, `watch-away` (subject = job id).
    """
    jobs = table.overdue(unit)
    for job in jobs:
        _look(unit, job)
    return len(jobs)


def _look(unit: Unit, job: Job) -> None:
    """The first thing that is due; whatever else is due as well comes at the next look."""
    settings, now = unit.settings, unit.now
    if job.asked_on_at is not None:
        _forget_on(unit, job)
    elif job.state == "watched":
        closing.watch_over(unit, job)
    elif job.state in BEFORE:
        closing.end(unit, job, SYSTEM, "expired", unbegun="expired")
    elif job.state in ("on", "paused"):
        spent = now >= (job.lease_until or 0)
        if job.state == "on" and not spent:
            checkins.missed(unit, job)
            return
        closing.end(unit, job, SYSTEM, "lease" if spent else "not-resumed")
    elif table.off_due(settings, job, now):
        table.move(unit, job, "off-unconfirmed", off_alarm_at=now)
        outbox.tell(unit, "off-unconfirmed", job.id, _news(job))
    else:
        table.move(unit, job, "not-cleared", clear_alarm_at=now)
        outbox.tell(unit, "not-cleared", job.id, _news(job))


def _forget_on(unit: Unit, job: Job) -> None:
    """No word came about an ON, not even that it timed out: the welder may press again."""
    refusals = Refusals([refuse("terminal-timeout", profile_of(job))])
    table.move(unit, job, "on-lost", asked_on_at=None, **table.kept(refusals, job.welder_id))


def _news(job: Job) -> dict[str, object]:
    ids = {"machine": job.machine_id, "device": job.device, "district": job.district}
    return ids | {"ended_at": job.ended_at}

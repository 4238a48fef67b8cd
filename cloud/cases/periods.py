"""Work in a special period 特殊时段, whose dates the office sets, is told once for each job."""

from sqlalchemy import or_, select

from cloud.base import districts
from cloud.base.clock import china_day
from cloud.base.unit import Unit
from cloud.cases import alarms, where
from cloud.cases.alarms import Alarm
from cloud.registry import training
from cloud.work import job as jobs
from cloud.work.job import Job

KIND = "SPECIAL_PERIOD"


def sweep(unit: Unit) -> int:
    """Jobs that are on inside such a period; how many. Safe with many workers."""
    roots = [one.district for one in training.special_now(unit, china_day(unit.now))]
    if not roots:
        return 0
    told = select(Alarm.subject).where(Alarm.kind == KIND, Alarm.subject == Job.id)
    inside = or_(*(districts.below(root, Job.district) for root in roots))
    rows = select(Job).where(jobs.IS_OPEN, Job.state == "on", inside, ~told.exists())
    found = list(unit.db.scalars(rows.limit(100)))
    for job in found:
        alarms.raise_alarm(unit, KIND, job.id, **where.during(job))
    return len(found)

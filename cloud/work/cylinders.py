"""Work with gas cylinders (CQ art. 23, 45): the scan judges the job; there is nothing to switch.

A job has one cylinder or more: a welder with an open cylinder job who scans another one takes it
into the same job. The states are those of every job; ON and OFF move the job alone.
"""

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.unit import Unit
from cloud.book import audit, outbox
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.work import job as table
from cloud.work.job import Job
from cloud.work.refusal import Refusals

NON_COMPLIANT = "non-compliant"


class JobCylinder(Base):
    """One more cylinder of a job, besides the one with which it was opened."""

    __tablename__ = "job_cylinder"

    job_id: Mapped[str] = mapped_column(ForeignKey("job.id"), primary_key=True)
    machine_id: Mapped[str] = mapped_column(ForeignKey("machine.id"), primary_key=True, index=True)


def running_with(unit: Unit, machine: Machine) -> Job | None:
    """The open job on this machine, or the one into which this cylinder was taken."""
    return table.open_on(unit, machine.id) or job_with(unit, machine)


def job_with(unit: Unit, cylinder: Machine) -> Job | None:
    """The open job into which this cylinder was taken; None for what is no cylinder."""
    if cylinder.kind != "cylinder":
        return None
    rows = select(Job).join(JobCylinder, JobCylinder.job_id == Job.id)
    return unit.db.scalar(rows.where(JobCylinder.machine_id == cylinder.id, table.IS_OPEN))


def offered_with(unit: Unit, cylinder: Machine, since: int) -> Job | None:
    """The job with this cylinder that ended for another welder after `since`, the newest one."""
    if cylinder.kind != "cylinder":
        return None
    rows = select(Job).join(JobCylinder, JobCylinder.job_id == Job.id)
    here = (JobCylinder.machine_id == cylinder.id, table.IS_OFFERED, Job.offered_at > since)
    return unit.db.scalar(rows.where(*here).order_by(Job.offered_at.desc(), Job.id).limit(1))


def of_job(unit: Unit, job: Job) -> list[Machine]:
    """The further cylinders of a job."""
    rows = select(Machine).join(JobCylinder, JobCylinder.machine_id == Machine.id)
    return list(unit.db.scalars(rows.where(JobCylinder.job_id == job.id).order_by(Machine.code)))


def open_of(unit: Unit, welder: Person) -> Job | None:
    """The welder's own open job with cylinders."""
    rows = select(Job).join(Machine, Machine.id == Job.machine_id)
    mine = rows.where(Job.welder_id == welder.id, table.IS_OPEN, Machine.kind == "cylinder")
    return unit.db.scalar(mine)


def take(unit: Unit, job: Job, cylinder: Machine, welder: Person) -> Job:
    """Take one more cylinder into the job; it was judged."""
    job = table.locked(unit, job)
    unit.db.add(JobCylinder(job_id=job.id, machine_id=cylinder.id))
    told = {"cylinder": cylinder.id}
    return table.move(unit, job, "cylinder-taken", actor=welder.id, details=told)


def judged_bad(unit: Unit, cylinder: Machine, welder: Person, refusals: Refusals) -> None:
    """A scan that failed is written down as non-compliant, and somebody hears of it."""
    told = {"welder": welder.id, "refusals": refusals.codes}
    audit.write(unit, cylinder.district, welder.id, NON_COMPLIANT, cylinder.id, told)
    outbox.tell(unit, "cylinder-refused", cylinder.id, {"district": cylinder.district})

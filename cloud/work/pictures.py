"""Pictures of a job: the site, by the welder before the check; the joint photo 合影, by the fire
watch before the confirmation (CQ art. 23, 25). A picture has the rights of its job.

The bytes are in book/media.py; `picturing.py` takes one in.
"""

from sqlalchemy import ForeignKey, bindparam, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.rows import Rows
from cloud.base.unit import Unit
from cloud.book import audit
from cloud.book.media import Media
from cloud.registry import contracts, sight
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.work.job import Job, profile_of

SITE, JOINT = "site", "joint"


class JobPicture(Base):
    """One picture; `kind` = site or joint, `person_id` = who took it."""

    __tablename__ = "job_picture"

    id: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[int]


_OF_JOB = Rows(
    select(JobPicture)
    .where(JobPicture.job_id == bindparam("job"))
    .order_by(JobPicture.made_at, JobPicture.id)
)


def wanted(job: Job, person: Person) -> str:
    """Which kind of picture this person may bring now: site, joint, or empty."""
    profile = profile_of(job)
    if person.id == job.welder_id:
        before = job.state in ("applied", "permitted")
        return SITE if profile.site_pictures and before else ""
    watching = job.state == "checked" and "fire_watch" in person.roles
    return JOINT if profile.joint_photo and watching else ""


def by_digest(unit: Unit, digest: str) -> JobPicture | None:
    return unit.db.scalar(select(JobPicture).where(JobPicture.digest == digest))


def get(unit: Unit, id: str) -> JobPicture | None:
    return unit.db.get(JobPicture, id)


def of_job(unit: Unit, job_id: str) -> list[JobPicture]:
    """All pictures of a job, the oldest first."""
    return _OF_JOB.all(unit.db, job=job_id)


def showing(unit: Unit, person_id: str) -> list[Media]:
    """The pictures that a person took, or is on, that are still there."""
    worked = select(Job.id).where((Job.welder_id == person_id) | (Job.fire_watch_id == person_id))
    on_it = (JobPicture.kind == JOINT) & JobPicture.job_id.in_(worked)
    theirs = select(JobPicture.digest).where((JobPicture.person_id == person_id) | on_it)
    return list(unit.db.scalars(select(Media).where(Media.digest.in_(theirs))))


def count(taken: list[JobPicture], kind: str) -> int:
    return sum(one.kind == kind for one in taken)


def joint_by(taken: list[JobPicture], job: Job, person_id: str | None) -> bool:
    """Whether this fire watch took a joint photo for the confirmation, due or given."""
    since = (job.state_at if job.state == "checked" else job.checked_at) or 0
    joint = (one for one in taken if one.kind == JOINT and one.made_at >= since)
    return any(one.person_id == person_id for one in joint)


def seen_by(unit: Unit, job: Job, person: Person) -> bool:
    """Whether the pictures of this job are this person's to see."""
    if person.status != "active":
        return False
    if person.id in (job.welder_id, job.fire_watch_id):
        return True
    if person.enterprise_id in _firms(unit, job) and (
        "enterprise" in person.roles or wanted(job, person) == JOINT
    ):
        return True
    eyes = sight.of(unit, person)
    machine = unit.db.get_one(Machine, job.machine_id)
    return bool(eyes and eyes.covers(machine.industry, job.district, machine.district))


def _firms(unit: Unit, job: Job) -> set[str]:
    """The machine's enterprise, and the client of an outside welder."""
    contract = contracts.get(unit, job.contract_id) if job.contract_id else None
    return {job.enterprise_id, *([contract.client_id] if contract else [])}


def looked(unit: Unit, picture: JobPicture, person: Person) -> None:
    """Somebody who has no part in the job looked at a picture: it goes into the book."""
    job = unit.db.get_one(Job, picture.job_id)
    if person.id not in (job.welder_id, job.fire_watch_id):
        told = {"picture": picture.id}
        audit.write(unit, job.district, person.id, "picture-seen", job.id, told)

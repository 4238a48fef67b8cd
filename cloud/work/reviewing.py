"""In a key zone 重点区域 pictures are reviewed, then the venue's code opens the way on (WY).

An officer who sees the place, or the office, passes the pictures of a checked job or refuses them:
then the welder clears the site and takes new ones. The second refusal alarms the fire station.
After a pass the welder's page shows the venue code 场所码: one-time, of this job, good for ten
minutes; the venue's fire watch gives it in. A machine may judge pictures where one is at hand: it
would call `judge` as a person does.
"""

import hmac
import secrets

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.unit import Unit
from cloud.book import outbox
from cloud.registry import sight
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.work import job as table
from cloud.work import profiles
from cloud.work.facts import ReviewFacts
from cloud.work.job import IS_OPEN, Job, profile_of
from cloud.work.refusal import Refusals
from cloud.work.rules import refuse

CODE_S, TRIES, ALARM_AFTER = 600, 5, 2


class NotEntitled(Exception):
    """Only a regulator who sees the place of the job, and none who has a part in it."""


class Review(Base):
    """The review of one job's pictures. `passed_at` None = not passed (yet); `refused` = how
    often not; `code` is empty until it is shown; `scanned_by` = the fire watch who gave it in."""

    __tablename__ = "review"

    job_id: Mapped[str] = mapped_column(ForeignKey("job.id"), primary_key=True)
    refused: Mapped[int]
    words: Mapped[str]
    judged_by: Mapped[str]
    passed_at: Mapped[int | None]
    code: Mapped[str]
    code_until: Mapped[int | None]
    tries: Mapped[int]
    scanned_by: Mapped[str]


def six_digits() -> str:
    return f"{secrets.randbelow(1_000_000):06}"


def get(unit: Unit, job_id: str) -> Review | None:
    return unit.db.get(Review, job_id, populate_existing=True)


def facts_of(unit: Unit, job: Job) -> ReviewFacts | None:
    """The review as the rules see it; None where none is asked for."""
    if not profile_of(job).review:
        return None
    row = get(unit, job.id)
    return ReviewFacts(bool(row and row.passed_at), row.scanned_by if row else "")


def waiting(unit: Unit, person: Person, limit: int = 50) -> list[Job]:
    """The checked jobs whose pictures this regulator may judge now, the first comer first."""
    eyes = sight.of(unit, person)
    if eyes is None:
        return []
    reviewed = [name for name in profiles.every() if profiles.load(name).review]
    rows = select(Job).join(Machine, Machine.id == Job.machine_id)
    passed = select(Review.job_id).where(Review.job_id == Job.id, Review.passed_at.is_not(None))
    here = (IS_OPEN, Job.state == "checked", Job.profile.in_(reviewed), ~passed.exists())
    rows = rows.where(*here, eyes.places(Job.district, Machine.district))
    return list(unit.db.scalars(rows.where(eyes.own(Machine.industry)).limit(limit)))


def judge(unit: Unit, job: Job, person: Person, good: bool, words: str = "") -> Job | Refusals:
    """Pass the pictures of a checked job or refuse them; a second pass changes nothing."""
    job = table.locked(unit, job)
    machine, eyes = unit.db.get_one(Machine, job.machine_id), sight.of(unit, person)
    inside = eyes is not None and eyes.covers(machine.industry, job.district, machine.district)
    if not inside or person.status != "active" or person.id == job.welder_id:
        raise NotEntitled
    if job.state != "checked" or not profile_of(job).review:
        return Refusals([refuse("wrong-step", profile_of(job))])
    row = _row(unit, job)
    if row.passed_at is not None:
        return job
    row.judged_by, row.words = person.id, words
    if good:
        row.passed_at = unit.now
        return table.move(unit, job, "review-passed", actor=person.id, **table.NOTHING_REFUSED)
    row.refused += 1
    if row.refused >= ALARM_AFTER:
        outbox.tell(unit, "review-refused", job.id, {"times": row.refused})
    again = table.kept(Refusals([refuse("review", profile_of(job))]), job.welder_id)
    told = {"times": row.refused}
    # Back to the check: new pictures are taken there.
    return table.move(
        unit, job, "review-refused", actor=person.id, state="permitted", details=told, **again
    )


def show(unit: Unit, job: Job, welder: Person) -> Review | Refusals:
    """The welder lets the venue's code appear; a fresh one each time, the last one is void."""
    job = table.locked(unit, job)
    row = get(unit, job.id)
    if job.welder_id != welder.id or job.state != "checked" or row is None or not row.passed_at:
        return table.refused_for(unit, job, welder.id, "venue", "review")
    row.code, row.code_until, row.tries = six_digits(), unit.now + CODE_S * 1000, 0
    row.scanned_by = ""
    table.move(unit, job, "venue-code-shown", actor=welder.id)
    return row


def scan(unit: Unit, job: Job, fire_watch: Person, typed: str) -> Review | Refusals:
    """The fire watch gives in the code: good once, in its time, with a few tries."""
    job = table.locked(unit, job)
    row = get(unit, job.id)
    if job.state != "checked" or row is None or not row.code:
        return table.refused_for(unit, job, fire_watch.id, "venue", "venue-code")
    row.tries += 1
    late = (row.code_until or 0) <= unit.now or row.tries > TRIES
    if late or not hmac.compare_digest(row.code.encode(), typed.encode()):
        return table.refused_for(unit, job, fire_watch.id, "venue", "venue-code")
    row.code, row.code_until, row.scanned_by = "", None, fire_watch.id
    table.move(unit, job, "venue-code-given", actor=fire_watch.id, **table.NOTHING_REFUSED)
    return row


def _row(unit: Unit, job: Job) -> Review:
    row = get(unit, job.id)
    if row is None:
        blank = {"refused": 0, "words": "", "judged_by": "", "code": "", "tries": 0}
        row = Review(job_id=job.id, scanned_by="", **blank)
        unit.db.add(row)
        unit.db.flush()
    return row

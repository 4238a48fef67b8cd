"""Somebody's right to be forgotten (PIPL art. 47): the person goes, that the work was done stays.

The row is blanked, not deleted, so that jobs still name somebody, and nobody can say who it was:
every sealed or clear field, papers, trainings, keys to the account, reasons of looks, and the salt
without which the trail's commitments match nothing any more. Pictures go, but those that an alarm,
a case or an export holds.
"""

from dataclasses import dataclass

from sqlalchemy import func, or_, select

from cloud.base.unit import Unit
from cloud.book import audit, commitments, media
from cloud.cases import alarms, looks
from cloud.cases.near_end import KIND as NEAR_END
from cloud.cases.service import ServiceRecord
from cloud.registry import (
    accounts,
    certificates,
    factors,
    one_time,
    people,
    pins,
    superior_ids,
    training,
)
from cloud.registry.people import Person
from cloud.work import pictures
from cloud.work.job import IS_OPEN, Job

_DAY_MS = 86_400_000
_SUPERVISES = frozenset({"officer", "office", "platform"})


@dataclass(frozen=True)
class NotNow:
    """Why not: `job` = one is open (its id), `kept` = the record of work is demanded until a time
    (epoch ms), `supervises` = the account decides over others, `erased` = it is done."""

    reason: str
    job: str = ""
    until: int = 0


@dataclass(frozen=True)
class Erased:
    """How much went, and how many pictures stay because something holds them."""

    certificates: int
    trainings: int
    pictures: int
    pictures_held: int
    looks: int


def hindrance(unit: Unit, person: Person) -> NotNow | None:
    """What stands against it now, if anything does."""
    if people.is_erased(person):
        return NotNow("erased")
    if person.roles & _SUPERVISES:
        return NotNow("supervises")
    theirs = or_(
        Job.welder_id == person.id,
        Job.fire_watch_id == person.id,
        Job.named_watch_id == person.id,
    )
    job = unit.db.scalar(select(Job.id).where(theirs, IS_OPEN).limit(1))
    if job is not None:
        return NotNow("job", job=job)
    worked = unit.db.scalar(select(func.max(Job.state_at)).where(theirs)) or 0
    theirs = ServiceRecord.technician_id == person.id
    fitted = select(func.max(ServiceRecord.made_at)).where(theirs)
    last = max(worked, unit.db.scalar(fitted) or 0)
    until = last + unit.settings.keep_people_d * _DAY_MS
    return NotNow("kept", until=until) if last and unit.now < until else None


def erase(unit: Unit, person: Person, by: str) -> Erased | NotNow:
    """Forget this person, by whoever it is (an id, or `system`); all of it or nothing."""
    against = hindrance(unit, person)
    if against:
        return against
    papers = certificates.forget(unit, person.id)
    for id in papers:
        alarms.cleared(unit, NEAR_END, id)
    shown = pictures.showing(unit, person.id)
    held = [row for row in shown if media.held(unit, row.digest)]
    for row in shown:
        if row not in held:
            media.erase(unit, row)
    done = Erased(
        certificates=len(papers),
        trainings=training.forget(unit, person.id),
        pictures=len(shown) - len(held),
        pictures_held=len(held),
        looks=looks.forget(unit, person.id),
    )
    factors.end(unit, person)
    accounts.forget(unit, person.id)
    pins.forget(unit, person.id)
    one_time.forget(unit, person.id)
    superior_ids.forget(unit, person.id)
    commitments.forget(unit, person.id)
    people.blank(unit, person)
    audit.write(unit, person.district, by, "person-erased", person.id, {})
    return done

"""A look at what is sealed is an act of its own: who, at whose field, why, stands in the trail.

The reason is free text and may tell of the person, so it lies beside the trail: there is only its
commitment, and the text goes with the person.
"""

from sqlalchemy import ForeignKey, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.unit import Unit
from cloud.book import audit, commitments
from cloud.book.audit import AuditRow
from cloud.registry import people
from cloud.registry.people import Person

FIELDS = ("identity", "phone")
_PURPOSE = "look.why"


class LookReason(Base):
    """Why somebody looked; `id` = the look's row in the trail, `person_id` = at whose field."""

    __tablename__ = "look_reason"

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    why_sealed: Mapped[str]


class NotEntitled(Exception):
    """Only an active account of the office opens a sealed field."""


def field(unit: Unit, person: Person, which: str, by: Person, why: str) -> str:
    """A sealed field of a person in clear, one of FIELDS; the look is recorded with its reason."""
    if by.status != "active" or "office" not in by.roles:
        raise NotEntitled
    opened = people.identity(unit, person) if which == "identity" else people.phone(unit, person)
    told = {"field": which} | commitments.commit(unit, person.id, {"reason": why})
    row = audit.write(unit, person.district, by.id, "looked", person.id, told)
    sealed = unit.keys.seal(why.encode(), _PURPOSE)
    unit.db.add(LookReason(id=row.id, person_id=person.id, why_sealed=sealed))
    unit.db.flush()
    return opened


def at(unit: Unit, person_id: str) -> list[dict[str, str | int]]:
    """Every look at this person's fields, the first one first: at, by, field, why. Of looks of
    before reasons were kept apart, `why` stands in the trail."""
    told_why = select(LookReason).where(LookReason.person_id == person_id)
    reasons = {row.id: row.why_sealed for row in unit.db.scalars(told_why)}
    looked = (AuditRow.subject == person_id, AuditRow.what == "looked")
    told = []
    for row in unit.db.scalars(
        select(AuditRow).where(*looked).order_by(AuditRow.at, AuditRow.seq)
    ):
        sealed = reasons.get(row.id)
        why = unit.keys.open(sealed, _PURPOSE).decode() if sealed else row.details.get("why", "")
        told.append({"at": row.at, "by": row.actor, "field": row.details["field"], "why": why})
    return told


def forget(unit: Unit, person_id: str) -> int:
    """Erase the reasons of looks at this person; how many."""
    gone = delete(LookReason).where(LookReason.person_id == person_id)
    return len(unit.db.scalars(gone.returning(LookReason.id)).all())

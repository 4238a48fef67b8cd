"""How a superior platform names our people: asked once by identity number, then remembered."""

from sqlalchemy import ForeignKey, delete
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.unit import Unit


class SuperiorId(Base):
    """The superior's id of one of our people in one role."""

    __tablename__ = "superior_id"

    person_id: Mapped[str] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), primary_key=True
    )
    role: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str]


def get(unit: Unit, person_id: str, role: str) -> str | None:
    row = unit.db.get(SuperiorId, (person_id, role))
    return row.id if row else None


def put(unit: Unit, person_id: str, role: str, id: str) -> None:
    unit.db.merge(SuperiorId(person_id=person_id, role=role, id=id))
    unit.db.flush()


def forget(unit: Unit, person_id: str) -> None:
    """Ask again: the superior does not know that id any more."""
    unit.db.execute(delete(SuperiorId).where(SuperiorId.person_id == person_id))

"""Trainings and exams (CQ art. 15, DL 三), and the dates that the office sets."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import ForeignKey, Index, delete, func, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base import districts
from cloud.base.database import Base, Change, amend
from cloud.base.ids import new_id
from cloud.base.unit import Unit

KINDS = ("education", "drill", "exam")
GOOD_DAYS = 183  # once in each half-year
# Special periods 特殊时段 in which work is watched closely; from when training is asked for.
DATE_KINDS = ("special-period", "training-deadline")


class BadTraining(ValueError):
    """A field does not hold: kind, day, or district."""


class Training(Base):
    """One person's part in one training; `held_on` is an ISO date."""

    __tablename__ = "training"

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str]
    held_on: Mapped[str]
    passed: Mapped[bool]
    organiser: Mapped[str]


Index("ix_training_person", Training.person_id, Training.held_on)


class OfficeDate(Base):
    """Days set by the office for a district and all below it; ISO dates, both ends good."""

    __tablename__ = "office_date"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    district: Mapped[str]
    starts_on: Mapped[str]
    ends_on: Mapped[str]


def training_row(
    person_id: str, *, kind: str, held_on: str, passed: bool, organiser: str = ""
) -> dict[str, Any]:
    """The columns of one training; BadTraining."""
    if kind not in KINDS:
        raise BadTraining(f"kind {kind!r}")
    _day(held_on)
    told = {"kind": kind, "held_on": held_on, "passed": passed, "organiser": organiser}
    return {"id": new_id(), "person_id": person_id} | told


def date_row(
    *, kind: str, name: str, district: str, starts_on: str, ends_on: str = ""
) -> dict[str, Any]:
    """The columns of one date; a deadline has one day. BadTraining."""
    ends_on = ends_on or starts_on
    if kind not in DATE_KINDS or not districts.valid(district):
        raise BadTraining(f"kind {kind!r}, district {district!r}")
    if _day(ends_on) < _day(starts_on):
        raise BadTraining(f"from {starts_on} to {ends_on}")
    told = {"kind": kind, "name": name, "district": district}
    return {"id": new_id(), "starts_on": starts_on, "ends_on": ends_on} | told


def add_trainings(unit: Unit, rows: Iterable[dict[str, Any]]) -> None:
    unit.db.execute(insert(Training), list(rows))


def add_dates(unit: Unit, rows: Iterable[dict[str, Any]]) -> None:
    unit.db.execute(insert(OfficeDate), list(rows))


def change_trainings(unit: Unit, changes: Iterable[Change]) -> None:
    """Change many at once; ChangedMeanwhile."""
    amend(unit.db, Training, changes)


def change_dates(unit: Unit, changes: Iterable[Change]) -> None:
    """Change many at once; ChangedMeanwhile."""
    amend(unit.db, OfficeDate, changes)


def forget(unit: Unit, person_id: str) -> int:
    """Erase a person's trainings; how many."""
    gone = delete(Training).where(Training.person_id == person_id)
    return len(unit.db.scalars(gone.returning(Training.id)).all())


def last_pass(unit: Unit, person_id: str) -> Training | None:
    """The last exam or training that this person passed."""
    rows = select(Training).where(Training.person_id == person_id, Training.passed.is_(True))
    return unit.db.scalar(rows.order_by(Training.held_on.desc(), Training.id).limit(1))


def last_passed(unit: Unit, person_id: str) -> date | None:
    """The day of it."""
    last = last_pass(unit, person_id)
    return date.fromisoformat(last.held_on) if last else None


def deadline(unit: Unit, district: str) -> date | None:
    """From the day after this one training is asked for in this district; None = not set."""
    rows = select(func.min(OfficeDate.ends_on)).where(
        OfficeDate.kind == "training-deadline", OfficeDate.district.in_(districts.path(district))
    )
    day = unit.db.scalar(rows)
    return date.fromisoformat(day) if day else None


def special_now(unit: Unit, today: date) -> list[OfficeDate]:
    """The special periods of today."""
    day = today.isoformat()
    rows = select(OfficeDate).where(
        OfficeDate.kind == "special-period", OfficeDate.starts_on <= day, OfficeDate.ends_on >= day
    )
    return list(unit.db.scalars(rows))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadTraining(f"not an ISO date: {error}") from error

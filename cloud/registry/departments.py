"""Departments of the supervision, their trades, the officers posted to them (CQ art. 36–41).

An officer who is posted nowhere sees every trade: the township's own, or the lead department.
"""

from sqlalchemy import ForeignKey, bindparam, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.unit import Unit
from cloud.registry.machines import INDUSTRIES
from cloud.registry.people import Person


class BadDepartment(ValueError):
    """Code or name is empty, there is no trade or an unknown one, or no such department."""


class Department(Base):
    """One department; `trades` = which of `machines.INDUSTRIES` are its own."""

    __tablename__ = "department"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    trades: Mapped[list[str]]


class Posting(Base):
    """Where one officer belongs."""

    __tablename__ = "posting"

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    department: Mapped[str] = mapped_column(ForeignKey("department.code"), index=True)


def put(unit: Unit, code: str, name: str, trades: set[str]) -> Department:
    """Make a department, or change its name and trades; BadDepartment."""
    if not code or not name or not trades or not trades <= set(INDUSTRIES):
        raise BadDepartment(f"{code!r}, {name!r}, {sorted(trades)}")
    row = unit.db.get(Department, code) or Department(code=code)
    row.name, row.trades = name, sorted(trades)
    unit.db.add(row)
    unit.db.flush()
    return row


def get(unit: Unit, code: str) -> Department | None:
    return unit.db.get(Department, code)


def every(unit: Unit) -> list[Department]:
    """All of them, by code."""
    return list(unit.db.scalars(select(Department).order_by(Department.code)))


def post(unit: Unit, person: Person, code: str) -> None:
    """Post an officer to a department, empty = to none; BadDepartment if there is no such one."""
    row = unit.db.get(Posting, person.id)
    if code and get(unit, code) is None:
        raise BadDepartment(f"no such department: {code!r}")
    if not code:
        if row is not None:
            unit.db.delete(row)
    elif row is None:
        unit.db.add(Posting(person_id=person.id, department=code))
    else:
        row.department = code
    unit.db.flush()


def of(unit: Unit, person_id: str) -> Department | None:
    """The department to which a person is posted."""
    return unit.db.scalar(_OF, {"person": person_id})


_OF = (  # asked at every look of an officer, so put together once
    select(Department)
    .join(Posting, Posting.department == Department.code)
    .where(Posting.person_id == bindparam("person"))
)

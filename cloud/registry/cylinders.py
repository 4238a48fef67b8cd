"""Gas cylinders 工业气瓶 (CQ art. 3, 4, 10, 11): a code of their own, a number in 特种设备在线.

A cylinder is a row of the machines' table (kind `cylinder`, never a terminal), so that one code
names one thing; what only cylinders have is here.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import ForeignKey, insert
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base, Change, amend
from cloud.base.ids import Chooser
from cloud.base.unit import Unit
from cloud.registry import machines
from cloud.registry.machines import Machine

# 氧气、乙炔、丙烷、液化石油气、氩气、二氧化碳、混合气、其他.
GASES = ("oxygen", "acetylene", "propane", "lpg", "argon", "carbon-dioxide", "mixed", "other")


class BadCylinder(ValueError):
    """A field does not hold: number, gas or day of the test."""


class Cylinder(Base):
    """What a cylinder has besides. `number` in 特种设备在线; `test_by` = last day before the next
    periodic test, an ISO date."""

    __tablename__ = "cylinder"

    machine_id: Mapped[str] = mapped_column(ForeignKey("machine.id"), primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    gas: Mapped[str]
    test_by: Mapped[str]


def add(unit: Unit, *, rng: Chooser, number: str, gas: str, test_by: str, **given: Any) -> Machine:
    """Register a cylinder; other fields as `machines.row`. BadCylinder, BadMachine."""
    code = machines.free_code(unit, given["district"][:6], rng)
    pair = row(unit, number=number, gas=gas, test_by=test_by, code=code, **given)
    add_many(unit, [pair])
    return unit.db.get_one(Machine, pair[0]["id"])


def add_many(unit: Unit, rows: Iterable[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    """Register many at once, each made by `row`."""
    pairs = list(rows)
    machines.add_many(unit, [one for one, _ in pairs])
    unit.db.execute(insert(Cylinder), [two for _, two in pairs])


def change_many(unit: Unit, changes: Iterable[Change]) -> None:
    """Change many at once, the columns of both tables in one; ChangedMeanwhile."""
    every = list(changes)
    machines.change_many(unit, (part for one in every if (part := _part(one, own=False))))
    amend(unit.db, Cylinder, (part for one in every if (part := _part(one, own=True))))


def _part(change: Change, own: bool) -> Change | None:
    names = [name for name in change.columns if hasattr(Cylinder, name) is own]
    columns, was = ({n: told[n] for n in names} for told in (change.columns, change.was))
    return Change(change.id, columns, was) if names else None


def row(
    unit: Unit, *, number: str, gas: str, test_by: str, **given: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The columns of both tables, judged; BadCylinder, BadMachine."""
    if not number.strip() or not number.isprintable() or len(number) > 40 or gas not in GASES:
        raise BadCylinder(f"number {number!r}, gas {gas!r}")
    try:
        date.fromisoformat(test_by)
    except ValueError as error:
        raise BadCylinder(f"not an ISO date: {error}") from error
    made = machines.row(unit, **given) | {"kind": "cylinder"}
    return made, {"machine_id": made["id"], "number": number, "gas": gas, "test_by": test_by}


def get(unit: Unit, machine_id: str) -> Cylinder | None:
    """What only a cylinder has; None for a machine."""
    return unit.db.get(Cylinder, machine_id)

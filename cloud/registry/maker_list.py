"""Machines coded by their maker 出厂赋码 (CQ art. 7): known by list, nobody's until activated."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base, Change, amend
from cloud.base.ids import BadCode, read_code
from cloud.base.unit import Unit
from cloud.registry import machines
from cloud.registry.machines import Machine


class MadeMachine(Base):
    """One line of a maker's list. `device` = the terminal built in; `machine_id` None = nobody
    has activated it yet."""

    __tablename__ = "made_machine"

    code: Mapped[str] = mapped_column(primary_key=True)
    device: Mapped[str] = mapped_column(unique=True)
    maker: Mapped[str]
    model: Mapped[str]
    serial: Mapped[str]
    category: Mapped[str]
    listed_at: Mapped[int]
    machine_id: Mapped[str | None]
    activated_at: Mapped[int | None]


def add_many(unit: Unit, rows: Iterable[dict[str, str]]) -> None:
    """Keep the lines of a list: code, device, maker, model, serial, category."""
    blank = {"listed_at": unit.now, "machine_id": None, "activated_at": None}
    unit.db.execute(insert(MadeMachine), [row | blank for row in rows])


def change_many(unit: Unit, changes: Iterable[Change]) -> None:
    """Change lines that nobody has activated; ChangedMeanwhile."""
    amend(unit.db, MadeMachine, changes)


def waiting(unit: Unit, typed: str, *, held: bool = False) -> MadeMachine | None:
    """The line of this code, as scanned or typed, that nobody has activated yet; `held` against
    other workers until the end of the unit."""
    code = read_code(typed)
    if isinstance(code, BadCode):
        return None
    rows = select(MadeMachine).where(MadeMachine.code == code, MadeMachine.machine_id.is_(None))
    return unit.db.scalar(rows.with_for_update() if held else rows)


def activate(unit: Unit, line: MadeMachine, **given: Any) -> Machine:
    """It becomes a machine with its own terminal; `given` as in `machines.row`. BadMachine.

    IntegrityError if code or terminal sit on another machine by now.
    """
    told = {name: getattr(line, name) for name in ("maker", "model", "serial", "category")}
    fitted = {"device": line.device, "fitted_at": unit.now}
    machine = Machine(**machines.row(unit, code=line.code, **told, **fitted, **given))
    unit.db.add(machine)
    unit.db.flush()
    line.machine_id, line.activated_at = machine.id, unit.now
    return machine

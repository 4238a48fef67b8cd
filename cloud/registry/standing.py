"""How a machine stands 设备状态, and how it came to it: each change with who and why.

The reasons stay here and not in the audit trail, since they may name somebody.
"""

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.unit import Unit
from cloud.registry import machines
from cloud.registry.machines import Machine


class StandingChange(Base):
    """One change. `act` = lock, unlock, unsafe, sound or scrapped; `was` = the status before.
    `at` = epoch ms, `who` = a person's id."""

    __tablename__ = "standing_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[str] = mapped_column(ForeignKey("machine.id"), index=True)
    at: Mapped[int]
    act: Mapped[str]
    was: Mapped[str]
    who: Mapped[str]
    why: Mapped[str]


def held(unit: Unit, machine_id: str, *, fitting: bool = False) -> Machine:
    """The machine as it is now, held against other workers; others may still refer to it.

    fitting: its terminal is to be another one. That is a unique column: PostgreSQL would ask for
    the stronger lock when it is written, while somebody who refers to the machine waits for us.
    """
    lock = {"key_share": not fitting}
    return unit.db.get_one(Machine, machine_id, populate_existing=True, with_for_update=lock)


def change(unit: Unit, machine: Machine, act: str, status: str, who: str, why: str) -> None:
    """Put a machine (held) into a status and keep who did so and why. BadMachine."""
    told = StandingChange(machine_id=machine.id, at=unit.now, act=act, was=machine.status)
    told.who, told.why = who, why
    machines.set_status(unit, machine, status)
    unit.db.add(told)
    unit.db.flush()


def lock_stands(unit: Unit, machine: Machine) -> bool:
    """Whether a lock was given, before it was found unsafe or since, that nobody took back."""
    told = (StandingChange.act != "unsafe") | (StandingChange.was == "locked")
    rows = select(StandingChange.act).where(StandingChange.machine_id == machine.id, told)
    last = unit.db.scalar(rows.order_by(StandingChange.id.desc()).limit(1))
    return last in ("lock", "unsafe")


def history(unit: Unit, machine_id: str, limit: int) -> list[StandingChange]:
    """The last changes, the latest first."""
    rows = select(StandingChange).where(StandingChange.machine_id == machine_id)
    return list(unit.db.scalars(rows.order_by(StandingChange.id.desc()).limit(limit)))

"""The codes that a machine wore before: a label is replaced, its history stays (CQ art. 11)."""

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.ids import Chooser, new_id
from cloud.base.unit import Unit
from cloud.registry import machines
from cloud.registry.machines import Machine

_WHY_MAX = 200


class BadLabel(ValueError):
    """A replacement without a reason, or with too long a one."""


class OldLabel(Base):
    """A code that no longer opens its machine. `replaced_by` = a person's id or "office"."""

    __tablename__ = "old_label"

    id: Mapped[str] = mapped_column(primary_key=True)
    machine_id: Mapped[str] = mapped_column(ForeignKey("machine.id"), index=True)
    code: Mapped[str] = mapped_column(unique=True)
    until: Mapped[int]
    why: Mapped[str]
    replaced_by: Mapped[str]


def replace(unit: Unit, machine: Machine, *, why: str, by: str, rng: Chooser) -> str:
    """Gives the machine a fresh code and keeps the old one with its reason; the fresh code.

    For a label that was copied, lost or swapped; one that is only worn is printed again.
    """
    why = why.strip()
    if not 0 < len(why) <= _WHY_MAX:
        raise BadLabel("a reason of 1 to 200 signs is wanted")
    old = machine.code
    machine.code = machines.free_code(unit, old[:6], rng)
    unit.db.add(
        OldLabel(
            id=new_id(), machine_id=machine.id, code=old, until=unit.now, why=why, replaced_by=by
        )
    )
    unit.db.flush()
    return machine.code


def history(unit: Unit, machine_id: str) -> list[OldLabel]:
    """The codes it wore before, the newest first."""
    rows = select(OldLabel).where(OldLabel.machine_id == machine_id)
    return list(unit.db.scalars(rows.order_by(OldLabel.until.desc(), OldLabel.id)))


def replaced_by(unit: Unit, who: str, limit: int) -> list[OldLabel]:
    """The codes that somebody took out of use, the latest first."""
    rows = select(OldLabel).where(OldLabel.replaced_by == who)
    return list(unit.db.scalars(rows.order_by(OldLabel.until.desc(), OldLabel.id).limit(limit)))


def was_replaced(unit: Unit, code: str) -> bool:
    """Whether this is the code of a label that no longer counts."""
    return unit.db.scalar(select(OldLabel.id).where(OldLabel.code == code)) is not None

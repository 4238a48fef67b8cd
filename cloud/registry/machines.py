"""Welding machines 电焊机 and the terminal fitted to each (CQ annex 2.2(2))."""

from sqlalchemy import ForeignKey, false, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base import districts
from cloud.base.database import Base
from cloud.base.ids import BadCode, Chooser, make_code, new_id, read_code
from cloud.base.unit import Unit

INDUSTRIES = ("industry", "construction", "special")
STATUSES = ("usable", "unsafe", "locked", "scrapped")


class BadMachine(ValueError):
    """A field does not hold: code, district, industry or status."""


class Machine(Base):
    """One machine. `device` = id of the fitted terminal, None while there is none.

    `key_zone` = it stands in a key zone 重点区域, where there is no emergency release.
    """

    __tablename__ = "machine"

    id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    enterprise_id: Mapped[str] = mapped_column(ForeignKey("enterprise.id"), index=True)
    district: Mapped[str] = mapped_column(index=True)
    industry: Mapped[str]
    device: Mapped[str | None] = mapped_column(unique=True)
    status: Mapped[str]
    made_at: Mapped[int]
    fitted_at: Mapped[int | None]
    key_zone: Mapped[bool] = mapped_column(default=False, server_default=false())


def add(
    unit: Unit,
    *,
    name: str,
    enterprise_id: str,
    district: str,
    industry: str,
    rng: Chooser,
) -> Machine:
    """Register a machine under a fresh code of its county; BadMachine if a field is wrong."""
    if industry not in INDUSTRIES or not districts.valid(district) or len(district) < 6:
        raise BadMachine(f"industry {industry!r}, district {district!r}")
    machine = Machine(
        id=new_id(),
        code=_free_code(unit, district[:6], rng),
        name=name,
        enterprise_id=enterprise_id,
        district=district,
        industry=industry,
        device=None,
        status="usable",
        made_at=unit.now,
        fitted_at=None,
    )
    unit.db.add(machine)
    unit.db.flush()
    return machine


def get(unit: Unit, machine_id: str) -> Machine | None:
    return unit.db.get(Machine, machine_id)


def by_code(unit: Unit, code: str) -> Machine | None:
    """The machine with this code, as scanned or typed; None if unknown or no code at all."""
    read = read_code(code)
    if isinstance(read, BadCode):
        return None
    return unit.db.scalar(select(Machine).where(Machine.code == read))


def by_device(unit: Unit, device: str) -> Machine | None:
    """The machine to which this terminal is fitted."""
    return unit.db.scalar(select(Machine).where(Machine.device == device))


def of_enterprise(unit: Unit, enterprise_id: str) -> list[Machine]:
    """The machines of an enterprise, in the order of their names."""
    rows = select(Machine).where(Machine.enterprise_id == enterprise_id)
    return list(unit.db.scalars(rows.order_by(Machine.name, Machine.code)))


def fit(unit: Unit, machine: Machine, device: str | None) -> None:
    """Fit a terminal (None = take it off); IntegrityError if it sits on another machine."""
    machine.device = device
    machine.fitted_at = unit.now if device else None
    unit.db.flush()


def set_status(unit: Unit, machine: Machine, status: str) -> None:
    """Usable, unsafe, locked or scrapped."""
    if status not in STATUSES:
        raise BadMachine(f"status {status!r}")
    machine.status = status


def set_key_zone(unit: Unit, machine: Machine, key_zone: bool) -> None:
    """Whether it stands in a key zone; its terminal hears of it at the next log-in."""
    machine.key_zone = key_zone


def _free_code(unit: Unit, district6: str, rng: Chooser) -> str:
    while True:
        code = make_code(district6, rng)
        if by_code(unit, code) is None:
            return code

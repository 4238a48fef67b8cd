"""Enterprises 作业单位: who owns machines and employs welders (CQ annex 2.2(1))."""

from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base import districts
from cloud.base.database import Base
from cloud.base.formats import read_uscc
from cloud.base.ids import new_id
from cloud.base.unit import Unit

_PURPOSE = "enterprise.contact"


class BadEnterprise(ValueError):
    """A field does not hold: the credit code or the district."""


class Enterprise(Base):
    """One enterprise. `exempt` is the office's reason (CQ art. 2), empty = the rules hold."""

    __tablename__ = "enterprise"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    uscc: Mapped[str] = mapped_column(unique=True)
    district: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    contact_sealed: Mapped[str]
    exempt: Mapped[str]
    made_at: Mapped[int]


def add(
    unit: Unit, *, name: str, uscc: str, district: str, kind: str = "factory", contact: str = ""
) -> Enterprise:
    """Register an enterprise; BadEnterprise if the credit code or the district is wrong."""
    code = read_uscc(uscc)
    if code is None:
        raise BadEnterprise(f"no unified social credit code: {uscc!r}")
    if not districts.valid(district):
        raise BadEnterprise(f"no district code: {district!r}")
    enterprise = Enterprise(
        id=new_id(),
        name=name,
        uscc=code,
        district=district,
        kind=kind,
        contact_sealed=unit.keys.seal(contact.encode(), _PURPOSE) if contact else "",
        exempt="",
        made_at=unit.now,
    )
    unit.db.add(enterprise)
    unit.db.flush()
    return enterprise


def get(unit: Unit, enterprise_id: str) -> Enterprise | None:
    return unit.db.get(Enterprise, enterprise_id)


def by_uscc(unit: Unit, uscc: str) -> Enterprise | None:
    return unit.db.scalar(select(Enterprise).where(Enterprise.uscc == read_uscc(uscc)))


def contact(unit: Unit, enterprise: Enterprise) -> str:
    """The contact in clear; every look at it is for the caller to record."""
    sealed = enterprise.contact_sealed
    return unit.keys.open(sealed, _PURPOSE).decode() if sealed else ""


def set_exempt(unit: Unit, enterprise: Enterprise, reason: str) -> None:
    """Mark an explosive or secret site as outside the rules (CQ art. 2); empty = inside again."""
    enterprise.exempt = reason

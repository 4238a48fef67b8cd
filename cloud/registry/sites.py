"""Construction sites 建设工地 of an enterprise (CQ annex 2.1)."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base import districts
from cloud.base.database import Base, Change, amend
from cloud.base.ids import new_id
from cloud.base.unit import Unit


class BadSite(ValueError):
    """A field does not hold: name, district, or days in the wrong order or form."""


class Site(Base):
    """One site; days are ISO texts, both ends good, empty = open.

    `exempt` as with enterprises: the office's reason (CQ art. 2).
    """

    __tablename__ = "site"
    __table_args__ = (UniqueConstraint("enterprise_id", "name"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    enterprise_id: Mapped[str] = mapped_column(ForeignKey("enterprise.id"))
    name: Mapped[str]
    district: Mapped[str] = mapped_column(index=True)
    address: Mapped[str]
    licence: Mapped[str]  # 施工许可证号
    opens_on: Mapped[str]
    closes_on: Mapped[str]
    exempt: Mapped[str]
    made_at: Mapped[int]


def add(unit: Unit, **given: Any) -> Site:
    """Register a site (fields as in `row`); BadSite, IntegrityError if the name is taken."""
    site = Site(**row(unit, **given))
    unit.db.add(site)
    unit.db.flush()
    return site


def add_many(unit: Unit, rows: Iterable[dict[str, Any]]) -> None:
    """Register many at once, each made by `row`."""
    unit.db.execute(insert(Site), list(rows))


def change_many(unit: Unit, changes: Iterable[Change]) -> None:
    """Change many at once, judged as `row` judges; ChangedMeanwhile."""
    amend(unit.db, Site, changes)


def row(
    unit: Unit,
    *,
    enterprise_id: str,
    name: str,
    district: str,
    address: str = "",
    licence: str = "",
    opens_on: str = "",
    closes_on: str = "",
) -> dict[str, Any]:
    """The columns of a new site; BadSite if a field is wrong."""
    if not name or not districts.valid(district):
        raise BadSite(f"name {name!r}, district {district!r}")
    try:
        days = [date.fromisoformat(day) for day in (opens_on, closes_on) if day]
    except ValueError as error:
        raise BadSite(f"not an ISO date: {error}") from error
    if days != sorted(days):
        raise BadSite(f"opens on {opens_on}, closes on {closes_on}")
    return {
        "id": new_id(),
        "enterprise_id": enterprise_id,
        "name": name,
        "district": district,
        "address": address,
        "licence": licence,
        "opens_on": opens_on,
        "closes_on": closes_on,
        "exempt": "",
        "made_at": unit.now,
    }


def get(unit: Unit, site_id: str) -> Site | None:
    return unit.db.get(Site, site_id)


def of_enterprise(unit: Unit, enterprise_id: str) -> list[Site]:
    """The sites of an enterprise, in the order of their names."""
    rows = select(Site).where(Site.enterprise_id == enterprise_id)
    return list(unit.db.scalars(rows.order_by(Site.name)))


def named(unit: Unit, enterprise_id: str, name: str) -> Site | None:
    """The site of this enterprise that has this very name."""
    return unit.db.scalar(
        select(Site).where(Site.enterprise_id == enterprise_id, Site.name == name)
    )


def set_exempt(unit: Unit, site: Site, reason: str) -> None:
    """Mark as outside the rules (CQ art. 2); empty = inside again."""
    site.exempt = reason

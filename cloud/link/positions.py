"""Where terminals said they were (annex object EF): the latest ones are kept.

Degrees are kept as millionths, in the datum in which they were told: WGS84, or GCJ02 as maps in
China use it. Nothing is converted here.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Index, delete, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.unit import Unit
from cloud.link.strangers import text, whole

DATUMS = ("WGS84", "GCJ02")
SOURCES = ("lbs", "gnss")
KEPT = 50  # per terminal


class Position(Base):
    """One position. `accuracy_m` None = not told, `at` = when it was found, epoch ms."""

    __tablename__ = "position"

    id: Mapped[int] = mapped_column(primary_key=True)
    device: Mapped[str]
    lat_e6: Mapped[int]
    lng_e6: Mapped[int]
    datum: Mapped[str]
    source: Mapped[str]
    accuracy_m: Mapped[int | None]
    at: Mapped[int]
    arrived_at: Mapped[int]


Index("ix_position_device", Position.device, Position.id)


def keep(unit: Unit, device: str, told: dict[str, Any]) -> Position | None:
    """Keep what an EF tells; None if it names no place on earth. The same one twice is one."""
    lat, lng = _degrees(told.get("lat"), 90), _degrees(told.get("lng"), 180)
    if lat is None or lng is None:
        return None
    datum, source = text(told, "datum", 8), text(told, "source", 8)
    position = Position(
        device=device,
        lat_e6=lat,
        lng_e6=lng,
        datum=datum if datum in DATUMS else DATUMS[0],
        source=source if source in SOURCES else "",
        accuracy_m=whole(told, "accuracy"),
        at=whole(told, "at", 1) or unit.now,
        arrived_at=unit.now,
    )
    last = latest(unit, device)
    if last is not None and _same(last, position):
        return last
    unit.db.add(position)
    unit.db.flush()
    _prune(unit, device)
    return position


def row(unit: Unit, device: str, lat: float, lng: float) -> dict[str, Any]:
    """The columns of a place told by satellite, degrees of WGS84, for `add_many`."""
    place = {"lat_e6": round(lat * 1_000_000), "lng_e6": round(lng * 1_000_000)}
    told = {"datum": DATUMS[0], "source": "gnss", "at": unit.now, "arrived_at": unit.now}
    return {"device": device, **place, **told}


def add_many(unit: Unit, rows: Iterable[dict[str, Any]]) -> None:
    """Keep the first places of many terminals at once, each made by `row`."""
    unit.db.execute(insert(Position), list(rows))


def latest(unit: Unit, device: str) -> Position | None:
    """The last one told."""
    found = of(unit, device, 1)
    return found[0] if found else None


def of(unit: Unit, device: str, most: int = KEPT) -> list[Position]:
    """What is kept of one terminal, the latest first."""
    rows = select(Position).where(Position.device == device).order_by(Position.id.desc())
    return list(unit.db.scalars(rows.limit(most)))


def _degrees(value: Any, most: int) -> int | None:
    """Millionths of a degree, from degrees as a number or a text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = round(float(value) * 1_000_000)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) <= most * 1_000_000 else None


def _same(one: Position, two: Position) -> bool:
    names = ("lat_e6", "lng_e6", "datum", "source", "accuracy_m", "at")
    return all(getattr(one, name) == getattr(two, name) for name in names)


def _prune(unit: Unit, device: str) -> None:
    rows = select(Position.id).where(Position.device == device).order_by(Position.id.desc())
    last = unit.db.scalar(rows.offset(KEPT - 1).limit(1))
    if last is not None:
        unit.db.execute(delete(Position).where(Position.device == device, Position.id < last))

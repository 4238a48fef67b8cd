"""Key zones 重点区域: hospitals, markets, key enterprises, as areas on the map (WY).

Areas come as GeoJSON (RFC 7946: longitude before latitude) in one datum, that of the terminals'
positions; nothing is converted between datums.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base import districts
from cloud.base.database import Base
from cloud.base.ids import new_id
from cloud.base.unit import Unit
from cloud.registry import enterprises

DATUMS = ("WGS84", "GCJ02")
POINTS = 5000  # of one zone at most

Ring = list[list[int]]  # [lng, lat] in millionths of a degree, the last point = the first
Area = list[list[Ring]]  # polygons, each an outer ring and its holes


class BadZone(ValueError):
    """A feature is no zone; one sentence in both languages."""


class Zone(Base):
    """One key zone. `enterprise_id` = the venue whose fire watch must be there, None = not told;
    `area` = {"polygons": Area}; the four sides enclose it, millionths of a degree."""

    __tablename__ = "zone"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    district: Mapped[str] = mapped_column(index=True)
    enterprise_id: Mapped[str | None] = mapped_column(ForeignKey("enterprise.id"))
    datum: Mapped[str]
    area: Mapped[dict[str, Any]]
    west: Mapped[int]
    south: Mapped[int]
    east: Mapped[int]
    north: Mapped[int]
    made_at: Mapped[int]


Index("ix_zone_sides", Zone.west, Zone.east)


def put(unit: Unit, feature: dict[str, Any], datum: str = DATUMS[0]) -> Zone:
    """Make a zone of a GeoJSON feature, or change the one of that name; BadZone.

    Properties: `name`, `district` (its code), `uscc` of the venue (may be left out).
    """
    told = feature.get("properties")
    told = told if isinstance(told, dict) else {}
    name, place = told.get("name"), str(told.get("district", ""))
    if not isinstance(name, str) or not 0 < len(name.strip()) <= 60:
        raise BadZone("没有名称（name）。 It has no name.")
    if not districts.valid(place):
        raise BadZone(f"{name}：行政区划（district）不对。 The district is no code.")
    if datum not in DATUMS:
        raise BadZone(f"坐标系 {datum}？ Known datums are {', '.join(DATUMS)}.")
    venue = enterprises.by_uscc(unit, str(told["uscc"])) if told.get("uscc") else None
    if told.get("uscc") and venue is None:
        raise BadZone(f"{name}：用焊单位（uscc）没有登记。 The venue is not registered.")
    area = _area(feature.get("geometry"), name)
    outer = [point for polygon in area for point in polygon[0]]
    zone = unit.db.scalar(select(Zone).where(Zone.name == name.strip()))
    if zone is None:
        zone = Zone(id=new_id(), name=name.strip(), made_at=unit.now)
        unit.db.add(zone)
    zone.district, zone.datum, zone.area = place, datum, {"polygons": area}
    zone.enterprise_id = venue.id if venue else None
    zone.west, zone.east = min(p[0] for p in outer), max(p[0] for p in outer)
    zone.south, zone.north = min(p[1] for p in outer), max(p[1] for p in outer)
    unit.db.flush()
    return zone


def drop(unit: Unit, zone: Zone) -> None:
    """It is no key zone any more."""
    unit.db.delete(zone)
    unit.db.flush()


def get(unit: Unit, zone_id: str) -> Zone | None:
    return unit.db.get(Zone, zone_id)


def every(unit: Unit) -> list[Zone]:
    """All zones by name."""
    return list(unit.db.scalars(select(Zone).order_by(Zone.name)))


def at(unit: Unit, lng_e6: int, lat_e6: int, datum: str) -> Zone | None:
    """The zone that holds this point, told in this datum; by name the first if several do."""
    around = select(Zone).where(
        Zone.datum == datum,
        Zone.west <= lng_e6,
        Zone.east >= lng_e6,
        Zone.south <= lat_e6,
        Zone.north >= lat_e6,
    )
    found = unit.db.scalars(around.order_by(Zone.name))
    return next((one for one in found if inside(lng_e6, lat_e6, one.area["polygons"])), None)


def inside(x: int, y: int, area: Area) -> bool:
    """Whether the point lies in one of the polygons and in none of its holes; exact, in whole
    numbers. A point on an edge counts as inside the ring."""
    return any(
        _in_ring(x, y, outer) and not any(_in_ring(x, y, hole, False) for hole in holes)
        for outer, *holes in area
    )


def _in_ring(x: int, y: int, ring: Ring, edge: bool = True) -> bool:
    """A ray to the east crosses the ring an odd number of times."""
    odd = False
    for (ax, ay), (bx, by) in pairwise(ring):
        side = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
        if side == 0 and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by):
            return edge
        if (ay > y) != (by > y) and (side > 0) == (by > ay):
            odd = not odd
    return odd


def _area(geometry: Any, name: str) -> Area:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        raise BadZone(f"{name}：不是面（Polygon）。 The geometry is no polygon.")
    raw = geometry.get("coordinates")
    polygons = [raw] if kind == "Polygon" else raw
    try:
        area = [[_ring(ring) for ring in polygon] for polygon in polygons]
    except (TypeError, ValueError, LookupError, OverflowError):
        raise BadZone(f"{name}：坐标不对。 The coordinates are not right.") from None
    if not area or not all(area) or sum(len(r) for p in area for r in p) > POINTS:
        raise BadZone(f"{name}：没有坐标，或者超过 {POINTS} 个点。 No points, or too many.")
    return area


def _ring(raw: Iterable[Any]) -> Ring:
    ring = [[_millionths(point[0], 180), _millionths(point[1], 90)] for point in raw]
    if len(ring) < 4 or ring[0] != ring[-1]:
        raise ValueError("a ring is closed and has three corners or more")
    return ring


def _millionths(degrees: Any, most: int) -> int:
    if isinstance(degrees, bool) or not isinstance(degrees, int | float):
        raise TypeError(degrees)
    if not abs(degrees) <= most:
        raise ValueError(degrees)
    return round(degrees * 1_000_000)

"""One map: where the machines are, gathered in the squares of a grid that grows finer with zoom.

The points are read once for everybody (`Points`); a question names a window and a zoom, and the
answer never has more than a screenful of squares.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select

from cloud.base.datum import to_gcj02, to_wgs84
from cloud.base.unit import Unit
from cloud.cases.alarms import IS_OPEN, Alarm
from cloud.link.positions import Position
from cloud.link.terminals import Terminal
from cloud.oversight.scope import Scope
from cloud.oversight.tally import one_of
from cloud.registry.machines import Machine
from cloud.work.job import OPEN, Job

ZOOM_MAX = 18
SINGLE_FROM = 16  # from this zoom on every machine stands for itself
_SQUARES = 4  # of a tile's side: 64 pixels each
KINDS = ("alarm", "working", "online", "offline")  # the gravest first
Window = tuple[float, float, float, float]  # west, south, east, north


@dataclass(frozen=True, slots=True)
class Point:
    """One machine; degrees of WGS84; `work` = the district of its present job, or empty."""

    lat: float
    lng: float
    code: str
    home: str
    work: str
    trade: str
    kind: str


def points(unit: Unit) -> list[Point]:
    """Every machine whose place is known."""
    last = select(func.max(Position.id)).where(Position.device == Machine.device)
    rows = (
        select(
            Machine.id,
            Machine.code,
            Machine.district,
            Machine.industry,
            Position.lat_e6,
            Position.lng_e6,
            Position.datum,
            Terminal.online & (Terminal.deadline > unit.now),
        )
        .join(Position, Position.id == last.correlate(Machine).scalar_subquery())
        .outerjoin(Terminal, Terminal.device == Machine.device)
        .where(Machine.device.is_not(None), Machine.status != "scrapped")
    )
    jobs = _jobs(unit)
    alarmed = set(unit.db.scalars(select(Alarm.machine_id).where(IS_OPEN)))
    return [
        Point(
            *_degrees(lat, lng, datum),
            code,
            home,
            jobs.get(id, ("", ""))[0],
            trade,
            _kind(id in alarmed, jobs.get(id, ("", ""))[1], online),
        )
        for id, code, home, trade, lat, lng, datum, online in unit.db.execute(rows)
    ]


def squares(
    every: list[Point],
    scope: Scope,
    window: Window,
    zoom: int,
    kind: str = "",
    datum: str = "WGS84",
) -> list[dict[str, Any]]:
    """What lies in the window: `lat`, `lng` (the middle of them), `count`, the gravest `kind`;
    a single machine also tells its `code`. `datum` = of the map on which it is drawn."""
    west, south, east, north = window
    side = 360 / 2**zoom / _SQUARES
    cells: dict[Any, list[Point]] = {}
    for one in every:
        if not (south <= one.lat <= north and west <= one.lng <= east):
            continue
        if (kind and one.kind != kind) or not scope.holds(one.trade, one.home, one.work):
            continue
        alone = zoom >= SINGLE_FROM
        key = one.code if alone else (int(one.lat // side), int(one.lng // side))
        cells.setdefault(key, []).append(one)
    return [_square(cell, datum) for cell in cells.values()]


def bounds(every: list[Point], scope: Scope) -> Window | None:
    """The smallest window that holds all of them."""
    here = [one for one in every if scope.holds(one.trade, one.home, one.work)]
    if not here:
        return None
    lats, lngs = [one.lat for one in here], [one.lng for one in here]
    return min(lngs), min(lats), max(lngs), max(lats)


def _square(cell: list[Point], datum: str) -> dict[str, Any]:
    lat = sum(one.lat for one in cell) / len(cell)
    lng = sum(one.lng for one in cell) / len(cell)
    if datum == "GCJ02":
        lat, lng = to_gcj02(lat, lng)
    kind = min((one.kind for one in cell), key=KINDS.index)
    told = {"lat": round(lat, 6), "lng": round(lng, 6), "count": len(cell), "kind": kind}
    return told | ({"code": cell[0].code} if len(cell) == 1 else {})


def _degrees(lat_e6: int, lng_e6: int, datum: str) -> tuple[float, float]:
    lat, lng = lat_e6 / 1e6, lng_e6 / 1e6
    return to_wgs84(lat, lng) if datum == "GCJ02" else (lat, lng)


def _jobs(unit: Unit) -> dict[str, tuple[str, str]]:
    """Per machine (district, state) of its open job."""
    is_open: ColumnElement[bool] = one_of(*OPEN)
    rows: Iterator[Any] = unit.db.execute(
        select(Job.machine_id, Job.district, Job.state).where(is_open)
    )
    return {machine: (district, state) for machine, district, state in rows}


def _kind(alarmed: bool, state: str, online: bool | None) -> str:
    if alarmed:
        return "alarm"
    if state == "on":
        return "working"
    return "online" if online else "offline"

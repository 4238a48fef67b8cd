"""One map: where the machines are, gathered in the squares of a grid that grows finer with zoom.

All points are read and gathered once for everybody (`Chart`). A question names a window and a
zoom: from afar it is answered from sums, from near by the points round the window, and the answer
never has more than a screenful of squares.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from itertools import chain, product
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, func, select

from cloud.base.datum import to_gcj02, to_wgs84
from cloud.base.unit import Unit
from cloud.cases.alarms import IS_OPEN, Alarm
from cloud.link.positions import Position
from cloud.link.terminals import Terminal
from cloud.oversight.scope import EVERY, Only, Scope
from cloud.oversight.tally import one_of
from cloud.registry.machines import Machine
from cloud.work.job import OPEN, Job

ZOOM_MAX = 18
SINGLE_FROM = 16  # from this zoom on every place stands for itself, if they are few enough
CODES_MAX = 20  # told of a square whose machines all stand in one place
KINDS = ("alarm", "working", "online", "offline")  # the gravest first
_ALARM, _WORKING, _ONLINE, _OFFLINE = range(4)
_SUMMED = 12  # up to this zoom from sums
_SQUARES = 4  # of a tile's side: 64 pixels each
_SCREENFUL, _SINGLES = 4096, 500
_NO_JOB = "", ""
Window = tuple[float, float, float, float]  # west, south, east, north
Cell = tuple[int, int]  # row, column
Key = TypeVar("Key")


class Kin(NamedTuple):
    """What machines have in common that the same people see, drawn the same way.

    `home`, `work` = the district of the register and of the present job, empty = none; `kind` = a
    place in KINDS.
    """

    home: str
    work: str
    trade: str
    kind: int


# One machine: millionths of a degree of WGS84, its code, its kin as a number. A plain tuple, of
# which a hundred thousand are not looked through again by the collector of garbage.
Point = tuple[int, int, str, int]


class Sum(NamedTuple):
    """Machines of one square: how many, the sums of where they are, and the code of one."""

    count: int
    lat: int
    lng: int
    code: str

    def __add__(self, other: Any) -> "Sum":
        return Sum(self[0] + other[0], self[1] + other[1], self[2] + other[2], other[3])


Sums = dict[tuple[Cell, Kin], Sum]
Drawn = tuple[Sum, int, list[str]]  # what is in a square, the gravest kind, codes


class Chart:
    """The points of one moment, gathered; `tag` is another one when anything shown has changed,
    and the same whichever process gathered them."""

    def __init__(self, points: Iterable[Point], kins: list[Kin], at: int) -> None:
        """`kins` = what the numbers mean, which grows while the points come; `at` = when."""
        self._kins, self.at = kins, at
        self._near: dict[Cell, list[Point]] = {}
        side = _side(_SUMMED)
        for one in points:
            cell = int(one[0] // side), int(one[1] // side)
            self._near.setdefault(cell, []).append(one)
        self._far: dict[int, Sums] = {_SUMMED: dict(self._summed())}
        whole = sorted(self._sums(0).items())
        self.tag = hashlib.sha256(repr(whole).encode()).hexdigest()[:16]
        self._extents: dict[Kin, Window] = {}

    def squares(
        self, scope: Scope, window: Window, zoom: int, kind: str = "", datum: str = "WGS84"
    ) -> list[dict[str, Any]]:
        """What lies in the window: `lat`, `lng` (the middle of them), `count`, the gravest `kind`;
        of machines in one place also their `codes`. `datum` = of the map they are drawn on."""
        west, south, east, north = _millionths(window, datum)
        seen = _seen(scope, kind)
        zoom = _coarse_enough(west, south, east, north, zoom)
        low, high = _cell(south, west, zoom), _cell(north, east, zoom)
        if zoom <= _SUMMED:
            cells = self._from_sums(low, high, zoom, seen)
        else:
            here = list(self._round((west, south, east, north), seen))
            alone = zoom == ZOOM_MAX or (zoom >= SINGLE_FROM and len(here) <= _SINGLES)
            key = itemgetter(0, 1) if alone else lambda one: _cell(one[0], one[1], zoom)
            cells = self._gathered(_grouped(here, key).values(), alone)
        return [_square(*cell, datum) for cell in cells]

    def bounds(self, scope: Scope) -> Window | None:
        """The smallest window that holds all of them, degrees of WGS84."""
        if not self._extents:
            self._extents = dict(self._measured())
        seen = _seen(scope)
        here = [extent for kin, extent in self._extents.items() if seen(kin)]
        if not here:
            return None
        wests, souths, easts, norths = zip(*here, strict=True)
        return min(wests) / 1e6, min(souths) / 1e6, max(easts) / 1e6, max(norths) / 1e6

    def _summed(self) -> Iterator[tuple[tuple[Cell, Kin], Sum]]:
        for cell, some in self._near.items():
            for kin, alike in _grouped(some, itemgetter(3)).items():
                yield (cell, self._kins[kin]), _sum(alike)

    def _measured(self) -> Iterator[tuple[Kin, Window]]:
        every = chain.from_iterable(self._near.values())
        for kin, alike in _grouped(every, itemgetter(3)).items():
            lats, lngs, _codes, _kins = zip(*alike, strict=True)
            yield self._kins[kin], (min(lngs), min(lats), max(lngs), max(lats))

    def _sums(self, zoom: int) -> Sums:
        """Of this zoom: each square is four of the next finer one."""
        known = self._far.get(zoom)
        if known is None:
            known = {}
            for ((row, column), kin), one in self._sums(zoom + 1).items():
                key = (row >> 1, column >> 1), kin
                known[key] = known[key] + one if key in known else one
            self._far[zoom] = known
        return known

    def _from_sums(
        self, low: Cell, high: Cell, zoom: int, seen: Callable[[Kin], bool]
    ) -> Iterator[Drawn]:
        found: dict[Cell, tuple[Sum, int]] = {}
        for (cell, kin), one in self._sums(zoom).items():
            if not (low[0] <= cell[0] <= high[0] and low[1] <= cell[1] <= high[1] and seen(kin)):
                continue
            known = found.get(cell)
            found[cell] = (known[0] + one, min(known[1], kin.kind)) if known else (one, kin.kind)
        for one, kind in found.values():
            yield one, kind, [one.code] if one.count == 1 else []

    def _round(self, window: Window, seen: Callable[[Kin], bool]) -> Iterator[Point]:
        west, south, east, north = window
        low, high = _cell(south, west, _SUMMED), _cell(north, east, _SUMMED)
        for cell in product(range(low[0], high[0] + 1), range(low[1], high[1] + 1)):
            for one in self._near.get(cell, ()):
                lat, lng, _code, kin = one
                if south <= lat <= north and west <= lng <= east and seen(self._kins[kin]):
                    yield one

    def _gathered(self, some: Iterable[list[Point]], all_told: bool) -> Iterator[Drawn]:
        """Each with its codes, if all are told or it is one alone."""
        for one in some:
            codes = sorted(code for _lat, _lng, code, _kin in one)[:CODES_MAX]
            told = codes if all_told or len(one) == 1 else []
            yield _sum(one), min(self._kins[kin].kind for *_, kin in one), told


def chart(unit: Unit, only: Only = EVERY) -> Chart:
    """Every machine whose place is known, or those that are looked at."""
    kins: list[Kin] = []
    return Chart(_points(unit, kins, only), kins, unit.now)


def _points(unit: Unit, kins: list[Kin], only: Only) -> Iterator[Point]:
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
        .where(Machine.device.is_not(None), Machine.status != "scrapped", only.machines)
    )
    jobs = _jobs(unit)
    alarmed = set(unit.db.scalars(select(Alarm.machine_id).where(IS_OPEN)))

    @cache
    def number(*kin: Any) -> int:
        kins.append(Kin(*kin))
        return len(kins) - 1

    for id, code, home, trade, lat, lng, datum, online in unit.db.execute(rows):
        if datum == "GCJ02":
            lat, lng = _wgs84(lat, lng)
        work, state = jobs.get(id, _NO_JOB)
        kind = _kind(id in alarmed, state, online)
        yield lat, lng, code, number(home, work, trade, kind)


def _side(zoom: int) -> float:
    """Of a square, in millionths of a degree."""
    return 360e6 / 2**zoom / _SQUARES


def _cell(lat: float, lng: float, zoom: int) -> Cell:
    side = _side(zoom)
    return int(lat // side), int(lng // side)


def _sum(some: list[Point]) -> Sum:
    lats, lngs, codes, _kins = zip(*some, strict=True)
    return Sum(len(some), sum(lats), sum(lngs), codes[0])


def _millionths(window: Window, datum: str) -> Window:
    """The window on the map as one of WGS84, no larger than the world."""
    west, south, east, north = window
    if datum == "GCJ02":  # the shift is much the same all over a small window
        (south, west), (north, east) = to_wgs84(south, west), to_wgs84(north, east)
    west, east = max(west, -180.0), min(east, 180.0)
    south, north = max(south, -90.0), min(north, 90.0)
    return west * 1e6, south * 1e6, east * 1e6, north * 1e6


def _coarse_enough(west: float, south: float, east: float, north: float, zoom: int) -> int:
    """The zoom, or the next one at which the window is no more than a screenful of squares."""
    for coarse in range(zoom, 0, -1):
        low, high = _cell(south, west, coarse), _cell(north, east, coarse)
        if (high[0] - low[0] + 1) * (high[1] - low[1] + 1) <= _SCREENFUL:
            return coarse
    return 0


def _seen(scope: Scope, kind: str = "") -> Callable[[Kin], bool]:
    """Whether machines of this kin are shown; it remembers, for there are few kins."""

    @cache
    def seen(kin: Kin) -> bool:
        wanted = not kind or KINDS[kin.kind] == kind
        return wanted and scope.holds(kin.trade, kin.home, kin.work)

    return seen


def _grouped(some: Iterable[Point], key: Callable[[Point], Key]) -> dict[Key, list[Point]]:
    groups: dict[Key, list[Point]] = {}
    for one in some:
        groups.setdefault(key(one), []).append(one)
    return groups


def _square(one: Sum, kind: int, codes: list[str], datum: str) -> dict[str, Any]:
    lat, lng = one.lat / one.count / 1e6, one.lng / one.count / 1e6
    if datum == "GCJ02":
        lat, lng = to_gcj02(lat, lng)
    told = {"lat": round(lat, 6), "lng": round(lng, 6), "count": one.count, "kind": KINDS[kind]}
    return told | ({"codes": codes} if codes else {})


@lru_cache(maxsize=200_000)  # machines seldom move, and the way back takes five steps
def _wgs84(lat_e6: int, lng_e6: int) -> tuple[int, int]:
    lat, lng = to_wgs84(lat_e6 / 1e6, lng_e6 / 1e6)
    return round(lat * 1e6), round(lng * 1e6)


def _jobs(unit: Unit) -> dict[str, tuple[str, str]]:
    """Per machine (district, state) of its open job."""
    is_open: ColumnElement[bool] = one_of(*OPEN)
    rows: Iterator[Any] = unit.db.execute(
        select(Job.machine_id, Job.district, Job.state).where(is_open)
    )
    return {machine: (district, state) for machine, district, state in rows}


def _kind(alarmed: bool, state: str, online: bool | None) -> int:
    if alarmed:
        return _ALARM
    if state == "on":
        return _WORKING
    return _ONLINE if online else _OFFLINE

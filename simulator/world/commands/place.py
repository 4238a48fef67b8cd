"""Position from the cells: AT+CLBS (A76XX LBS note). Latitude first; one at a time."""

from __future__ import annotations

from math import cos, pi, sin, sqrt
from typing import TYPE_CHECKING

from simulator.world.at import Command, Kind, Refused
from simulator.world.commands.table import Lines, on
from simulator.world.module import Net

if TYPE_CHECKING:
    from simulator.world.modem import Modem

BUSY, NO_CELL, NOT_OPENED = 8, 16, 21
POSITION, POSITION_AND_TIME = 1, 4


@on("+CLBS", kind=Kind.TEST)
def location_present(modem: Modem, command: Command) -> Lines:
    _need_location(modem)
    return ["+CLBS: (1,4),(1-15),(-180.000000-180.000000),(-90.000000-90.000000),(0,1)"]


def _need_location(modem: Modem) -> None:
    if "lbs" not in modem.identity.features:
        raise Refused


@on("+CLBS", kind=Kind.WRITE)
def locate(modem: Modem, command: Command) -> Lines:
    """`=1|4[,cid[,lon,lat[,lon_type]]]`, lon_type 0 = WGS-84, 1 = GCJ-02; needs AT+NETOPEN."""
    _need_location(modem)
    what = command.number(0, 1, 9)
    command.number(1, 1, 15, 1)
    shifted = command.number(4, 0, 1, 0) == 1
    if what not in (POSITION, POSITION_AND_TIME):
        raise Refused
    error = _obstacle(modem)
    if error == BUSY:
        modem.after(0.0, lambda: modem.urc(f"+CLBS: {BUSY}"))
        return

    modem.locating = True

    def found() -> None:
        modem.locating = False
        failure = error or _obstacle(modem)
        modem.urc(f"+CLBS: {failure}" if failure else _report(modem, what, shifted))

    modem.after(modem.timing.locate_s, found)


def _obstacle(modem: Modem) -> int:
    if modem.locating:
        return BUSY
    if not modem.radio.stat.serves:
        return NO_CELL
    if modem.net is not Net.OPEN:
        return NOT_OPENED
    return modem.mischief.no_place or 0


def _report(modem: Modem, what: int, shifted: bool) -> str:
    lat, lng, accuracy = modem.radio.position
    if modem.mischief.no_place == 0:
        lat = lng = 0.0
    elif shifted:
        lat, lng = gcj02(lat, lng)
    text = f"+CLBS: 0,{lat:.6f},{lng:.6f},{accuracy}"
    if what == POSITION_AND_TIME:
        text += f",{modem.radio.utc():%Y/%m/%d,%H:%M:%S}"
    return text


def gcj02(lat: float, lng: float) -> tuple[float, float]:
    """WGS-84 → GCJ-02 degrees by the approximation in common use (some metres, in China)."""
    axis, flattening = 6_378_245.0, 0.006_693_421_622_965_943
    x, y = lng - 105.0, lat - 35.0
    wave = (20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + wave
    north += (20 * sin(y * pi) + 40 * sin(y / 3 * pi)) * 2 / 3
    north += (160 * sin(y / 12 * pi) + 320 * sin(y * pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + wave
    east += (20 * sin(x * pi) + 40 * sin(x / 3 * pi)) * 2 / 3
    east += (150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)) * 2 / 3
    radians = lat * pi / 180
    bulge = 1 - flattening * sin(radians) ** 2
    north = north * 180 / (axis * (1 - flattening) / (bulge * sqrt(bulge)) * pi)
    east = east * 180 / (axis / sqrt(bulge) * cos(radians) * pi)
    return lat + north, lng + east

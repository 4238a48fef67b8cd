"""Position from the cells: AT+SAPBR (a context of its own), then AT+CIPGSMLOC."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from simulator.world.air780e.state import refuse
from simulator.world.air780e.table import on
from simulator.world.at import Command, Kind, Refused
from simulator.world.commands.table import Lines
from simulator.world.radio import Outage

if TYPE_CHECKING:
    from simulator.world.modem import Modem

CLOSE, OPEN, QUERY, SET = range(4)  # AT+SAPBR
NO_NETWORK, TIMED_OUT = 404, 408


@on("+SAPBR", kind=Kind.WRITE)
async def bearer(modem: Modem, command: Command) -> Lines:
    what = command.number(0, CLOSE, SET)
    command.number(1, 1, 1)
    if what == QUERY:
        state, address = (1, modem.radio.address) if modem.own.bearer else (3, "0.0.0.0")
        return [f'+SAPBR: 1,{state},"{address}"']
    if what == SET:
        if command.word(2).upper() == "CONTYPE":
            modem.own.bearer_kind = command.word(3)
        return None
    await asyncio.sleep(modem.timing.netopen_s)
    opens = what == OPEN
    unready = not modem.own.bearer_kind or not modem.radio.stat.serves
    if opens == modem.own.bearer or (opens and unready):
        raise refuse()
    modem.own.bearer = opens
    return None


@on("+CIPGSMLOC", kind=Kind.TEST)
def location_present(modem: Modem, command: Command) -> Lines:
    _need_location(modem)


def _need_location(modem: Modem) -> None:
    if "lbs" not in modem.identity.features:
        raise Refused


@on("+CIPGSMLOC", kind=Kind.WRITE)
async def locate(modem: Modem, command: Command) -> Lines:
    """`=1,1`: latitude first, filled up with zeros, UTC+8. The line is busy until it is found."""
    _need_location(modem)
    command.number(0, 1, 1)
    command.number(1, 1, 1)
    if not modem.own.bearer:
        raise refuse()
    await asyncio.sleep(modem.timing.locate_s)
    error = _obstacle(modem)
    if error:
        return [f"+CIPGSMLOC: {error}"]
    lat, lng, _ = modem.radio.position
    if modem.mischief.no_place == 0:
        lat = lng = 0.0
    return [f"+CIPGSMLOC: 0,{lat:011.7f},{lng:011.7f},{modem.rtc.local:%Y/%m/%d,%H:%M:%S}"]


def _obstacle(modem: Modem) -> int:
    if not modem.radio.stat.serves:
        return NO_NETWORK
    if modem.radio.outage not in (None, Outage.REFUSE):
        return TIMED_OUT
    return modem.mischief.no_place or 0

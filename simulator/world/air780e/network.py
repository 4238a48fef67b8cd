"""The way to an address: CSTT, CIICR, CIFSR, in this order, and CIPSHUT back to the start."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from simulator.world.air780e.state import LINKS, Phase, links, refuse
from simulator.world.air780e.table import on
from simulator.world.at import Bare, Command, Kind, Refused
from simulator.world.commands.table import Lines
from simulator.world.module import Net

if TYPE_CHECKING:
    from simulator.world.modem import Modem

USABLE = (Phase.ACTIVE, Phase.STATUS)


@on("+CIPMUX", kind=Kind.READ)
def many(modem: Modem, command: Command) -> Lines:
    return [f"+CIPMUX: {int(modem.own.many)}"]


@on("+CIPMUX", kind=Kind.WRITE)
def set_many(modem: Modem, command: Command) -> Lines:
    """Only before the network is up."""
    wanted = bool(command.number(0, 0, 1))
    if modem.own.phase is not Phase.INITIAL:
        raise refuse()
    modem.own.many = wanted


@on("+CIPQSEND", kind=Kind.READ)
def quick(modem: Modem, command: Command) -> Lines:
    return [f"+CIPQSEND: {int(modem.own.quick)}"]


@on("+CIPQSEND", kind=Kind.WRITE)
def set_quick(modem: Modem, command: Command) -> Lines:
    modem.own.quick = bool(command.number(0, 0, 1))


@on("+CSTT")
@on("+CSTT", kind=Kind.WRITE)
def start(modem: Modem, command: Command) -> Lines:
    """The access point; none given: the one that the network gave."""
    if modem.own.phase is not Phase.INITIAL:
        raise refuse()
    modem.own.apn = command.word(0, "") or None
    modem.own.phase = Phase.START


@on("+CSTT", kind=Kind.READ)
def access_point(modem: Modem, command: Command) -> Lines:
    return [f'+CSTT: "{_access_point(modem)}","",""']


def _access_point(modem: Modem) -> str:
    stored = modem.memory.contexts.get(1, ("", ""))[1]
    return modem.own.apn or stored or modem.radio.operator.apn


@on("+CIICR")
async def activate(modem: Modem, command: Command) -> Lines:
    """OK when it is done."""
    if modem.own.phase is not Phase.START:
        raise refuse()
    await asyncio.sleep(modem.timing.netopen_s)
    radio = modem.radio
    barred = radio.apns is not None and _access_point(modem).lower() not in radio.apns
    if barred or not radio.stat.serves:
        raise Refused
    modem.own.phase, modem.net = Phase.ACTIVE, Net.OPEN
    return None


@on("+CIFSR")
def address(modem: Modem, command: Command) -> Lines:
    """The address alone, no OK; until it was asked, no link can be opened."""
    if modem.own.phase not in USABLE:
        raise refuse()
    modem.own.phase = Phase.STATUS
    return Bare([".".join(f"{int(part):03d}" for part in modem.radio.address.split("."))])


@on("+CIPSHUT")
async def shut(modem: Modem, command: Command) -> Lines:
    """All links are closed, without a word for each."""
    await asyncio.sleep(modem.timing.netopen_s)
    for number in list(modem.stack.links):
        modem.stack.close(number)
    for number in list(modem.secure.sessions):
        modem.secure.close(number)
    modem.stale.clear()
    modem.leftovers.clear()
    modem.own.phase, modem.net = Phase.INITIAL, Net.CLOSED
    return Bare(["SHUT OK"])


@on("+CIPSTATUS")
def status(modem: Modem, command: Command) -> Lines:
    """OK, then the state, then a line for each link."""
    standing = links(modem)
    phase = modem.own.phase
    state = "IP PROCESSING" if standing and phase is Phase.STATUS else phase.value
    lines = [f"STATE: {state}"]
    for number in range(LINKS) if modem.own.many else ():
        link = standing.get(number)
        what = f'"TCP","{link.host}","{link.port}","CONNECTED"' if link else '"","","","INITIAL"'
        lines.append(f"C: {number},0,{what}")
    modem.after(0.0, lambda: [modem.urc(line) for line in lines])

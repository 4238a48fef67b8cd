"""The six links of AT+CIPMUX=1. (The single one of AT+CIPMUX=0 is not simulated.)"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from simulator.world.air780e.secure import connect as connect_secure
from simulator.world.air780e.state import LINKS, Phase, links, refuse, waiting
from simulator.world.air780e.table import on
from simulator.world.at import Bare, Command, Kind
from simulator.world.commands.table import Lines
from simulator.world.datagrams import UdpLink
from simulator.world.link import Link
from simulator.world.module import Net
from simulator.world.sockets import NETWORK_FAILURE
from simulator.world.tls import Session

if TYPE_CHECKING:
    from simulator.world.modem import Modem

MAX_SEND = MAX_READ = 1_460
MAX_READ_HEX = 730
OFF, ONCE, READ, READ_HEX, LEFT, EVERY = range(6)  # AT+CIPRXGET


@on("+CIPSTART", kind=Kind.WRITE)
def open_link(modem: Modem, command: Command) -> Lines:
    """OK, later `n, CONNECT OK`, `n, CONNECT FAIL` or `n, ALREADY CONNECT`."""
    if modem.own.phase is not Phase.STATUS or not modem.own.many:
        raise refuse()
    number = command.number(0, 0, LINKS - 1)
    kind, host, port = command.word(1).upper(), command.word(2), command.number(3, 1, 65_535)
    if kind not in ("TCP", "UDP"):
        raise refuse()
    modem.after(0.0, lambda: modem.spawn(_open(modem, number, kind, host, port)))
    return None


async def _open(modem: Modem, number: int, kind: str, host: str, port: int) -> None:
    if number in links(modem):
        modem.urc(f"{number}, ALREADY CONNECT")
        return
    error = await _result(modem, number, kind, host, port)
    modem.urc(f"{number}, CONNECT {'FAIL' if error else 'OK'}")


async def _result(modem: Modem, number: int, kind: str, host: str, port: int) -> int:
    modem.leftovers.pop(number, None)
    modem.own.peers.pop(number, None)
    if number in modem.secure.sessions:
        modem.secure.close(number)
    if modem.mischief.open_results:
        return modem.mischief.open_results.popleft()
    if modem.net is not Net.OPEN or number in modem.stale:
        return NETWORK_FAILURE
    if kind == "UDP":
        modem.own.peers[number] = host, port
        return await modem.stack.open_datagrams(number, port, True)
    if modem.own.secure:
        return await connect_secure(modem, number, host, port)
    return await modem.stack.open(number, host, port, modem.settings.manual_receive)


@on("+CIPCLOSE", kind=Kind.WRITE)
def close_link(modem: Modem, command: Command) -> Lines:
    number = command.number(0, 0, LINKS - 1)
    command.number(1, 0, 1, 0)
    standing = number in links(modem)
    modem.leftovers.pop(number, None)
    if number in modem.secure.sessions:
        modem.secure.close(number)
    elif number in modem.stack.links:
        modem.stack.close(number)
    if not standing:
        raise refuse()
    return Bare([f"{number}, CLOSE OK"])


@on("+CIPSEND", kind=Kind.WRITE)
async def send(modem: Modem, command: Command) -> Lines:
    """`> `, so many raw bytes, then `DATA ACCEPT:n,taken` (quick) or `n, SEND OK`; no OK."""
    number, size = command.number(0, 0, LINKS - 1), command.number(1, 1, MAX_SEND)
    if number not in links(modem):
        raise refuse()
    data = await modem.prompt(size)
    taken = await _hand_over(modem, number, data)
    if not modem.own.quick:
        await asyncio.sleep(2 * modem.radio.one_way_s)  # until the other side has it
        taken = size if taken == size else 0
    if taken <= 0:
        return Bare([f"{number}, SEND FAIL"])
    return Bare([f"DATA ACCEPT:{number},{taken}" if modem.own.quick else f"{number}, SEND OK"])


async def _hand_over(modem: Modem, number: int, data: bytes) -> int:
    """Bytes taken; where a fault claims another number, no more than that is."""
    found = links(modem).get(number)
    if found is None:
        return -1
    if isinstance(found, UdpLink):
        return await modem.stack.send_datagram(number, data, *modem.own.peers[number])
    if modem.mischief.send_results:
        claim = modem.mischief.send_results.popleft()
        if claim < 0:
            _kill(modem, number, found)
            return -1
        data = data[:claim]
    if isinstance(found, Session):
        return len(data) if modem.secure.send(number, data) else -1
    return found.send(data)


def _kill(modem: Modem, number: int, found: Link | Session) -> None:
    if isinstance(found, Session):
        modem.secure.sessions.pop(number)
        modem.secure.stack.links.pop(number, None)
        found = found.link
    else:
        modem.stack.links.pop(number)
    found.reset(None)


# -- receiving --------------------------------------------------------------------------------


@on("+CIPRXGET", kind=Kind.READ)
def receive_mode(modem: Modem, command: Command) -> Lines:
    mode = EVERY if modem.own.every else int(modem.settings.manual_receive)
    return [f"+CIPRXGET: {mode}"]


@on("+CIPRXGET", kind=Kind.WRITE)
def receive(modem: Modem, command: Command) -> Lines:
    """0, 1, 5: mode of links opened from now on; 2: read, 3: read hex, 4: how much waits."""
    what = command.number(0, OFF, EVERY)
    if what in (OFF, ONCE, EVERY):
        modem.settings.manual_receive, modem.own.every = what != OFF, what == EVERY
        return None
    number = command.number(1, 0, LINKS - 1)
    if what == LEFT:
        return [f"+CIPRXGET: {LEFT},{number},{len(waiting(modem, number))}"]
    most = MAX_READ if what == READ else MAX_READ_HEX
    size = command.number(2, 1, most, most)
    if number not in links(modem) and not waiting(modem, number):
        raise refuse()
    data = _read(modem, number, size)
    head = f"+CIPRXGET: {what},{number},{len(data)},{len(waiting(modem, number))}"
    if not data:
        return [head]
    return [head, data.hex().upper() if what == READ_HEX else data]


def _read(modem: Modem, number: int, size: int) -> bytes:
    if number in modem.secure.sessions:
        return modem.secure.read(number, size)
    return (modem.stack.links.get(number) or modem.leftovers[number]).read(size)


def report_arrival(modem: Modem, link: Link | Session) -> None:
    """One line until it was read (mode 1), or one each time (mode 5)."""
    if modem.own.every or not link.told:
        link.told = True
        modem.urc(f"+CIPRXGET: 1,{link.number}")


def report_close(modem: Modem, link: Link | Session, reason: int) -> None:
    """`n, CLOSED`, whoever ended it; what came before can still be read."""
    if isinstance(link, Session):
        if modem.mischief.late_data_lost or not link.plain:
            modem.secure.sessions.pop(link.number, None)
    else:
        if modem.stack.links.get(link.number) is link:
            del modem.stack.links[link.number]
        if link.buffer and not modem.mischief.late_data_lost:
            modem.leftovers[link.number] = link
    modem.urc(f"{link.number}, CLOSED")

"""The TCP/IP commands (A76XX AT manual V1.09, TCPIP note V1.02)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from simulator.world.at import Command, Kind, Refused
from simulator.world.commands.table import Lines, on
from simulator.world.datagrams import UdpLink
from simulator.world.link import BY_HOST, Link
from simulator.world.module import Net
from simulator.world.sockets import LINKS, NETWORK_FAILURE, OPENED

if TYPE_CHECKING:
    from simulator.world.modem import Modem

MAX_SEND = MAX_READ = 1_500
MAX_READ_HEX = 750
PUSH_BYTES = 1_460
PUSH_AHEAD = 4_096  # pushed data waits while so much stands before it on the line
UP = (Net.OPEN, Net.BROKEN)  # what AT+NETOPEN? calls 1
NOT_OPENED, BAD_PARAMETER, UNSUPPORTED = 2, 3, 4  # the rest of the error numbers: sockets.py


# -- the network ------------------------------------------------------------------------------


@on("+NETOPEN")
def open_network(modem: Modem, command: Command) -> Lines:
    """OK, then `+NETOPEN: <err>`; 1 = no registration, no such access point, or an outage."""
    if modem.net is not Net.CLOSED:
        raise Refused("+IPERROR: Network is already opened")
    modem.net = Net.OPENING

    def opened() -> None:
        radio = modem.radio
        apn = modem.memory.contexts.get(1, ("", ""))[1].lower()
        barred = radio.apns is not None and apn not in radio.apns
        failed = barred or not radio.stat.serves
        modem.net = Net.CLOSED if failed else Net.OPEN
        modem.urc(f"+NETOPEN: {NETWORK_FAILURE if failed else 0}")

    modem.after(modem.timing.netopen_s, opened)


@on("+NETOPEN", kind=Kind.READ)
def network_state(modem: Modem, command: Command) -> Lines:
    return [f"+NETOPEN: {int(modem.net in UP)}"]


@on("+NETCLOSE")
def close_network(modem: Modem, command: Command) -> Lines:
    """Closes the connections as well, each with `+IPCLOSE: n,0`."""
    if modem.net not in UP:
        raise Refused(f"+NETCLOSE: {NOT_OPENED}")

    def closed() -> None:
        for number in sorted(modem.stack.links):
            modem.stack.close(number)
            modem.urc(f"+IPCLOSE: {number},{BY_HOST}")
        modem.stale.clear()
        modem.leftovers.clear()
        modem.net = Net.CLOSED
        modem.urc("+NETCLOSE: 0")

    modem.after(modem.timing.netopen_s, closed)


@on("+IPADDR")
def address(modem: Modem, command: Command) -> Lines:
    if modem.net is not Net.OPEN:
        raise Refused("+IPERROR: Network not opened")
    return [f"+IPADDR: {modem.radio.address}"]


@on("+CIPTIMEOUT", kind=Kind.WRITE)
def set_patience(modem: Modem, command: Command) -> Lines:
    """Milliseconds for opening the network, for connecting, for sending."""
    connect = int(modem.stack.connect_timeout_s * 1000)
    send = int(modem.stack.send_timeout_s * 1000)
    command.number(0, 3_000, 120_000, 120_000)
    modem.stack.connect_timeout_s = command.number(1, 3_000, 120_000, connect) / 1000
    modem.stack.send_timeout_s = command.number(2, 3_000, 120_000, send) / 1000


# -- connections ------------------------------------------------------------------------------


@on("+CIPOPEN", kind=Kind.WRITE)
def open_link(modem: Modem, command: Command) -> Lines:
    """OK, later `+CIPOPEN: n,err`; in a bad state `+CIPOPEN: n,err` and then ERROR."""
    number = command.number(0, 0, LINKS - 1)
    error = _why_not(modem, number, command)
    if error:
        raise Refused(f"+CIPOPEN: {number},{error}")
    manual = modem.settings.manual_receive
    if command.word(1).upper() == "UDP":
        own = command.number(4, 1, 65_535)
        modem.after(0.0, lambda: modem.spawn(_listen(modem, number, own, manual)))
        return
    host, port = command.word(2), command.number(3, 1, 65_535)
    modem.after(0.0, lambda: modem.spawn(_connect(modem, number, host, port, manual)))


def _why_not(modem: Modem, number: int, command: Command) -> int:
    if modem.net not in UP:
        return NOT_OPENED
    if number in modem.stack.links or number in modem.stale:
        return OPENED
    kind = command.word(1).upper()
    if kind not in ("TCP", "UDP"):
        return UNSUPPORTED
    try:
        if kind == "UDP":
            command.number(4, 1, 65_535)
            return 0
        command.word(2), command.number(3, 1, 65_535)
    except Refused:
        return BAD_PARAMETER
    return 0


async def _connect(modem: Modem, number: int, host: str, port: int, manual: bool) -> None:
    modem.leftovers.pop(number, None)
    if modem.mischief.open_results:
        error = modem.mischief.open_results.popleft()
    elif modem.net is Net.BROKEN:
        error = NETWORK_FAILURE
    else:
        error = await modem.stack.open(number, host, port, manual)
    modem.urc(f"+CIPOPEN: {number},{error}")


async def _listen(modem: Modem, number: int, own_port: int, manual: bool) -> None:
    """UDP has no other end to be opened to: `AT+CIPOPEN=n,"UDP",,,<own port>`."""
    error = await modem.stack.open_datagrams(number, own_port, manual)
    modem.urc(f"+CIPOPEN: {number},{error}")


@on("+CIPOPEN", kind=Kind.READ)
def links(modem: Modem, command: Command) -> Lines:
    lines: list[str | bytes] = []
    for number in range(LINKS):
        link = modem.stack.links.get(number)
        where = f',"TCP","{link.host}",{link.port},-1' if link else ""
        lines.append(f"+CIPOPEN: {number}{where}")
    return lines


@on("+CIPCLOSE", kind=Kind.READ)
def link_states(modem: Modem, command: Command) -> Lines:
    taken = {*modem.stack.links, *modem.stale}
    return ["+CIPCLOSE: " + ",".join(str(int(n in taken)) for n in range(LINKS))]


@on("+CIPCLOSE", kind=Kind.WRITE)
def close_link(modem: Modem, command: Command) -> Lines:
    number = command.number(0, 0, LINKS - 1)
    modem.leftovers.pop(number, None)
    if number in modem.stale:
        modem.stale.discard(number)
    elif number in modem.stack.links:
        modem.stack.close(number)
    else:
        raise Refused(f"+CIPCLOSE: {number},{UNSUPPORTED}")
    modem.after(modem.timing.send_s, lambda: modem.urc(f"+CIPCLOSE: {number},0"))


@on("+CIPSEND", kind=Kind.WRITE)
async def send(modem: Modem, command: Command) -> Lines:
    """`>`, exactly so many raw bytes, OK, then `+CIPSEND: n,asked,taken` (−1 = dead)."""
    number = command.number(0, 0, LINKS - 1)
    if modem.net not in UP:
        raise Refused(f"+CIPERROR: {NOT_OPENED}")
    if number not in modem.stack.links:
        raise Refused(f"+CIPERROR: {UNSUPPORTED}")
    size = command.number(1, 1, MAX_SEND)
    to = (command.word(2), command.number(3, 1, 65_535)) if command.has(2) else None
    data = await modem.prompt(size)
    if to:
        taken = await modem.stack.send_datagram(number, data, *to)
    else:
        taken = _hand_over(modem, number, data)
    modem.after(modem.timing.send_s, lambda: modem.urc(f"+CIPSEND: {number},{size},{taken}"))
    return None


def _hand_over(modem: Modem, number: int, data: bytes) -> int:
    """Bytes taken for sending; where a fault claims another number, no more than that is."""
    link = modem.stack.links.get(number)
    if link is None or isinstance(link, UdpLink):
        return -1
    if not modem.mischief.send_results:
        return link.send(data)
    claim = modem.mischief.send_results.popleft()
    if claim < 0:
        link.reset(None)
        modem.stack.links.pop(number, None)
        return -1
    link.send(data[:claim])
    return min(claim, len(data))


# -- receiving --------------------------------------------------------------------------------


@on("+CIPRXGET", kind=Kind.READ)
def receive_mode(modem: Modem, command: Command) -> Lines:
    return [f"+CIPRXGET: {int(modem.settings.manual_receive)}"]


@on("+CIPRXGET", kind=Kind.WRITE)
def receive(modem: Modem, command: Command) -> Lines:
    """0/1: mode of connections opened from now on; 2: read, 3: read hex, 4: how much waits."""
    what = command.number(0, 0, 4)
    if what < 2:
        modem.settings.manual_receive = what == 1
        return None
    number = command.number(1, 0, LINKS - 1)
    link = modem.stack.links.get(number) or modem.leftovers.get(number)
    if what == 4:
        return [f"+CIPRXGET: 4,{number},{len(link.buffer) if link else 0}"]
    most = MAX_READ if what == 2 else MAX_READ_HEX
    size = command.number(2, 1, most, most)
    if link is None or not link.manual or not link.buffer:
        raise Refused("+IPERROR: No data")
    data = link.read(size)
    head = f"+CIPRXGET: {what},{number},{len(data)},{len(link.buffer)}"
    if what == 3:
        return [head, data.hex().upper()]
    return [head, data]


def report_arrival(modem: Modem, link: Link) -> None:
    """One line until the buffer was read dry; or, in push mode, the data itself."""
    if not link.manual:
        _push(modem, link)
    elif not link.told:
        link.told = True
        modem.urc(f"+CIPRXGET: 1,{link.number}")


def _push(modem: Modem, link: Link) -> None:
    if modem.line.pending > PUSH_AHEAD:
        modem.after(modem.line.wire_ms(PUSH_AHEAD // 2) / 1000, partial(_push, modem, link))
        return
    data = link.read(PUSH_BYTES)
    if data:
        modem.urc(f"RECV FROM:{link.host}:{link.port}\r\n+IPD{len(data)}", data)
        _push(modem, link)


def report_close(modem: Modem, link: Link, reason: int) -> None:
    """The peer, or the stack's patience, ended a connection."""
    if modem.stack.links.get(link.number) is link:
        del modem.stack.links[link.number]
    if link.buffer and not modem.mischief.late_data_lost:
        modem.leftovers[link.number] = link
    modem.urc(f"+IPCLOSE: {link.number},{reason}")

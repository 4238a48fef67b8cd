"""The TCP/IP stack inside the modem: ten numbered connections, opened over the network of `radio`.

Knows no AT: the modem is told of arrivals and ends through `Listener`.
"""

import asyncio
import contextlib
import socket
from collections import deque

from simulator.world import network
from simulator.world.datagrams import UdpLink
from simulator.world.link import BY_PEER, Link, Listener, hang_up
from simulator.world.meter import Meter
from simulator.world.radio import Outage, Radio

LINKS = 10
GRAVES = 32  # half-open ends kept so that the peer is not told

# results of opening (A76XX AT manual, TCPIP error codes)
NETWORK_FAILURE, BUSY, OPENED, TIMED_OUT, DNS_FAILED = 1, 8, 9, 10, 11


class Stack:
    """The ten connections. connect_timeout_s and send_timeout_s are the stack's own patience."""

    def __init__(
        self,
        radio: Radio,
        listener: Listener,
        *,
        connect_timeout_s: float = 120.0,
        send_timeout_s: float = 60.0,
    ) -> None:
        self.radio = radio
        self.listener = listener
        self.connect_timeout_s = connect_timeout_s
        self.send_timeout_s = send_timeout_s
        self.meter = Meter()
        self.links: dict[int, Link | UdpLink] = {}
        self.leaving: set[Link] = set()  # closed by the modem, their last bytes still under way
        self._opening: set[int] = set()
        self._graves: deque[asyncio.Transport] = deque()

    def one_way_s(self) -> float:
        return self.radio.one_way_s

    async def open(self, number: int, host: str, port: int, manual: bool) -> int:
        """Connects link `number`; 0 or the error number of +CIPOPEN."""
        if number in self._opening:
            return BUSY
        if number in self.links:
            return OPENED
        self._opening.add(number)
        try:
            async with asyncio.timeout(self.connect_timeout_s):
                return await self._connect(number, host, port, manual)
        except TimeoutError:
            return TIMED_OUT
        except socket.gaierror:
            return DNS_FAILED
        except OSError:
            return NETWORK_FAILURE
        finally:
            self._opening.discard(number)

    async def _connect(self, number: int, host: str, port: int, manual: bool) -> int:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(2 * self.one_way_s())
        if self.radio.outage is Outage.SILENT or not self.radio.stat.serves:
            await asyncio.sleep(self.connect_timeout_s + 1)  # nobody answers
        if self.radio.outage is not None:
            return NETWORK_FAILURE
        address = await self._resolve(host)
        link = Link(number, (host, port), manual, self)
        try:
            await self.radio.dial(link, address, port)
        except BaseException:
            if link.transport:
                link.transport.abort()
            raise
        self.links[number] = link
        loop.call_soon(lambda: link.hold(not self.radio.stat.serves))  # after +CIPOPEN was said
        return 0

    async def open_datagrams(self, number: int, port: int, manual: bool) -> int:
        """UDP on our own `port`; if somebody has it on this machine, on another."""
        if number in self.links:
            return OPENED
        link = UdpLink(number, port, manual, self)
        await self.radio.datagrams(link)
        link.hold(not self.radio.stat.serves)
        self.links[number] = link
        return 0

    async def send_datagram(self, number: int, data: bytes, host: str, port: int) -> int:
        """Bytes taken, −1 where the name is not known."""
        link = self.links.get(number)
        if not isinstance(link, UdpLink):
            return -1
        try:
            return link.send(data, (await self._resolve(host), port))
        except socket.gaierror:
            return -1

    async def _resolve(self, host: str) -> str:
        host = self.radio.names.get(host, host)
        with contextlib.suppress(OSError):
            socket.inet_pton(socket.AF_INET, host)
            return host
        if self.radio.dial is not network.real:
            raise socket.gaierror(socket.EAI_NONAME, host)  # a made-up internet: names of radio
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, None, family=socket.AF_INET, type=socket.SOCK_STREAM)
        return found[0][4][0]

    def hold(self, held: bool) -> None:
        """No cell: nothing moves, nothing is lost."""
        for link in (*self.links.values(), *self.leaving):
            link.hold(held)

    def outage(self, how: Outage) -> None:
        for link in list(self.links.values()):
            if how is Outage.RESET:
                link.reset(BY_PEER)
            elif how is Outage.SILENT:
                link.cut()

    def close(self, number: int) -> None:
        self.links.pop(number).close()

    def forget(self, *, quietly: bool) -> None:
        """Drops all connections: quietly (power or bearer gone: no peer is told) or with RST."""
        for link in (*self.links.values(), *self.leaving):
            if quietly:
                link.cut()
            link.reset(None)
        self.links.clear()
        self.leaving.clear()

    def bury(self, transport: asyncio.Transport) -> None:
        """Keeps a dead end open, for closing it would tell the peer."""
        self._graves.append(transport)
        if len(self._graves) > GRAVES:
            hang_up(self._graves.popleft())

    def end(self) -> None:
        """The simulation is over."""
        self.forget(quietly=False)
        while self._graves:
            hang_up(self._graves.pop())

"""One UDP connection of the modem's stack: a real datagram socket behind the delays of the air."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from simulator.world.link import BUFFER_BYTES, Delay

if TYPE_CHECKING:
    from simulator.world.sockets import Stack


class UdpLink(asyncio.DatagramProtocol):
    """Looks like a `Link` to the modem. What is lost in the air is lost without a word."""

    host, alive = "", True

    def __init__(self, number: int, port: int, manual: bool, stack: Stack) -> None:
        self.number, self.port, self.manual = number, port, manual
        self.buffer = bytearray()
        self.told = False
        self.transport: asyncio.DatagramTransport | None = None
        self._stack = stack
        self._lost = False
        self._in, self._out = Delay(stack.one_way_s), Delay(stack.one_way_s)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def datagram_received(self, data: bytes, addr: tuple) -> None:
        if not self._unheard():
            self._in.push(partial(self._arrive, data))

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there: as with every datagram, nobody tells the modem."""

    def _arrive(self, data: bytes) -> None:
        if len(self.buffer) + len(data) <= BUFFER_BYTES:
            self.buffer += data
            self._stack.listener.arrived(self)  # type: ignore[arg-type]

    def send(self, data: bytes, to: tuple[str, int]) -> int:
        if not self._unheard():
            self._out.push(partial(self._leave, data, to))
        return len(data)

    def _leave(self, data: bytes, to: tuple[str, int]) -> None:
        if self.transport:
            self.transport.sendto(data, to)

    def _unheard(self) -> bool:
        return self._lost or self._stack.radio.outage is not None

    def read(self, size: int) -> bytes:
        data = bytes(self.buffer[:size])
        del self.buffer[:size]
        self.told = bool(self.buffer)
        return data

    def hold(self, held: bool) -> None:
        self._in.hold(held)
        self._out.hold(held)

    def cut(self) -> None:
        self._lost = True

    def close(self) -> None:
        self._in.stop()
        self._out.stop()
        if self.transport:
            self.transport.close()
            self.transport = None

    def reset(self, reason: int | None) -> None:
        if reason is None:
            self.close()

"""One connection of the modem's TCP/IP stack: a real socket seen through the delays of the air.

What is received waits in a bounded buffer until it is read; a full one stops the reading from TCP,
so that the other side feels it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from simulator.world.sockets import Stack

BUFFER_BYTES = 8_192  # each way
BY_HOST, BY_PEER, SEND_TIMEOUT = 0, 1, 2  # reasons in +IPCLOSE


class Listener(Protocol):
    def arrived(self, link: Link) -> None: ...

    def closed(self, link: Link, reason: int) -> None: ...


class Delay:
    """Things under way for a fixed time, in order; nothing moves while it is held."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._loop = asyncio.get_running_loop()
        self._seconds = seconds
        self._queue: deque[tuple[float, Callable[[], None]]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._held = False

    def push(self, what: Callable[[], None]) -> None:
        self._queue.append((self._loop.time() + self._seconds(), what))
        self._run()

    def hold(self, held: bool) -> None:
        self._held = held
        self._run()

    def stop(self) -> None:
        self._queue.clear()
        if self._timer:
            self._timer.cancel()

    def _run(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        while self._queue and not self._held:
            due, what = self._queue[0]
            if due > self._loop.time():
                self._timer = self._loop.call_at(due, self._run)
                return
            self._queue.popleft()
            what()


def hang_up(transport: asyncio.Transport) -> None:
    """Ends a connection with a RST, which the peer cannot mistake for an orderly end."""
    raw = transport.get_extra_info("socket")
    with contextlib.suppress(OSError):
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


class Link(asyncio.BufferedProtocol):
    """One connection. `manual` is the mode of AT+CIPRXGET at the moment of opening."""

    def __init__(self, number: int, peer: tuple[str, int], manual: bool, stack: Stack) -> None:
        self.number = number
        self.host, self.port = peer
        self.manual = manual
        self.buffer = bytearray()
        self.told = False  # the arrival was reported and the buffer not read dry since
        self.alive = False
        self.transport: asyncio.Transport | None = None
        self._cut = False  # half-open: the peer hears nothing and is not heard
        self._stack = stack
        self._incoming = 0
        self._outgoing = 0
        self._scratch = bytearray(2_048)
        self._in, self._out = Delay(stack.one_way_s), Delay(stack.one_way_s)
        self._in.hold(True)  # until the opening was reported
        self._give_up: asyncio.TimerHandle | None = None

    # -- from the network ---------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self.alive = True
        self._stack.meter.opened()

    def _room(self) -> int:
        return BUFFER_BYTES - len(self.buffer) - self._incoming

    def get_buffer(self, sizehint: int) -> memoryview:
        return memoryview(self._scratch)[: max(1, min(len(self._scratch), self._room()))]

    def buffer_updated(self, nbytes: int) -> None:
        self._incoming += nbytes
        self._stack.meter.down(nbytes)
        self._in.push(partial(self._arrive, bytes(self._scratch[:nbytes])))
        if self._room() <= 0 and self.transport:
            self.transport.pause_reading()

    def _arrive(self, data: bytes) -> None:
        self._incoming -= len(data)
        self.buffer += data
        self._stack.listener.arrived(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self._stack.meter.closed()
        self._stack.leaving.discard(self)
        if self.alive and not self._cut:
            self._in.push(partial(self._ended, BY_PEER))

    def _ended(self, reason: int) -> None:
        if self.alive:
            self.alive = False
            self._stop()
            self._stack.listener.closed(self, reason)

    # -- from the modem -----------------------------------------------------------------------

    def send(self, data: bytes) -> int:
        """Takes what the send buffer has room for: bytes taken, or −1 on a dead connection."""
        if not self.alive or (self.transport is None and not self._cut):
            return -1
        waiting = self.transport.get_write_buffer_size() if self.transport else 0
        data = data[: max(0, BUFFER_BYTES - self._outgoing - waiting)]
        self._outgoing += len(data)
        if self._cut:
            self._doubt()
        else:
            self._out.push(partial(self._leave, data))
        return len(data)

    def _leave(self, data: bytes) -> None:
        self._outgoing -= len(data)
        self._stack.meter.up(len(data))
        if self.transport:
            self.transport.write(data)

    def _doubt(self) -> None:
        """Nothing acknowledges: after a time the stack gives the connection up."""
        if self._give_up is None:
            loop = asyncio.get_running_loop()
            self._give_up = loop.call_later(self._stack.send_timeout_s, self._ended, SEND_TIMEOUT)

    def read(self, size: int) -> bytes:
        data = bytes(self.buffer[:size])
        del self.buffer[:size]
        if not self.buffer:
            self.told = False
        if self._room() > 0 and self.transport and not self._cut:
            self.transport.resume_reading()
        return data

    def hold(self, held: bool) -> None:
        """No cell: nothing moves, nothing is lost."""
        if not self._cut:
            self._in.hold(held)
            self._out.hold(held)

    def cut(self) -> None:
        """Half-open from now on; what is under way is lost. The peer is not told, now or later."""
        self._cut = True
        self._in.stop()
        self._out.stop()
        if self.transport:
            self.transport.pause_reading()
            self._stack.bury(self.transport)

    def close(self) -> None:
        """An orderly end: what was taken for sending still leaves."""
        self.alive = False
        self._in.stop()
        if self.transport and not self._cut:
            self._stack.leaving.add(self)
            self._out.push(self.transport.close)

    def reset(self, reason: int | None) -> None:
        """A RST to the peer; the modem is told the reason, if any."""
        if self.transport and not self._cut:
            self._cut = True
            hang_up(self.transport)
        if reason is None:
            self.alive = False
            self._stop()
        else:
            self._ended(reason)

    def _stop(self) -> None:
        self._in.stop()
        self._out.stop()
        if self._give_up:
            self._give_up.cancel()

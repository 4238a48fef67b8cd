"""The internet behind the radio: real TCP, or one made of memory where the world owns the time.

Both are a `Dial`: `await dial(protocol, host, port)` connects, or raises an OSError; and give
`Datagrams`: `await datagrams(protocol)`.
"""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from typing import Any

KERNEL_BYTES = 8_192  # asked of the kernel below, so that a full buffer is soon felt

Dial = Callable[[asyncio.BaseProtocol, str, int], Awaitable[None]]
Datagrams = Callable[[asyncio.DatagramProtocol], Awaitable[None]]
Accept = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]
Answer = Callable[[bytes], bytes | None]


async def real(protocol: asyncio.BaseProtocol, host: str, port: int) -> None:
    """Over this computer's own TCP; `host` is an address."""
    loop = asyncio.get_running_loop()
    raw = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        raw.setblocking(False)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KERNEL_BYTES)
        await loop.sock_connect(raw, (host, port))
        await loop.create_connection(lambda: protocol, sock=raw)
    except BaseException:
        raw.close()
        raise


async def real_datagrams(protocol: asyncio.DatagramProtocol) -> None:
    """A UDP socket of this computer."""
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: protocol, local_addr=("127.0.0.1", 0))


class Network:
    """Hosts in memory. What is written arrives at the same moment, in order, whole.

    `listen(host, port, accept)`: `accept(reader, writer)` as with asyncio.start_server.
    `answer(host, port, how)`: `how(datagram)` gives the datagram that goes back, None = none.
    """

    def __init__(self) -> None:
        self._hosts: dict[tuple[str, int], Accept] = {}
        self._answers: dict[tuple[str, int], Answer] = {}

    def answer(self, host: str, port: int, how: Answer) -> None:
        self._answers[host, port] = how

    async def datagrams(self, protocol: asyncio.DatagramProtocol) -> None:
        protocol.connection_made(_Datagrams(protocol, self._answers))

    def listen(self, host: str, port: int, accept: Accept) -> None:
        self._hosts[host, port] = accept

    def close(self, host: str, port: int) -> None:
        """From now on refused; what is connected stays."""
        self._hosts.pop((host, port), None)

    async def dial(self, protocol: asyncio.BaseProtocol, host: str, port: int) -> None:
        accept = self._hosts.get((host, port))
        if accept is None:
            raise ConnectionRefusedError(f"{host}:{port}")
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=1 << 16)
        near, far = _End(protocol), _End(asyncio.StreamReaderProtocol(reader, accept))
        near.peer, far.peer = far, near
        far.protocol.connection_made(far)
        near.protocol.connection_made(near)
        loop.call_soon(far.flush)


class _Socket:
    """Takes what is set on a socket, and does nothing."""

    def setsockopt(self, *_: object) -> None:
        pass


class _Datagrams(asyncio.DatagramTransport):
    def __init__(self, protocol: asyncio.DatagramProtocol, answers: dict) -> None:
        super().__init__()
        self._protocol, self._answers = protocol, answers

    def sendto(self, data: bytes, addr: tuple[str, int] | None = None) -> None:
        how = self._answers.get(addr)
        back = how(data) if how else None
        if back is not None:
            loop = asyncio.get_running_loop()
            loop.call_soon(self._protocol.datagram_received, back, addr)

    def close(self) -> None:
        self._answers = {}


class _End(asyncio.Transport):
    peer: "_End"
    _start_tls_compatible = True  # what asyncio's TLS asks of the transport below it

    def __init__(self, protocol: Any) -> None:
        super().__init__({"socket": _Socket(), "peername": ("10.87.3.21", 40_000)})
        self.protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._incoming = bytearray()
        self._eof = self._closing = self._lost = self._paused = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._closing and not self.peer._lost:
            self.peer._incoming += data
            self._loop.call_soon(self.peer.flush)

    def flush(self) -> None:
        """Hands over what has come, as far as the protocol takes it."""
        while self._incoming and not self._paused and not self._lost:
            if isinstance(self.protocol, asyncio.BufferedProtocol):
                room = self.protocol.get_buffer(-1)
                size = min(len(room), len(self._incoming))
                room[:size] = self._incoming[:size]
                del self._incoming[:size]
                self.protocol.buffer_updated(size)
            else:
                data = bytes(self._incoming)
                self._incoming.clear()
                self.protocol.data_received(data)
        if self._eof and not self._incoming:
            self._end(None)

    def pause_reading(self) -> None:
        self._paused = True

    def resume_reading(self) -> None:
        self._paused = False
        self._loop.call_soon(self.flush)

    def is_reading(self) -> bool:
        return not self._paused

    def is_closing(self) -> bool:
        return self._closing

    def get_write_buffer_size(self) -> int:
        return 0 if self.peer._lost else len(self.peer._incoming)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def can_write_eof(self) -> bool:
        return False

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def get_protocol(self) -> Any:
        return self.protocol

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self.peer._eof = True
            self._loop.call_soon(self.peer.flush)
            self._loop.call_soon(self._end, None)

    def abort(self) -> None:
        if not self._lost:
            self._closing = True
            self._loop.call_soon(self.peer._end, ConnectionResetError("reset by peer"))
            self._loop.call_soon(self._end, None)

    def _force_close(self, error: BaseException | None) -> None:
        """As asyncio's TLS calls it when the handshake fails."""
        self.abort()

    def _end(self, error: Exception | None) -> None:
        if not self._lost:
            self._lost = self._closing = True
            self._incoming.clear()
            with contextlib.suppress(OSError):
                self.protocol.connection_lost(error)
            if not self.peer._closing:
                self.peer._eof = True
                self._loop.call_soon(self.peer.flush)

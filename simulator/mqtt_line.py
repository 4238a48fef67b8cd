"""The smallest MQTT 3.1.1 client for load: an asyncio protocol, QoS 1 both ways.

`heard(body)` gets each message that came; it was acknowledged before. `publish` gives a future
that is done when the broker has acknowledged, or broken when the line is.
"""

import asyncio
import socket
from collections.abc import Callable

_CONNECT, _CONNACK, _PUBLISH, _PUBACK = 0x10, 0x20, 0x30, 0x40
_SUBSCRIBE, _SUBACK, _PING, _DISCONNECT = 0x82, 0x90, 0xC0, 0xE0
_KEEPALIVE_S = 300
_LAST_ID = 65_535


class LineBroken(ConnectionError):
    """The broker refused us, or the connection is gone."""


class Line(asyncio.Protocol):
    """One connection; `connect` makes it."""

    def __init__(self, heard: Callable[[bytes], None], gone: Callable[[], None]) -> None:
        self._heard, self._gone = heard, gone
        self._rest = b""
        self._id = 0
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def connect(
        cls,
        address: tuple[str, int],
        user: str,
        password: str,
        *,
        up: str,
        down: str,
        will: bytes,
        heard: Callable[[bytes], None],
        gone: Callable[[], None],
        timeout_s: float = 20,
    ) -> "Line":
        """Logged in and subscribed to `down`; LineBroken if not. The will goes to `up`."""
        loop = asyncio.get_running_loop()
        line = cls(heard, gone)
        try:
            async with asyncio.timeout(timeout_s):
                await loop.create_connection(lambda: line, *address)
                line._send(_CONNECT, _hello(user, password, up, will))
                await line._ready
                line._ready = loop.create_future()
                line._send(_SUBSCRIBE, b"\x00\x01" + _text(down.encode()) + b"\x01")
                await line._ready
        except (OSError, TimeoutError) as error:
            line.close(rough=True)
            raise LineBroken(str(error)) from error
        except asyncio.CancelledError:
            line.close(rough=True)
            raise
        line._id = 1
        return line

    def publish(self, topic: str, body: bytes) -> "asyncio.Future[None]":
        """QoS 1; done with the PUBACK."""
        self._id = self._id % _LAST_ID + 1
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._transport is None or self._transport.is_closing():
            future.set_exception(LineBroken("no line"))
            return future
        self._waiting[self._id] = future
        self._send(_PUBLISH | 2, _text(topic.encode()) + self._id.to_bytes(2, "big") + body)
        return future

    def ping(self) -> None:
        self._send(_PING, b"")

    def close(self, rough: bool = False) -> None:
        """End it; `rough` = as a module without mains does, so that the will goes out."""
        if self._transport is None:
            return
        if rough:
            self._transport.abort()
        else:
            self._send(_DISCONNECT, b"")
            self._transport.close()

    # --- asyncio's ------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        broken = LineBroken("the line is gone")
        for future in (self._ready, *self._waiting.values()):
            if not future.done():
                future.set_exception(broken)
                future.exception()  # whoever waits hears it; nobody else is told
        self._waiting.clear()
        self._gone()

    def data_received(self, data: bytes) -> None:
        data = self._rest + data if self._rest else data
        place = 0
        while (found := _packet(data, place)) is not None:
            first, start, place = found
            self._take(first, data[start:place])
        self._rest = data[place:]

    def _take(self, first: int, body: bytes) -> None:
        kind = first & 0xF0
        if kind == _PUBLISH:
            self._message(first, body)
        elif kind == _PUBACK:
            future = self._waiting.pop(int.from_bytes(body[:2], "big"), None)
            if future is not None and not future.done():
                future.set_result(None)
        elif kind == _CONNACK and body[1] and not self._ready.done():
            self._ready.set_exception(LineBroken(f"refused: {body[1]}"))
        elif kind in (_CONNACK, _SUBACK) and not self._ready.done():
            self._ready.set_result(None)

    def _message(self, first: int, body: bytes) -> None:
        after = 2 + int.from_bytes(body[:2], "big")
        if first & 0x06:
            self._send(_PUBACK, body[after : after + 2])
            after += 2
        self._heard(body[after:])

    def _send(self, first: int, body: bytes) -> None:
        if self._transport is not None:
            self._transport.write(bytes((first,)) + _length(len(body)) + body)


def _hello(user: str, password: str, up: str, will: bytes) -> bytes:
    """Clean session, will with QoS 1, user and password."""
    head = _text(b"MQTT") + b"\x04\xce" + _KEEPALIVE_S.to_bytes(2, "big")
    parts = (user.encode(), up.encode(), will, user.encode(), password.encode())
    return head + b"".join(map(_text, parts))


def _text(raw: bytes) -> bytes:
    return len(raw).to_bytes(2, "big") + raw


def _length(number: int) -> bytes:
    out = bytearray()
    while True:
        number, low = divmod(number, 128)
        out.append(low | (0x80 if number else 0))
        if not number:
            return bytes(out)


def _packet(data: bytes, place: int) -> tuple[int, int, int] | None:
    """(first byte, start of the body, end) of the packet at `place`; None: not whole yet."""
    length, shift, at = 0, 0, place + 1
    while at < len(data):
        length |= (data[at] & 0x7F) << shift
        at += 1
        if not data[at - 1] & 0x80:
            return None if at + length > len(data) else (data[place], at, at + length)
        shift += 7
    return None

"""The smallest MQTT 3.1.1 broker that a terminal is content with: for faults of the way to it.

It knows one terminal, asks it something now and then, and writes down what comes back.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable

CONNECT, PUBLISH, SUBSCRIBE, PINGREQ, DISCONNECT = 0x10, 0x30, 0x80, 0xC0, 0xE0


class Broker:
    """`accept` serves one connection; a later one takes over. `heard(body)` gets each message."""

    def __init__(self, heard: Callable[[dict], None]) -> None:
        self._heard = heard
        self._writer: asyncio.StreamWriter | None = None
        self._topic = b""
        self._id = 0
        self.silent = False  # takes everything and says nothing
        self.refuses = False
        self.connects = 0

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._writer:
            self._writer.close()
        self._writer, self._topic = writer, b""
        ends = (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError)
        with contextlib.suppress(*ends):
            while True:
                first, body = await _packet(reader)
                answer = self._answer(first, body)
                if answer and not self.silent:
                    writer.write(answer)
        writer.close()
        with contextlib.suppress(*ends):
            await writer.wait_closed()  # however it ended

    def drop(self) -> None:
        """Ends the connection that stands."""
        if self._writer:
            self._writer.close()

    def publish(self, body: bytes) -> None:
        """At QoS 1 to the terminal's own topic, if it is there."""
        writer = self._writer
        if writer and not writer.is_closing() and self._topic and not self.silent:
            self._id = self._id % 60_000 + 1
            whole = _text(self._topic) + self._id.to_bytes(2, "big") + body
            writer.write(bytes([PUBLISH | 2]) + _length(len(whole)) + whole)

    def _answer(self, first: int, body: bytes) -> bytes:
        kind = first & 0xF0
        if kind == CONNECT:
            self.connects += 1
            return b"\x20\x02\0\x03" if self.refuses else b"\x20\x02\0\0"
        if kind == SUBSCRIBE:
            size = int.from_bytes(body[2:4], "big")
            self._topic = body[4 : 4 + size]
            return b"\x90\x03" + body[:2] + b"\x01"
        if kind == PUBLISH:
            size = int.from_bytes(body[:2], "big")
            with contextlib.suppress(ValueError):
                self._heard(json.loads(body[4 + size :]))
            return b"\x40\x02" + body[2 + size : 4 + size]
        return b"\xd0\0" if kind == PINGREQ else b""


async def _packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    first = (await reader.readexactly(1))[0]
    size = shift = 0
    while True:
        byte = (await reader.readexactly(1))[0]
        size |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return first, await reader.readexactly(size)


def _length(size: int) -> bytes:
    digits = bytearray()
    while True:
        size, digit = divmod(size, 128)
        digits.append(digit | (0x80 if size else 0))
        if not size:
            return bytes(digits)


def _text(value: bytes) -> bytes:
    return len(value).to_bytes(2, "big") + value

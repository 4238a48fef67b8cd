"""What the broker still owes one client: messages that wait, messages not yet acknowledged."""

import asyncio
from collections import deque
from typing import Protocol

from cloud.mqtt.limits import Quota
from cloud.mqtt.packets import Message, publish_bytes
from cloud.mqtt.rights import Account


class Line(Protocol):
    """The connection that a session writes to."""

    def ready(self) -> bool:
        """Whether the socket still takes bytes; if not, `pump` is called when it does."""

    def write(self, data: bytes) -> None:
        """Hand bytes to the socket."""

    def cut(self, why: str) -> None:
        """Close at once."""


class Session:
    """The way out to one client (section 4.4). It never waits and never grows over its quota.

    A session that is not `clean` outlives its connection: what was not acknowledged goes out
    again on the next one, marked as sent before.
    """

    def __init__(self, account: Account, quota: Quota, clean: bool) -> None:
        self.account = account
        self.clean = clean
        self.line: Line | None = None
        self.room = asyncio.Event()
        self.room.set()
        self._quota = quota
        self._waiting: deque[Message] = deque()
        self._flying: dict[int, Message] = {}
        self._bytes = 0
        self._last_id = 0

    def offer(self, message: Message) -> bool:
        """Take the message on; False if there is no room (then `room` tells when there is)."""
        if self._full():
            self.room.clear()
            return False
        self._waiting.append(message)
        self._bytes += message.size
        self.pump()
        return True

    def attach(self, line: Line) -> None:
        """Go on over a new connection, first with what was not acknowledged on the old one."""
        self.line = line
        for packet_id, message in self._flying.items():
            line.write(publish_bytes(message, packet_id, again=True))
        self.pump()

    def detach(self) -> None:
        """The connection is gone."""
        self.line = None
        if self.clean:
            self._waiting.clear()
            self._flying.clear()
            self._bytes = 0
            self.room.set()

    def acknowledged(self, packet_id: int) -> None:
        """A PUBACK came; one for an unknown packet is ignored."""
        message = self._flying.pop(packet_id, None)
        if message is not None:
            self._bytes -= message.size
            self.pump()

    def pump(self) -> None:
        """Send what may be sent now."""
        while self._waiting and self.line is not None and self.line.ready():
            if self._waiting[0].qos and len(self._flying) >= self._quota.in_flight:
                break
            self._send(self.line, self._waiting.popleft())
        if self._roomy():
            self.room.set()

    def _send(self, line: Line, message: Message) -> None:
        if message.qos:
            line.write(publish_bytes(message, self._fly(message)))
        else:
            line.write(publish_bytes(message, None))
            self._bytes -= message.size

    def _fly(self, message: Message) -> int:
        self._last_id = self._last_id % 65535 + 1
        while self._last_id in self._flying:
            self._last_id = self._last_id % 65535 + 1
        self._flying[self._last_id] = message
        return self._last_id

    def _full(self) -> bool:
        return len(self._waiting) >= self._quota.messages or self._bytes >= self._quota.bytes

    def _roomy(self) -> bool:
        # Half empty, not "one place free": else every PUBACK would wake everyone who waits.
        most, most_bytes = self._quota.messages // 2, self._quota.bytes // 2
        return len(self._waiting) <= most and self._bytes <= most_bytes

"""A raw MQTT 3.1.1 client: it does what it is told, also what no decent client would."""

import socket
import struct
from collections import deque
from dataclasses import dataclass
from typing import Any

CONNACK, PUBLISH, PUBACK, PUBREC, PUBCOMP = 2, 3, 4, 5, 7
SUBACK, UNSUBACK, PINGRESP = 9, 11, 13


def text(value: str | bytes) -> bytes:
    """A length-prefixed string (section 1.5.3)."""
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("!H", len(raw)) + raw


def packet(first: int, body: bytes) -> bytes:
    """First byte, remaining length (section 2.2.3), body."""
    length, rest = b"", len(body)
    while True:
        rest, digit = rest >> 7, rest & 127
        length += bytes([digit | (128 if rest else 0)])
        if not rest:
            return bytes([first]) + length + body


@dataclass
class Arrived:
    """A PUBLISH that came."""

    topic: str
    payload: bytes
    qos: int
    packet_id: int | None
    again: bool


class Closed(Exception):
    """The broker closed the connection."""


class RawClient:
    """One TCP connection; everything blocks, at most `timeout_s`."""

    def __init__(self, port: int, timeout_s: float = 30.0) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout_s)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.timeout_s = timeout_s
        self.inbox: deque[Arrived] = deque()
        self._buffer = b""
        self._last_id = 0

    # --- what a client says ---

    def connect(
        self,
        client_id: str,
        user: str = "",
        password: str = "",
        *,
        keepalive_s: int = 60,
        will: tuple[str, bytes] | None = None,
        clean: bool = True,
        level: int = 4,
    ) -> int:
        """CONNECT, and the return code of the CONNACK."""
        return self.connect_flags(client_id, user, password, keepalive_s, will, clean, level)[1]

    def connect_flags(self, *said: Any) -> tuple[int, int]:
        """CONNECT, and (session present, return code) of the CONNACK."""
        self.send(connect_bytes(*said))
        return tuple(self.expect(CONNACK))

    def subscribe(self, *filters: str, qos: int = 1) -> list[int]:
        """SUBSCRIBE, and the return codes."""
        body = b"".join(text(one) + bytes([qos]) for one in filters)
        self.send(packet(0x82, struct.pack("!H", self._next_id()) + body))
        return list(self.expect(SUBACK)[2:])

    def unsubscribe(self, *filters: str) -> None:
        body = b"".join(text(one) for one in filters)
        self.send(packet(0xA2, struct.pack("!H", self._next_id()) + body))
        self.expect(UNSUBACK)

    def publish(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False) -> None:
        """PUBLISH, and with QoS 1 wait for the PUBACK."""
        packet_id = self.post(topic, payload, qos, retain)
        if qos:
            assert self.expect(PUBACK) == struct.pack("!H", packet_id)

    def post(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False) -> int:
        """PUBLISH without waiting; the packet id."""
        packet_id = self._next_id() if qos else 0
        head = text(topic) + (struct.pack("!H", packet_id) if qos else b"")
        self.send(packet(0x30 | qos << 1 | retain, head + payload))
        return packet_id

    def acknowledge(self, message: Arrived) -> None:
        self.send(packet(0x40, struct.pack("!H", message.packet_id)))

    def ping(self) -> None:
        self.send(packet(0xC0, b""))
        self.expect(PINGRESP)

    def disconnect(self) -> None:
        """A clean goodbye."""
        self.send(packet(0xE0, b""))
        self.close()

    def send(self, raw: bytes) -> None:
        """Any bytes at all."""
        self.sock.sendall(raw)

    def reset(self) -> None:
        """RST, as when a phone mast forgets us."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self) -> None:
        self.sock.close()

    # --- what the broker says ---

    def receive(self, timeout_s: float | None = None, ack: bool = True) -> Arrived | None:
        """The next message; None if none comes in time."""
        if not self.inbox:
            try:
                self._one(timeout_s)
            except TimeoutError:
                return None
        message = self.inbox.popleft()
        if ack and message.packet_id:
            self.acknowledge(message)
        return message

    def expect(self, kind: int) -> bytes:
        """The body of the next packet of this kind; messages before it go to the inbox."""
        while True:
            got, body = self._packet(self.timeout_s)
            if got == kind:
                return body
            assert self._keep(got, body), f"packet type {got}, not {kind}"

    def is_closed(self, timeout_s: float = 30.0) -> bool:
        """Whether the broker closes the connection in time; what else it says is thrown away."""
        self.sock.settimeout(timeout_s)
        try:
            while self.sock.recv(65536):
                pass
        except TimeoutError:
            return False
        except OSError:
            pass
        return True

    def _one(self, timeout_s: float | None) -> None:
        while not self.inbox:
            kind, body = self._packet(self.timeout_s if timeout_s is None else timeout_s)
            self._keep(kind, body)

    def _keep(self, kind: int, body: bytes) -> bool:
        if kind != PUBLISH:
            return False
        flags, body = body[0], body[1:]
        length = struct.unpack("!H", body[:2])[0]
        topic, rest = body[2 : 2 + length].decode(), body[2 + length :]
        qos, packet_id = flags >> 1 & 3, None
        if qos:
            packet_id, rest = struct.unpack("!H", rest[:2])[0], rest[2:]
        self.inbox.append(Arrived(topic, rest, qos, packet_id, bool(flags & 8)))
        return True

    def _packet(self, timeout_s: float) -> tuple[int, bytes]:
        """(type, body); the body of a PUBLISH begins with its flags."""
        self.sock.settimeout(timeout_s)
        first = self._take(1)[0]
        length = shift = 0
        while True:
            digit = self._take(1)[0]
            length |= (digit & 127) << shift
            shift += 7
            if digit < 128:
                break
        body = self._take(length)
        return first >> 4, (bytes([first & 15]) + body if first >> 4 == PUBLISH else body)

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            try:
                more = self.sock.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                raise Closed
            self._buffer += more
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def _next_id(self) -> int:
        self._last_id = self._last_id % 65535 + 1
        return self._last_id


def connect_bytes(
    client_id: str,
    user: str = "",
    password: str = "",
    keepalive_s: int = 60,
    will: tuple[str, bytes] | None = None,
    clean: bool = True,
    level: int = 4,
) -> bytes:
    """A CONNECT (section 3.1); wills have QoS 1."""
    flags, payload = 2 * clean, text(client_id)
    if will:
        flags |= 0x0C
        payload += text(will[0]) + text(will[1])
    if user:
        flags |= 0xC0
        payload += text(user) + text(password)
    return packet(0x10, text("MQTT") + struct.pack("!BBH", level, flags, keepalive_s) + payload)

"""The broker's end of an MQTT 3.1.1 connection, written from the standard alone."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

CONNECT, CONNACK, PUBLISH, PUBACK = 0x10, 0x20, 0x30, 0x40
SUBSCRIBE, SUBACK, PINGREQ, PINGRESP = 0x80, 0x90, 0xC0, 0xD0


def packet(first: int, body: bytes) -> bytes:
    """MQTT 3.1.1, 2.2: fixed header with the remaining length in one to four bytes."""
    size, head = len(body), bytearray([first])
    while True:
        size, digit = divmod(size, 128)
        head.append(digit | (0x80 if size else 0))
        if not size:
            return bytes(head) + body


def text(value: bytes) -> bytes:
    return len(value).to_bytes(2, "big") + value


def publish(topic: bytes, body: bytes, id: int = 1, qos: int = 1, dup: bool = False) -> bytes:
    numbered = id.to_bytes(2, "big") if qos else b""
    return packet(PUBLISH | qos << 1 | dup << 3, text(topic) + numbered + body)


class Connect(NamedTuple):
    """What a CONNECT says (3.1)."""

    client: bytes
    user: bytes
    password: bytes
    keepalive: int
    clean: bool
    will_topic: bytes
    will_body: bytes
    will_qos: int


class Message(NamedTuple):
    topic: bytes
    body: bytes
    id: int


@dataclass
class Peer:
    """Answers as a broker does; what is in `mute` stays without an answer.

    `on_message(link, message)` is called for each PUBLISH before its PUBACK.
    """

    connack: int = 0
    suback: int = 1
    mute: set[int] = field(default_factory=set)
    on_message: Callable[["Link", Message], None] | None = None
    connects: list[Connect] = field(default_factory=list)
    subscribed: list[bytes] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)
    pings: int = 0
    links: list["Link"] = field(default_factory=list)

    def open(self, say: Callable[[bytes], None]) -> "Link":
        """A new connection; `say(bytes)` carries what the broker says."""
        self.links.append(Link(self, say))
        return self.links[-1]

    @property
    def link(self) -> "Link":
        return self.links[-1]

    def bodies(self) -> list[bytes]:
        return [message.body for message in self.messages]


class Link:
    def __init__(self, peer: Peer, say: Callable[[bytes], None]) -> None:
        self.peer = peer
        self.say = say
        self.id = 0
        self._buffer = b""

    def send(self, topic: bytes, body: bytes) -> int:
        """Publishes at QoS 1; the packet id."""
        self.id += 1
        self.say(publish(topic, body, self.id))
        return self.id

    def hear(self, data: bytes) -> None:
        """Bytes from the terminal, in any pieces."""
        self._buffer += data
        while (taken := self._first()) is not None:
            first, body = taken
            self._take(first, body)

    def _first(self) -> tuple[int, bytes] | None:
        size = shift = 0
        for at in range(1, 5):
            if at >= len(self._buffer):
                return None
            size |= (self._buffer[at] & 0x7F) << shift
            shift += 7
            if not self._buffer[at] & 0x80:
                break
        end = at + 1 + size
        if len(self._buffer) < end:
            return None
        first, body = self._buffer[0], self._buffer[at + 1 : end]
        self._buffer = self._buffer[end:]
        return first, body

    def _take(self, first: int, body: bytes) -> None:
        kind, peer = first & 0xF0, self.peer
        if kind == CONNECT:
            assert first == 0x10
            peer.connects.append(_connect(body))
            self._answer(kind, packet(CONNACK, bytes([0, peer.connack])))
        elif kind == SUBSCRIBE:
            assert first == 0x82
            length = int.from_bytes(body[2:4], "big")
            assert len(body) == 5 + length and body[-1] == 1
            peer.subscribed.append(body[4:-1])
            self._answer(kind, packet(SUBACK, body[:2] + bytes([peer.suback])))
        elif kind == PUBLISH:
            assert first in (0x30, 0x32)
            light = first == 0x30
            length = int.from_bytes(body[:2], "big")
            id = 0 if light else int.from_bytes(body[2 + length : 4 + length], "big")
            message = Message(body[2 : 2 + length], body[(2 if light else 4) + length :], id)
            peer.messages.append(message)
            if peer.on_message:
                peer.on_message(self, message)
            if not light:
                self._answer(kind, packet(PUBACK, id.to_bytes(2, "big")))
        elif kind == PUBACK:
            peer.acknowledged.append(int.from_bytes(body, "big"))
        elif kind == PINGREQ:
            assert (first, body) == (0xC0, b"")
            peer.pings += 1
            self._answer(kind, packet(PINGRESP, b""))
        else:
            raise AssertionError(f"packet {first:#x} from the terminal")

    def _answer(self, kind: int, answer: bytes) -> None:
        if kind not in self.peer.mute:
            self.say(answer)


def _connect(body: bytes) -> Connect:
    """3.1.2, 3.1.3: protocol name and level, flags, keep alive, then the texts in their order."""
    assert body[:7] == b"\0\x04MQTT\x04"
    flags, keepalive = body[7], int.from_bytes(body[8:10], "big")
    assert flags & 1 == 0
    texts, at = [], 10
    while at < len(body):
        length = int.from_bytes(body[at : at + 2], "big")
        texts.append(body[at + 2 : at + 2 + length])
        at += 2 + length
    assert at == len(body)
    client = texts.pop(0)
    topic, will = (texts.pop(0), texts.pop(0)) if flags & 0x04 else (b"", b"")
    user = texts.pop(0) if flags & 0x80 else b""
    password = texts.pop(0) if flags & 0x40 else b""
    assert not texts
    return Connect(client, user, password, keepalive, bool(flags & 2), topic, will, flags >> 3 & 3)

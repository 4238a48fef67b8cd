"""MQTT 3.1.1 packets off a stream, with limits; amqtt decodes, this file says no.

amqtt reads a packet field by field from the socket, believes every declared length, and takes a
truncated packet for a short one. Here the declared length is judged first, then the body is read
whole, and only then is it decoded, from memory.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from amqtt.adapters import BufferReader, ReaderAdapter
from amqtt.codecs_amqtt import read_or_raise
from amqtt.errors import AMQTTError, CodecError, MQTTError, NoDataError
from amqtt.mqtt import packet as kinds
from amqtt.mqtt import packet_class
from amqtt.mqtt.connect import ConnectPacket
from amqtt.mqtt.packet import MQTTFixedHeader, MQTTPacket
from amqtt.mqtt.publish import PublishPacket
from amqtt.mqtt.subscribe import SubscribePacket
from amqtt.mqtt.unsubscribe import UnsubscribePacket

Packet = MQTTPacket[Any, Any, Any]

_LEVEL_3_1_1 = 4
# Section 2.2.2: the low bits of the first byte are fixed for everything but PUBLISH.
_FLAGS = {kinds.SUBSCRIBE: 2, kinds.UNSUBSCRIBE: 2, kinds.PUBREL: 2}


class Closing(Exception):
    """Why the broker closes a connection; `word` is what it is tallied under."""

    word = "closed"


class Malformed(Closing):
    """What came is no MQTT 3.1.1, or more than is allowed."""

    word = "malformed"


class Gone(Exception):
    """The other end closed the connection, or the line broke."""


class Refused(Closing):
    """A CONNECT that is answered with return code `code` (section 3.2.2.3) before closing."""

    word = "refused log-in"

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


class Message(NamedTuple):
    """Something published: what it is about, what it says, how surely it is to arrive."""

    topic: str
    payload: bytes
    qos: int

    @property
    def size(self) -> int:
        """Bytes that it holds, near enough for a limit."""
        return len(self.topic) + len(self.payload)


@dataclass(frozen=True)
class Connect:
    """What a client says of itself (section 3.1); `will` is None without the will flag."""

    client_id: str
    user: str
    password: str
    clean: bool
    keepalive_s: int
    will: Message | None


async def read_packet(reader: ReaderAdapter, limit: int) -> Packet:
    """The next packet; Gone at the end of the stream, Malformed before a body over `limit`."""
    try:
        header = await MQTTFixedHeader.from_stream(reader)
    except MQTTError as error:
        raise Malformed(str(error)) from error
    if header is None:
        raise Gone
    if header.remaining_length > limit:
        raise Malformed(f"a packet of {header.remaining_length} bytes, at most {limit} allowed")
    if header.packet_type != kinds.PUBLISH and header.flags != _FLAGS.get(header.packet_type, 0):
        raise Malformed(f"packet type {header.packet_type} with flags {header.flags:04b}")
    try:
        body = await read_or_raise(reader, header.remaining_length)
    except NoDataError as error:
        raise Gone from error
    return await _decoded(header, body)


async def read_connect(reader: ReaderAdapter, limit: int) -> Connect:
    """The first packet of a connection (section 3.1); Refused where a return code is due."""
    packet = await read_packet(reader, limit)
    if not isinstance(packet, ConnectPacket):
        raise Malformed("the first packet is no CONNECT")
    header, payload = packet.variable_header, packet.payload
    if header.proto_name == "MQTT" and header.proto_level != _LEVEL_3_1_1:
        raise Refused(1, f"protocol level {header.proto_level}, only MQTT 3.1.1 is spoken")
    if header.proto_name != "MQTT" or header.reserved_flag:
        raise Malformed("the CONNECT is no MQTT 3.1.1")
    if payload.client_id_is_random and not header.clean_session_flag:
        raise Refused(2, "no client id, and yet a session to be kept")
    if header.username_flag and payload.username is None:
        raise Malformed("the user is missing")
    if header.password_flag and payload.password is None:
        raise Malformed("the password is missing")
    return Connect(
        client_id=payload.client_id,
        user=payload.username or "",
        password=payload.password or "",
        clean=header.clean_session_flag,
        keepalive_s=header.keep_alive,
        will=_will(packet) if header.will_flag else None,
    )


def published(packet: PublishPacket) -> Message:
    """The message of a PUBLISH; the retain flag is not looked at: nothing is retained here."""
    qos = packet.qos
    if qos == 3 or (qos and not packet.packet_id):
        raise Malformed("a PUBLISH without a packet id, or with QoS 3")
    return Message(packet.topic_name, packet.data, qos)


def subscriptions(packet: SubscribePacket) -> list[tuple[str, int]]:
    """(filter, QoS asked for) of a SUBSCRIBE; at least one."""
    wanted = packet.payload.topics
    if not wanted or any(qos > 2 for _, qos in wanted):
        raise Malformed("a SUBSCRIBE without topics, or with QoS above 2")
    return wanted


def unsubscriptions(packet: UnsubscribePacket) -> list[str]:
    """The filters of an UNSUBSCRIBE; at least one."""
    if not packet.payload.topics:
        raise Malformed("an UNSUBSCRIBE without topics")
    return packet.payload.topics


def publish_bytes(message: Message, packet_id: int | None, again: bool = False) -> bytes:
    """A PUBLISH as it goes over the wire; `packet_id` with QoS 1, `again` = sent before."""
    build = PublishPacket.build
    return build(message.topic, message.payload, packet_id, again, message.qos, False).to_bytes()


async def _decoded(header: MQTTFixedHeader, body: bytes) -> Packet:
    try:
        return await packet_class(header).from_stream(BufferReader(body), fixed_header=header)
    except (AMQTTError, CodecError, MQTTError, NoDataError, ValueError) as error:
        raise Malformed(f"packet type {header.packet_type}: {error}") from error


def _will(packet: ConnectPacket) -> Message:
    qos = (packet.variable_header.flags >> 3) & 3
    if qos == 3 or packet.will_topic is None or packet.will_message is None:
        raise Malformed("the will is missing, or has QoS 3")
    return Message(packet.will_topic, bytes(packet.will_message), min(qos, 1))

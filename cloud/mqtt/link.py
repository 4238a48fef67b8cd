"""One connected client: reads its packets one after the other, and watches its silence."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from amqtt.adapters import StreamReaderAdapter
from amqtt.mqtt import packet as kinds
from amqtt.mqtt.pingresp import PingRespPacket
from amqtt.mqtt.puback import PubackPacket
from amqtt.mqtt.pubcomp import PubcompPacket
from amqtt.mqtt.pubrec import PubrecPacket
from amqtt.mqtt.suback import SubackPacket
from amqtt.mqtt.unsuback import UnsubackPacket

from cloud.mqtt import packets
from cloud.mqtt.limits import Limits
from cloud.mqtt.packets import Connect, Malformed, Message, Packet
from cloud.mqtt.session import Session

log = logging.getLogger(__name__)

_PATIENCE = 1.5  # of the keepalive (MQTT-3.1.2-24)
_UNRELEASED = 100


class Hub(Protocol):
    """What a link asks of the switchboard."""

    limits: Limits

    async def publish(self, link: "Link", message: Message) -> None: ...
    def subscribe(self, session: Session, topic_filter: str, qos: int) -> int: ...
    def unsubscribe(self, session: Session, topic_filter: str) -> None: ...


class Link:
    """A connection that has logged in. `will` is what is published should it just vanish."""

    def __init__(
        self,
        hub: Hub,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        session: Session,
        connect: Connect,
    ) -> None:
        reader, self._writer = streams
        self._reader = StreamReaderAdapter(reader)
        self._transport = self._writer.transport
        self._transport.set_write_buffer_limits(high=hub.limits.write_buffer_bytes)
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._hub = hub
        self.session = session
        self.will = connect.will
        self.ended = ""  # why we closed it, empty while it is open or if the client did
        self._silence_s = connect.keepalive_s * _PATIENCE or hub.limits.silence_s
        self._heard = self._loop.time()
        self._busy = False
        self._watch = self._loop.call_later(self._silence_s, self._check_silence)
        self._draining: asyncio.Task[None] | None = None
        self._unreleased: set[int] = set()
        self._answers: dict[int, Callable[[Packet], Awaitable[None]]] = {
            kinds.PUBLISH: self._on_publish,
            kinds.PUBACK: self._on_puback,
            kinds.PUBREL: self._on_pubrel,
            kinds.SUBSCRIBE: self._on_subscribe,
            kinds.UNSUBSCRIBE: self._on_unsubscribe,
            kinds.PINGREQ: self._on_pingreq,
        }

    async def run(self) -> None:
        """Read until DISCONNECT. Gone, OSError or a reason for Closing otherwise."""
        limit = self._hub.limits.packet_bytes
        while True:
            packet = await packets.read_packet(self._reader, limit)
            self._heard = self._loop.time()
            kind = packet.fixed_header.packet_type
            if kind == kinds.DISCONNECT:
                self.will = None
                return
            answer = self._answers.get(kind)
            if answer is None:
                raise Malformed(f"packet type {kind} after the log-in")
            await answer(packet)
            if not self.ready():
                await self._writer.drain()

    def cut(self, why: str) -> None:
        """Close at once, whatever is going on; the reading task ends by itself."""
        if not self.ended:
            self.ended = why
            self._transport.abort()
            if self._task is not None:
                self._task.cancel()

    def close(self) -> None:
        """Let go of timers and socket; what was written last is still sent."""
        self._watch.cancel()
        if self._draining is not None:
            self._draining.cancel()
        if not self._transport.is_closing():
            self._transport.close()

    def ready(self) -> bool:
        """Whether the socket still takes bytes; if not, the session is pumped when it does."""
        if not self._congested():
            return True
        if self._draining is None or self._draining.done():
            self._draining = self._loop.create_task(self._drain())
        return False

    def write(self, data: bytes) -> None:
        """Hand bytes to the socket; a socket that is closing drops them."""
        if not self._transport.is_closing():
            self._transport.write(data)

    def _congested(self) -> bool:
        return self._transport.get_write_buffer_size() > self._hub.limits.write_buffer_bytes

    async def _drain(self) -> None:
        with contextlib.suppress(OSError):
            while self._congested():
                await self._writer.drain()
                self.session.pump()

    def _check_silence(self) -> None:
        left_s = self._heard + self._silence_s - self._loop.time()
        if self._busy or left_s > 0:
            pause_s = left_s if left_s > 0 else self._silence_s
            self._watch = self._loop.call_later(pause_s, self._check_silence)
        else:
            self.cut(f"nothing heard for {self._silence_s:g} s")

    async def _on_publish(self, packet: Packet) -> None:
        message = packets.published(packet)
        if message.qos == 2 and packet.packet_id in self._unreleased:
            self._reply(PubrecPacket.build(packet.packet_id))
            return
        self._busy = True  # it may have to wait for room: that is our silence, not the client's
        await self._hub.publish(self, message)
        self._busy, self._heard = False, self._loop.time()
        if message.qos == 1:
            self._reply(PubackPacket.build(packet.packet_id))
        elif message.qos == 2:
            self._hold(packet.packet_id)

    def _hold(self, packet_id: int) -> None:
        # QoS 2, method B of section 4.3.3: passed on already, only the id is kept until PUBREL.
        self._unreleased.add(packet_id)
        if len(self._unreleased) > _UNRELEASED:
            raise Malformed(f"more than {_UNRELEASED} messages of QoS 2 not released")
        self._reply(PubrecPacket.build(packet_id))

    async def _on_pubrel(self, packet: Packet) -> None:
        self._unreleased.discard(packet.packet_id)
        self._reply(PubcompPacket.build(packet.packet_id))

    async def _on_puback(self, packet: Packet) -> None:
        self.session.acknowledged(packet.packet_id)

    async def _on_subscribe(self, packet: Packet) -> None:
        wanted = packets.subscriptions(packet)
        granted = [self._hub.subscribe(self.session, *one) for one in wanted]
        self._reply(SubackPacket.build(packet.variable_header.packet_id, granted))

    async def _on_unsubscribe(self, packet: Packet) -> None:
        for topic_filter in packets.unsubscriptions(packet):
            self._hub.unsubscribe(self.session, topic_filter)
        self._reply(UnsubackPacket.build(packet.variable_header.packet_id))

    async def _on_pingreq(self, packet: Packet) -> None:
        self._reply(PingRespPacket.build())

    def _reply(self, packet: Packet) -> None:
        self.write(packet.to_bytes())

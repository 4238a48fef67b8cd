"""From the rooms to a terminal: fills the port `ground.send`."""

import logging
import secrets
from collections.abc import Callable

from cloud.link.terminals import Standing
from cloud.mqtt import iotda, topics
from cloud.mqtt.address import Address
from cloud.mqtt.client import Client, NotSent
from cloud.mqtt.login import CLOUD_USER
from cloud.mqtt.packets import Message

log = logging.getLogger(__name__)

# A packet over 4 kB makes a terminal close the link (protocol.md, section 1).
PACKET_BYTES = 4096
_FRAME_BYTES = 1 + 4 + 2 + 2  # first byte, length, topic length, packet id
_ANYWHERE = Standing("", iotda=False)


class BodyTooLong(ValueError):
    """A body that no terminal takes; it is not sent."""


class Sender:
    """Publishes to a terminal's own topic, QoS 1 (light: 0), without waiting for anybody.

    Call it after the commit. NotSent if no broker is reached just now: the command is a row
    in the database, and is sent again by the sweep.

    Of several brokers it takes the one on which the terminal last logged in, by `standing`. Where
    that one is not known or not there, all: who does not hold the terminal drops the message, and
    a terminal that hears it twice obeys once.
    """

    def __init__(
        self, *brokers: Address, standing: Callable[[str], Standing] | None = None
    ) -> None:
        self._standing = standing
        self._clients = {one.name: Client(one, _named(one)) for one in brokers}

    @property
    def connected(self) -> bool:
        """Whether a broker is reached."""
        return any(one.connected for one in self._clients.values())

    def wait_connected(self, timeout_s: float) -> bool:
        """Wait until every broker is reached; False if it took too long."""
        return all([one.wait_connected(timeout_s) for one in self._clients.values()])

    def start(self) -> None:
        """Connect; never before a fork."""
        for one in self._clients.values():
            one.start()

    def stop(self) -> None:
        """Disconnect."""
        for one in self._clients.values():
            one.stop()

    def __call__(self, device: str, body: bytes, light: bool = False) -> None:
        """Send `body`; NotSent without a connection, BodyTooLong for a body over the limit."""
        standing = self._standing(device) if self._standing else _ANYWHERE
        message = Message(topics.down(device), body, 0 if light else 1)
        if standing.iotda:
            message = iotda.down(device, message)
        if _FRAME_BYTES + len(message.topic) + len(message.payload) > PACKET_BYTES:
            raise BodyTooLong(f"{len(body)} bytes for {device}")
        for one in self._towards(standing.via):
            one.publish(message.topic, message.payload, message.qos)

    def _towards(self, via: str) -> list[Client]:
        there = self._clients.get(via)
        if there is not None and there.connected:
            return [there]
        reached = [one for one in self._clients.values() if one.connected]
        if not reached:
            raise NotSent(f"no connection to {', '.join(self._clients)}")
        return reached


def _named(broker: Address) -> str:
    user = "hanma" if broker.outside else CLOUD_USER
    return f"{user}-send-{secrets.token_hex(4)}"

"""From the rooms to a terminal: fills the port `ground.send`."""

import logging
import secrets

from cloud.mqtt import topics
from cloud.mqtt.address import Address
from cloud.mqtt.client import Client
from cloud.mqtt.login import CLOUD_USER

log = logging.getLogger(__name__)

# A packet over 4 kB makes a terminal close the link (protocol.md, section 1).
PACKET_BYTES = 4096
_FRAME_BYTES = 1 + 4 + 2 + 2  # first byte, length, topic length, packet id


class BodyTooLong(ValueError):
    """A body that no terminal takes; it is not sent."""


class Sender:
    """Publishes to `hm/{device}/down`, QoS 1 (light: 0), without waiting for anybody.

    Call it after the commit. NotSent if the broker is not reached just now: the command is a row
    in the database, and is sent again by the sweep.
    """

    def __init__(self, address: Address) -> None:
        user = "hanma" if address.outside else CLOUD_USER
        self._client = Client(address, f"{user}-send-{secrets.token_hex(4)}")

    @property
    def connected(self) -> bool:
        """Whether the broker is reached."""
        return self._client.connected

    def wait_connected(self, timeout_s: float) -> bool:
        """Wait until `connected`; False if it took too long."""
        return self._client.wait_connected(timeout_s)

    def start(self) -> None:
        """Connect; never before a fork."""
        self._client.start()

    def stop(self) -> None:
        """Disconnect."""
        self._client.stop()

    def __call__(self, device: str, body: bytes, light: bool = False) -> None:
        """Send `body`; NotSent without a connection, BodyTooLong for a body over the limit."""
        topic = topics.down(device)
        if _FRAME_BYTES + len(topic) + len(body) > PACKET_BYTES:
            raise BodyTooLong(f"{len(body)} bytes for {device}")
        self._client.publish(topic, body, 0 if light else 1)

"""The iotda dialect (protocol page, section 1): `$oc` topics turned native and back. Pure.

The bodies are the same in both dialects; only a command's id stands in the topic there and in the
body here. A device is told its commands although it never subscribed: IoTDA's own SDKs rely on it.
"""

import json
import re

from cloud.mqtt import topics
from cloud.mqtt.packets import Message

# What terminals of this dialect say, as filters for a broker that turns nothing.
EVERY_UP = tuple(
    f"$oc/devices/+/sys/{what}"
    for what in ("messages/up", "events/up", "properties/report", "commands/response/#")
)
_ID = re.compile("[A-Za-z0-9_-]{1,64}")
_BODY_MAX = 65_536
_REQUEST = "request_id="


def root(device: str) -> str:
    """What all topics of one device begin with."""
    return f"$oc/devices/{device}/sys/"


def device_of(topic: str) -> str:
    """The terminal whose topic this is; empty if it is none of this dialect's."""
    levels = topic.split("/")
    return levels[2] if levels[:2] == ["$oc", "devices"] and levels[3:4] == ["sys"] else ""


def own(device: str, topic: str) -> bool:
    """Whether a topic or filter is this device's own."""
    return topic.startswith(root(device)) and len(topic) > len(root(device))


def up(device: str, message: Message) -> Message:
    """What a device published, as a native terminal would have said it.

    Messages, events, properties and what is unknown go up as they are: the intake counts what
    means nothing. An answer gets the id of its command from the topic.
    """
    what = message.topic.removeprefix(root(device)).partition("?")[0]
    payload = message.payload
    if what.startswith(f"commands/response/{_REQUEST}"):
        payload = _with_id(payload, what.rpartition(_REQUEST)[2])
    return Message(topics.up(device), payload, message.qos)


def down(device: str, message: Message) -> Message:
    """What a native terminal would hear, on the topic and in the form of this dialect."""
    said = _object(message.payload)
    if "services" in said:
        return message._replace(topic=f"{root(device)}events/down")
    id = said.pop("id", "")
    if not isinstance(id, str) or not _ID.fullmatch(id):
        return message._replace(topic=f"{root(device)}messages/down")
    payload = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    return Message(f"{root(device)}commands/{_REQUEST}{id}", payload, message.qos)


def _with_id(payload: bytes, id: str) -> bytes:
    said = _object(payload)
    if not said or not _ID.fullmatch(id):
        return payload  # nothing that we know: the intake says so
    return json.dumps(said | {"id": id}, ensure_ascii=False, separators=(",", ":")).encode()


def _object(payload: bytes) -> dict[str, object]:
    """The JSON object in a body; empty for what is none."""
    if len(payload) > _BODY_MAX:
        return {}
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}

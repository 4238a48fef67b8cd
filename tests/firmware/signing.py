"""The cloud's end of the macs, in the standard library's words and none of the firmware's."""

import hashlib
import hmac
import json
from typing import Any

DEVICE = "HM-990101-000001"
SECRET = bytes(range(32))
EPOCH = "a1b2c3d4e5f60718"
IAT = 1_700_000_000_000


def canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def mac(label: str, text: str, secret: bytes = SECRET) -> str:
    key = hmac.digest(secret, label.encode(), "sha256")
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32]


def sign(
    id: str, name: str, code: str, content: dict[str, Any], device: str = DEVICE
) -> dict[str, Any]:
    """`content` with its mac."""
    covered = f"{device}|{id}|{name}|{code}|{canonical(content)}"
    return content | {"mac": mac("command", covered)}


def body(id: str, name: str, code: str, content: dict[str, Any]) -> bytes:
    """One command as it goes over the wire."""
    paras = {"actionCode": code, "actionName": "名", "content": content}
    whole = {"id": id, "service_id": "welder", "command_name": name, "paras": paras}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def receipt(id: str, told: dict[str, Any], code: int, device: str = DEVICE) -> str:
    """The mac that a terminal must have put under what it told."""
    parts = (device, id, told["epoch"], told["up"], told["n"], code, told["relay"])
    return mac("receipt", "|".join(str(part) for part in parts))


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

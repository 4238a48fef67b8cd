"""The wire contract (protocol page, section 1): keys, macs, bodies down, and reading what is up.

Pure. Judged by tests/vectors/{wire,journal}.json, as the firmware's own codec is.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cloud.link.strangers import NotReadable, read_object, text, whole

SIGNED_FIELDS = ("epoch", "n", "x", "iat", "mac")
BODY_BYTES_MAX = 3800  # a packet over 4 kB towards a terminal closes the link
_DEPTH_MAX = 8
_ID_MAX = 64
_OK = 200


class NotCanonical(ValueError):
    """No canonical spelling: a float, a control character, beyond U+FFFF, or too deep."""


class TooLong(ValueError):
    """The body would not fit into one packet towards a terminal."""


@dataclass(frozen=True)
class Annex:
    """An object of the CQ annex: 00, Z0, FF, EF, E0 or a code unknown to us."""

    code: str
    content: dict[str, Any]


@dataclass(frozen=True)
class TerminalEvent:
    """An event in IoTDA's envelope, such as `$time_sync`/`time_sync_request`."""

    service: str
    type: str
    paras: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """The reply to command `id`. `code` is what the mac covers; 200 = obeyed."""

    id: str
    success: bool
    message: str
    code: int
    result: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Unknown:
    """Nothing that we know; `reason` is a stable word, for counting."""

    reason: str


Up = Annex | TerminalEvent | Answer | Unknown


# --- macs ---------------------------------------------------------------------------------------


def key(secret: bytes, label: str) -> bytes:
    """The key in use for one label, from the terminal's 32-byte secret."""
    return hmac.digest(secret, label.encode(), "sha256")


def canonical(value: Any) -> str:
    """The one spelling of a JSON value that a mac covers; NotCanonical if it has none."""
    _spellable(value, _DEPTH_MAX)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def mac(secret: bytes, label: str, *parts: object) -> str:
    """Hex of the first 16 bytes of HMAC-SHA256 over the parts joined by `|`."""
    return digest(secret, label, "|".join(str(part) for part in parts).encode()).hex()


def digest(secret: bytes, label: str, covered: bytes) -> bytes:
    """The first 16 bytes of HMAC-SHA256 under the key of this label."""
    return hmac.digest(key(secret, label), covered, "sha256")[:16]


def sign_command(
    secret: bytes, device: str, id: str, name: str, code: str, content: dict[str, Any]
) -> dict[str, Any]:
    """`content` with its mac (key `command`)."""
    return content | {"mac": mac(secret, "command", device, id, name, code, canonical(content))}


def good_receipt(secret: bytes, device: str, id: str, code: int, told: dict[str, Any]) -> bool:
    """Whether `told` carries the terminal's own mac; the log-in is an answer with id `00`."""
    numbers = [whole(told, name) for name in ("up", "n", "relay")]
    epoch = text(told, "epoch")
    claimed = told.get("mac")
    if None in numbers or not epoch or not isinstance(claimed, str):
        return False
    up, n, relay = numbers
    wanted = mac(secret, "receipt", device, id, epoch, up, n, code, relay)
    return hmac.compare_digest(wanted.encode(), claimed.encode())


def good_login(secret: bytes, device: str, content: dict[str, Any]) -> bool:
    """Whether a `00` carries the terminal's own mac."""
    return good_receipt(secret, device, "00", _OK, content)


def good_entries(secret: bytes, device: str, paras: dict[str, Any]) -> bool:
    """Whether a batch `{log, from, to, entries, mac}` is the terminal's own (docs/journal.md)."""
    claimed = paras.get("mac")
    try:
        digest = hashlib.sha256(canonical(paras.get("entries")).encode()).hexdigest()
    except NotCanonical:
        return False
    covered = [paras.get(name) for name in ("log", "from", "to")]
    wanted = mac(secret, "receipt", device, "entries", *covered, digest)
    return isinstance(claimed, str) and hmac.compare_digest(wanted.encode(), claimed.encode())


# --- down ---------------------------------------------------------------------------------------


def command_body(id: str, name: str, code: str, title: str, content: dict[str, Any]) -> bytes:
    """The body of one command, native dialect; TooLong if no terminal could take it."""
    paras = {"actionCode": code, "actionName": title, "content": content}
    return _fitting({"id": id, "service_id": "welder", "command_name": name, "paras": paras})


def stamp(now: int) -> str:
    """The `event_time` of an event made at `now` (epoch ms)."""
    return datetime.fromtimestamp(now / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")


def event_body(service: str, type: str, at: str, paras: dict[str, Any]) -> bytes:
    """An event towards a terminal in IoTDA's envelope; `at` = YYYYMMDDTHHMMSSZ."""
    event = {"service_id": service, "event_type": type, "event_time": at, "paras": paras}
    return _fitting({"services": [event]})


# --- up -----------------------------------------------------------------------------------------


def read_up(payload: bytes) -> Up:
    """What a terminal said; never raises, whatever the bytes."""
    try:
        return _read(read_object(payload), may_unwrap=True)
    except NotReadable as reason:
        return Unknown(str(reason))


def _read(said: dict[str, Any], may_unwrap: bool) -> Up:
    if "actionCode" in said:
        return _annex(said)
    if said.keys() & {"result_code", "response_name", "success"}:
        return _answer(said)
    if "services" in said:
        return _event(said["services"])
    if may_unwrap and "content" in said:
        return _read(_inner(said["content"]), may_unwrap=False)
    return Unknown("no-kind")


def _annex(said: dict[str, Any]) -> Annex | Unknown:
    code = text(said, "actionCode", 8)
    return Annex(code, _inner(said.get("content"), strict=False)) if code else Unknown("code")


def _event(services: Any) -> TerminalEvent | Unknown:
    first = services[0] if isinstance(services, list) and services else None
    if not isinstance(first, dict):
        return Unknown("services")
    service, type = text(first, "service_id"), text(first, "event_type")
    if not service or not type:
        return Unknown("services")
    return TerminalEvent(service, type, _inner(first.get("paras"), strict=False))


def _answer(said: dict[str, Any]) -> Answer | Unknown:
    """An answer in IoTDA's envelope, or the annex's bare one."""
    id = text(said, "id", _ID_MAX)
    if not id:
        return Unknown("answer-without-id")
    paras = said["paras"] if isinstance(said.get("paras"), dict) else said
    code = whole(paras, "code")
    if code is None:
        good = paras.get("success", whole(said, "result_code") in (0, None)) is True
        code = _OK if good else 500
    message = text(paras, "message", 200) or ""
    return Answer(id, code == _OK, message, code, _inner(paras.get("result"), strict=False))


def _inner(content: Any, strict: bool = True) -> dict[str, Any]:
    """An object, or an object written as a string; what is neither is NotReadable or empty."""
    try:
        if isinstance(content, str):
            return read_object(content)
        if isinstance(content, dict):
            return content
        raise NotReadable("not-object")
    except NotReadable:
        if strict:
            raise
        return {}


def _fitting(value: dict[str, Any]) -> bytes:
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    if len(body) > BODY_BYTES_MAX:
        raise TooLong(f"{len(body)} bytes")
    return body


def _spellable(value: Any, depth: int) -> None:
    if value is None or isinstance(value, int):
        return
    if isinstance(value, str):
        if not all(_sayable(sign) for sign in value):
            raise NotCanonical("letter")
    elif depth == 0:
        raise NotCanonical("too deep")
    elif isinstance(value, list):
        for item in value:
            _spellable(item, depth - 1)
    elif isinstance(value, dict) and all(isinstance(name, str) for name in value):
        for name, item in value.items():
            _spellable(name, depth)
            _spellable(item, depth - 1)
    else:
        raise NotCanonical(type(value).__name__)


def _sayable(sign: str) -> bool:
    return " " <= sign <= "\uffff" and sign != "\x7f" and not "\ud800" <= sign <= "\udfff"

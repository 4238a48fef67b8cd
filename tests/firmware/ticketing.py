"""The cloud's end of a ticket, in the standard library's words and none of the firmware's.

`python -m tests.firmware.ticketing` writes `tests/vectors/tickets.json` anew.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

from . import signing
from .signing import DEVICE, EPOCH, IAT, SECRET

VECTORS = Path(__file__).parents[1] / "vectors" / "tickets.json"
HOUR_MS = 3_600_000
CHALLENGE = "0011223344556677"
WATCH_SECRET = "J4vQm2nX8rT0pLk5wYzB7g"


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def fields(**more: Any) -> dict[str, Any]:
    """A good ticket's fields; one that is given as None is left out."""
    usual = {"v": 1, "d": DEVICE, "act": "on", "job": "j0000001", "who": "p-7f3a", "lease_s": 3600}
    whole = usual | {"iat": IAT, "exp": IAT + 8 * HOUR_MS, "n": 1} | more
    return {name: value for name, value in whole.items() if value is not None}


def on_line(ch: str = CHALLENGE, **more: Any) -> dict[str, Any]:
    return fields(ch=ch, n=None, **more)


def issue(content: Any, secret: bytes = SECRET, label: str = "ticket") -> str:
    body = signing.canonical(content).encode()
    key = hmac.digest(secret, label.encode(), "sha256")
    return f"{base64url(body)}.{base64url(hmac.digest(key, body, 'sha256')[:16])}"


def make(secret: bytes = SECRET, **more: Any) -> str:
    return issue(fields(**more), secret)


def id_of(text: str) -> str:
    """Of the ticket alone, without the fire watch's secret behind it."""
    return hashlib.sha256(".".join(text.split(".")[:2]).encode()).hexdigest()[:32]


def fw_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def receipt(content: dict[str, Any], word: str, up: int, n: int, relay: int) -> dict[str, Any]:
    told = {"d": content["d"], "id": id_of(issue(content)), "act": content["act"]}
    told |= {"job": content["job"], "code": 500 if word else 200, "word": word}
    told |= {"epoch": EPOCH, "up": up, "n": n, "relay": relay}
    return told | {"mac": signing.receipt(told["id"], told, told["code"])}


def _case(name: str, content: dict[str, Any]) -> dict[str, Any]:
    body, text = signing.canonical(content), issue(content)
    return {"name": name, "fields": content, "json": body, "text": text, "id": id_of(text)}


_GOOD = {
    "on, with a challenge": on_line(),
    "on, with a number": fields(n=41),
    "on, with the fire watch's secret": fields(n=42, fw=fw_of(WATCH_SECRET)),
    "off": fields(n=43, act="off", lease_s=None),
    "test of an installation": on_line(act="test", job="i-000017", lease_s=60),
    "service": on_line(act="service", job="i-000017", lease_s=1800),
    "here": on_line(act="here", lease_s=None),
    "letters outside ASCII": fields(n=44, job="作业7", who="甲"),
}


def _judged() -> list[dict[str, Any]]:
    """One ticket to a fresh terminal each: up 1000, challenge as above."""
    good = issue(fields())
    wrong_mac = good[:-22] + ("A" if good[-22] != "A" else "B") + good[-21:]
    cases = [
        ("", good, 0, 0),
        ("", issue(on_line()), IAT + 8 * HOUR_MS, 0),
        ("", f"{issue(fields(fw=fw_of(WATCH_SECRET)))}.{WATCH_SECRET}", 0, 0),
        ("malformed", "", 0, 0),
        ("malformed", good.split(".")[0], 0, 0),
        ("malformed", issue(fields(v=2)), 0, 0),
        ("malformed", issue(fields(exp=IAT + 12 * HOUR_MS + 1)), 0, 0),
        ("malformed", issue(fields(act="test", lease_s=61)), 0, 0),
        ("malformed", issue(on_line(act="here")), 0, 0),
        ("malformed", issue(on_line(act="here", lease_s=None, job=None)), 0, 0),
        ("malformed", issue(fields(ch=CHALLENGE)), 0, 0),
        ("malformed", issue(fields(n=None)), 0, 0),
        ("wrong-device", issue(fields(d="HM-990101-000002")), 0, 0),
        ("bad-mac", wrong_mac, 0, 0),
        ("bad-mac", issue(fields(), bytes(32)), 0, 0),
        ("bad-mac", issue(fields(), label="command"), 0, 0),
        ("fire-watch", issue(fields(fw=fw_of(WATCH_SECRET))), 0, 0),
        ("fire-watch", f"{issue(fields(fw=fw_of(WATCH_SECRET)))}.{WATCH_SECRET[:-1]}h", 0, 0),
        ("stale-challenge", issue(on_line("00" * 8)), 0, 0),
        ("expired", good, IAT + 8 * HOUR_MS + 1, 0),
        ("void", good, 0, 2),
    ]
    names = ("word", "text", "now_ms", "tickets_from")
    return [dict(zip(names, case, strict=True)) for case in cases]


def vectors() -> dict[str, Any]:
    tickets = [_case(name, content) for name, content in _GOOD.items()]
    receipts = [
        {"fields": content, "receipt": receipt(content, word, up, n, relay)}
        for content, word, up, n, relay in (
            (fields(n=41), "", 61_000, 7, 1),
            (fields(n=43, act="off", lease_s=None), "", 62_000, 7, 0),
            (on_line(), "stale-challenge", 63_000, 0, 0),
            (on_line(act="here", lease_s=None), "", 64_000, 7, 1),
        )
    ]
    about = (
        "Tickets and their receipts, made by tests/firmware/ticketing.py; the firmware and the "
        "cloud are each tested against this file. The secrets are made up."
    )
    head = {"about": about, "device": DEVICE, "secret": SECRET.hex(), "epoch": EPOCH}
    head |= {"challenge": CHALLENGE, "watch_secret": WATCH_SECRET}
    return head | {"tickets": tickets, "judged": _judged(), "receipts": receipts}


def as_written() -> str:
    return json.dumps(vectors(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    VECTORS.write_text(as_written(), "utf-8")

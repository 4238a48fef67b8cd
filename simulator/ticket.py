"""Tickets for the bench, where no cloud is: the protocol's section 2 in the library's words."""

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from typing import Any

LIFE_MS = 8 * 3_600_000


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def issue(secret: bytes, device: str, act: str, job: str, lease_s: int, **proof: Any) -> str:
    """`proof` is ch=… (the challenge just read) or n=… (a number never used before)."""
    iat = time.time_ns() // 1_000_000
    fields = {"v": 1, "d": device, "act": act, "job": job, "who": "bench"}
    fields |= {"iat": iat, "exp": iat + LIFE_MS} | proof
    if act not in ("off", "here"):
        fields["lease_s"] = lease_s
    text = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    key = hmac.digest(secret, b"ticket", "sha256")
    return f"{_base64url(text)}.{_base64url(hmac.digest(key, text, 'sha256')[:16])}"


def receipt_is_genuine(secret: bytes, receipt: dict[str, Any]) -> bool:
    """Whether the terminal's own mac is under it."""
    names = ("d", "id", "epoch", "up", "n", "code", "relay")
    if not all(name in receipt for name in (*names, "mac")):
        return False
    covered = "|".join(str(receipt[name]) for name in names)
    key = hmac.digest(secret, b"receipt", "sha256")
    made = hmac.new(key, covered.encode(), hashlib.sha256).hexdigest()[:32]
    return hmac.compare_digest(made, str(receipt["mac"]))

"""The superior platform, as its client sees it: one signed request at a time.

Our clock may be off: an answer `clock` tells theirs, and from then on we sign by it.
"""

import json
import secrets
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cloud.base.clock import Clock
from cloud.base.outward import open_at
from cloud.base.settings import Settings
from cloud.platform import signature
from cloud.platform.operations import ROOT, VERSION

_TIMEOUT_S = 30
_ANSWER_MAX = 1024 * 1024
# (method, address, headers, body) → (status, headers, body); OSError where nobody answers.
Exchange = Callable[[str, str, dict[str, str], bytes], tuple[int, dict[str, str], bytes]]


class Away(Exception):
    """Nobody answers there, or not in the shape agreed upon. Try again."""


@dataclass(frozen=True)
class Answer:
    """`error` empty = taken; `again` = it may be taken later as it is."""

    status: int
    result: Any
    error: str = ""
    wait_s: int = 0

    @property
    def again(self) -> bool:
        return self.status in (401, 403, 404, 408, 429) or self.status >= 500


class Superior:
    """Who is reported to; `offset_ms` = by how much its clock is ahead of ours."""

    def __init__(self, settings: Settings, clock: Clock, exchange: Exchange | None = None) -> None:
        parts = urlsplit(settings.superior_url.rstrip("/"))
        self._base, self._path = f"{parts.scheme}://{parts.netloc}", parts.path
        self._key, self._secret = settings.superior_key, settings.superior_secret.encode()
        self._clock, self._exchange = clock, exchange or over_http
        self.offset_ms = 0

    def post(self, path: str, told: Any, once: str = "") -> Answer:
        """A JSON body; `once` = its Idempotency-Key."""
        raw = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
        more = {"Idempotency-Key": once} if once else {}
        return self._ask("POST", path, raw, {"Content-Type": "application/json"} | more)

    def bring(self, kind: str, raw: bytes) -> Answer:
        """A picture."""
        return self._ask("POST", f"/media?kind={kind}", raw, {"Content-Type": "image/jpeg"})

    def _ask(self, method: str, path: str, raw: bytes, headers: dict[str, str]) -> Answer:
        answer, now = self._once(method, path, raw, headers)
        if answer.error == "clock" and now is not None:
            self.offset_ms = now - self._clock()
            answer, _now = self._once(method, path, raw, headers)
        return answer

    def _once(
        self, method: str, path: str, raw: bytes, headers: dict[str, str]
    ) -> tuple[Answer, int | None]:
        target = f"{self._path}{ROOT}{VERSION}{path}"
        at, nonce = str(self._clock() + self.offset_ms), secrets.token_hex(16)
        signed = {
            signature.KEY: self._key,
            signature.TIMESTAMP: at,
            signature.NONCE: nonce,
            signature.SIGNATURE: signature.sign(self._secret, method, target, at, nonce, raw),
        }
        try:
            status, _told, body = self._exchange(
                method, self._base + target, headers | signed, raw
            )
            envelope = json.loads(body)
            result, now = envelope["result"], envelope["timestamp"]
            if envelope["success"] is True and status == 200:
                return Answer(status, result), None
            error, wait_s = str(result["error"]), int(result.get("wait_s", 0))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Away(type(error).__name__) from error
        return Answer(status, result, error, wait_s), now if isinstance(now, int) else None


def over_http(
    method: str, address: str, headers: dict[str, str], body: bytes
) -> tuple[int, dict[str, str], bytes]:
    """One exchange, without proxy and without following elsewhere; OSError."""
    request = urllib.request.Request(address, body, headers, method=method)
    try:
        with open_at(request, timeout=_TIMEOUT_S) as answer:
            return answer.status, dict(answer.headers), answer.read(_ANSWER_MAX)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, dict(refused.headers), refused.read(_ANSWER_MAX)

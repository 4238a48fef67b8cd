"""One question to an outside service: JSON by POST, an answer in time, or SourceDown."""

import http.client
import json
import urllib.error
import urllib.request
from time import monotonic
from typing import Any

from cloud.base.breaker import SourceDown
from cloud.base.outward import open_at

_LIMIT = 64 * 1024


def ask(
    url: str, body: dict[str, Any], timeout_s: float, headers: dict[str, str] | None = None
) -> bytes:
    """What `url` answers to `body`; SourceDown on everything that is not a 2xx in time."""
    sent = {"Content-Type": "application/json", "Accept": "application/json"} | (headers or {})
    request = urllib.request.Request(url, json.dumps(body).encode(), sent)
    until = monotonic() + timeout_s
    try:
        with open_at(request, timeout=timeout_s) as response:
            return _read(response, until)
    except urllib.error.HTTPError as error:
        error.close()
        raise SourceDown(f"HTTP {error.code}") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise SourceDown(type(error).__name__) from None


def _read(response: http.client.HTTPResponse, until: float) -> bytes:
    """The body, but no longer than that: a limit for each wait alone ends none that drips. What
    one wait brings at a time, so that the clock is looked at after each."""
    raw = bytearray()
    while len(raw) <= _LIMIT and (some := response.read1(_LIMIT + 1 - len(raw))):
        raw += some
        if monotonic() > until:
            raise SourceDown("the answer did not end in time")
    return bytes(raw)

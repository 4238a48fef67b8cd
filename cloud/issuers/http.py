"""A register over HTTP: one question, one answer, both JSON.

POST {number, identity, name}; the answer is {found: true, category, valid_from, valid_to,
review_by, status} or {found: false}. The departments publish no common interface: whoever
connects one puts a small adapter with this contract before it.
"""

import json
import urllib.error
import urllib.request
from typing import Any

import msgspec

from cloud.registry.issuers import Entry, Question, SourceDown

_LIMIT = 64 * 1024


class _Answer(msgspec.Struct):
    found: bool
    category: str = ""
    valid_from: str = ""
    valid_to: str = ""
    review_by: str = ""
    status: str = "normal"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An identity number goes to the address that was set and to no other."""

    def redirect_request(self, *args: Any, **named: Any) -> None:
        return None


class RegisterClient:
    """Asks one address; SourceDown on everything that is not an answer within `timeout_s`."""

    def __init__(self, url: str, timeout_s: float) -> None:
        self._url, self._timeout_s = url, timeout_s
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect).open

    def __call__(self, question: Question) -> Entry | None:
        asked = {
            "number": question.number,
            "identity": question.identity,
            "name": question.name,
        }
        request = urllib.request.Request(
            self._url,
            json.dumps(asked).encode(),
            {"Content-Type": "application/json", "Accept": "application/json"},
        )
        try:
            with self._open(request, timeout=self._timeout_s) as response:
                raw = response.read(_LIMIT + 1)
        except urllib.error.HTTPError as error:
            error.close()
            raise SourceDown(f"HTTP {error.code}") from None
        except (OSError, ValueError) as error:
            raise SourceDown(type(error).__name__) from None
        return _read(raw)


def _read(raw: bytes) -> Entry | None:
    try:
        answer = msgspec.json.decode(raw, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise SourceDown("the answer was not understood") from None
    if not answer.found:
        return None
    return Entry(
        answer.category, answer.valid_from, answer.valid_to, answer.review_by, answer.status
    )

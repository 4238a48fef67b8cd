"""A register over HTTP: one question, one answer, both JSON.

POST {number, identity, name}; the answer is {found: true, category, valid_from, valid_to,
review_by, status} or {found: false}. The departments publish no common interface: whoever
connects one puts a small adapter with this contract before it.
"""

import msgspec

from cloud.base.asking import ask
from cloud.base.breaker import SourceDown
from cloud.registry.issuers import Entry, Question


class _Answer(msgspec.Struct):
    found: bool
    category: str = ""
    valid_from: str = ""
    valid_to: str = ""
    review_by: str = ""
    status: str = "normal"


class RegisterClient:
    """Asks one address; SourceDown on everything that is not an answer within `timeout_s`."""

    def __init__(self, url: str, timeout_s: float) -> None:
        self._url, self._timeout_s = url, timeout_s

    def __call__(self, question: Question) -> Entry | None:
        asked = {
            "number": question.number,
            "identity": question.identity,
            "name": question.name,
        }
        return _read(ask(self._url, asked, self._timeout_s))


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

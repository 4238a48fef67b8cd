"""A verifier of faces over HTTP: one question, asked until it is answered, both JSON and signed.

POST {reference, nonce, person, step, name, identity}; the same question again is the same check.
The answer is {page}, where the person goes by their own phone, and once it is decided
{page, result: "yes" | "no", reference, nonce, person, step, at, signature}. No picture and no
template is sent or taken: what else the answer holds is not read. Whoever connects a service puts
a small adapter with this contract before it.
"""

import hmac
from urllib.parse import urlsplit

import msgspec

from cloud.base.asking import ask
from cloud.base.breaker import SourceDown
from cloud.base.clock import Clock
from cloud.registry.verifier import FaceAnswer, FaceQuestion, FaceReply

_PAGE_MAX = 1000


class _Reply(msgspec.Struct):
    page: str = ""
    result: str = ""
    reference: str = ""
    nonce: str = ""
    person: str = ""
    step: str = ""
    at: int = 0
    signature: str = ""


class VerifierClient:
    """Asks one address; SourceDown on everything that is not a signed answer in time."""

    def __init__(self, url: str, secret: str, timeout_s: float, clock: Clock) -> None:
        self._url, self._timeout_s, self._clock = url, timeout_s, clock
        self._key = secret.encode()

    def __call__(self, question: FaceQuestion) -> FaceReply:
        body = {
            "reference": question.reference,
            "nonce": question.nonce,
            "person": question.person,
            "step": question.step,
            "name": question.name,
            "identity": question.identity,
        }
        at = self._clock()
        # The one who is asked must know that it is we who ask, and now.
        signed = signature(self._key, "ask", question.reference, question.nonce, str(at))
        headers = {"X-HM-Timestamp": str(at), "X-HM-Signature": signed}
        return self._read(ask(self._url, body, self._timeout_s, headers))

    def _read(self, raw: bytes) -> FaceReply:
        try:
            told = msgspec.json.decode(raw, type=_Reply)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise SourceDown("the answer was not understood") from None
        if not _is_address(told.page):
            raise SourceDown("no page for the person")
        if not told.result:
            return FaceReply(told.page)
        if told.result not in ("yes", "no"):
            raise SourceDown("neither yes nor no")
        about = (told.reference, told.nonce, told.person, told.step)
        good = signature(self._key, "answer", *about, told.result, str(told.at))
        if not hmac.compare_digest(good.encode(), told.signature.encode()):
            raise SourceDown("the answer is not signed by the verifier")
        return FaceReply(told.page, FaceAnswer(*about, told.result == "yes", told.at))


def signature(key: bytes, *parts: str) -> str:
    """Hex HMAC-SHA256 over the parts, a line each."""
    return hmac.digest(key, "\n".join(parts).encode(), "sha256").hex()


def _is_address(page: str) -> bool:
    try:
        parts = urlsplit(page)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and len(page) <= _PAGE_MAX

"""Asking the outside verifier of faces over HTTP: signed both ways, a result and nothing else."""

import json
import threading
from collections.abc import Iterator
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from cloud import verifier
from cloud.base.breaker import FAILURES, Breaker, SourceDown
from cloud.base.settings import BadSettings, Settings
from cloud.registry.verifier import FaceAnswer, FaceQuestion, FaceReply
from cloud.verifier.http import VerifierClient, signature

KEY = b"made-up-key"
PAGE = "https://verifier.example/f/1"
QUESTION = FaceQuestion("r1", "n1", "p1", "on", "演示甲", "99010119900101001X")
ABOUT = {"reference": "r1", "nonce": "n1", "person": "p1", "step": "on"}


def signed(**change: Any) -> dict[str, Any]:
    """An answer as a verifier signs it."""
    told = ABOUT | {"result": "yes", "at": 5} | change
    parts = [str(told[name]) for name in ("reference", "nonce", "person", "step", "result", "at")]
    return told | {"page": PAGE, "signature": signature(KEY, "answer", *parts)}


class Verifier(ThreadingHTTPServer):
    """A made-up verifier: it notes what it was asked and answers as it was told to."""

    answer: tuple[int, bytes] = (200, json.dumps({"page": PAGE}).encode())
    asked: list[tuple[Message, Any]]

    def say(self, told: dict[str, Any]) -> None:
        self.answer = (200, json.dumps(told).encode())


class _Handler(BaseHTTPRequestHandler):
    server: Verifier

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.headers, json.loads(raw)))
        status, body = self.server.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def outside() -> Iterator[Verifier]:
    server = Verifier(("127.0.0.1", 0), _Handler)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def ask(outside: Verifier) -> FaceReply:
    url = f"http://127.0.0.1:{outside.server_port}/face"
    return VerifierClient(url, KEY.decode(), 60, lambda: 7)(QUESTION)


def test_the_question_is_signed_and_the_first_answer_is_where_to_go(outside: Verifier) -> None:
    assert ask(outside) == FaceReply(PAGE)
    ((headers, asked),) = outside.asked
    assert asked == ABOUT | {"name": "演示甲", "identity": QUESTION.identity}
    assert headers["X-HM-Timestamp"] == "7"
    assert headers["X-HM-Signature"] == signature(KEY, "ask", "r1", "n1", "7")


@pytest.mark.parametrize(("result", "yes"), [("yes", True), ("no", False)])
def test_a_signed_answer_is_taken_as_it_is(outside: Verifier, result: str, yes: bool) -> None:
    outside.say(signed(result=result))
    assert ask(outside) == FaceReply(PAGE, FaceAnswer(**ABOUT, yes=yes, at=5))


def test_a_picture_that_comes_along_is_not_read(outside: Verifier) -> None:
    outside.say(signed() | {"picture": "aGVsbG8=", "template": [1, 2, 3]})
    assert ask(outside) == FaceReply(PAGE, FaceAnswer(**ABOUT, yes=True, at=5))


@pytest.mark.parametrize(
    "change",
    [
        *({name: "another"} for name in ("reference", "nonce", "person", "step", "signature")),
        *({"result": "no"}, {"result": "maybe"}, {"at": 6}, {"signature": ""}),
        *({"signature": "é"}, {"page": ""}, {"page": "javascript:alert(1)"}, {"page": "//x"}),
        {"page": "https://verifier.example/" + "x" * 1000},
    ],
)
def test_what_was_changed_on_the_way_is_no_answer(
    outside: Verifier, change: dict[str, Any]
) -> None:
    outside.say(signed() | change)
    with pytest.raises(SourceDown):
        ask(outside)


@pytest.mark.parametrize("raw", [b"", b"<html>", b"[]", b'{"page": 1}', b"\xff\xfe"])
def test_whatever_is_no_answer_is_a_verifier_that_is_down(outside: Verifier, raw: bytes) -> None:
    outside.answer = (200, raw)
    with pytest.raises(SourceDown):
        ask(outside)


def test_a_refusal_of_the_verifier_is_no_answer(outside: Verifier) -> None:
    outside.answer = (503, b"{}")
    with pytest.raises(SourceDown):
        ask(outside)


def test_without_a_setting_there_is_no_verifier_and_a_key_is_wanted_with_an_address() -> None:
    assert verifier.of(Settings(), lambda: 0) is None
    with pytest.raises(BadSettings, match="HANMA_FACE_SECRET"):
        Settings(face_url="https://verifier.example/face")


def test_who_failed_is_left_alone(clock: Any) -> None:
    settings = Settings(face_url="http://127.0.0.1:9/face", face_secret="made-up-key")
    found = verifier.of(settings, clock)
    assert isinstance(found, Breaker)
    for _ in range(FAILURES):
        with pytest.raises(SourceDown):
            found(QUESTION)
    with pytest.raises(SourceDown, match="left alone"):
        found(QUESTION)


def test_neither_question_nor_settings_show_what_is_personal_or_secret() -> None:
    settings = Settings(face_url="https://verifier.example/face", face_secret="made-up-key")
    assert "made-up-key" not in repr(settings)
    assert not any(part in repr(QUESTION) for part in (QUESTION.identity, "演示甲", "n1"))

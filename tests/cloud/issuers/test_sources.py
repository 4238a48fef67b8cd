"""Asking the issuers' registers: over HTTP, from a file, and leaving alone who is down."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cloud import issuers
from cloud.base import breaker
from cloud.base.breaker import Breaker, SourceDown
from cloud.base.settings import Settings
from cloud.issuers.file import RegisterFile
from cloud.issuers.http import RegisterClient
from cloud.registry.issuers import Entry, Question

QUESTION = Question("emergency", "T1", "99010119900101001X", "演示甲")
ENTRY = Entry("熔化焊接与热切割作业", "2025-01-01", "2031-01-01", "2028-01-01", "normal")
TOLD = {"found": True, "category": ENTRY.category, "valid_from": ENTRY.valid_from}
TOLD |= {"valid_to": ENTRY.valid_to, "review_by": ENTRY.review_by}


class Register(ThreadingHTTPServer):
    """A made-up register: it notes what it was asked and answers as it was told to."""

    answer: tuple[int, bytes] = (200, b"{}")
    asked: list[Any]
    silent: threading.Event | None = None
    drips: bool = False


class _Handler(BaseHTTPRequestHandler):
    server: Register

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append(json.loads(raw))
        if self.server.silent:
            self.server.silent.wait(5)
        status, body = self.server.answer
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        with suppress(OSError):  # the client may have gone
            for _ in range(500 if self.server.drips else 0):
                self.wfile.write(b" ")
                time.sleep(0.01)
            self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def register() -> Iterator[Register]:
    server = Register(("127.0.0.1", 0), _Handler)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    if server.silent:
        server.silent.set()
    server.shutdown()
    thread.join()
    server.server_close()


def client(register: Register, timeout_s: float = 5) -> RegisterClient:
    return RegisterClient(f"http://127.0.0.1:{register.server_port}/check", timeout_s)


def test_a_register_is_asked_by_number_identity_and_name(register: Register) -> None:
    register.answer = (200, json.dumps(TOLD).encode())
    assert client(register)(QUESTION) == ENTRY
    assert register.asked == [{"number": "T1", "identity": QUESTION.identity, "name": "演示甲"}]


def test_a_certificate_that_it_does_not_know_is_none(register: Register) -> None:
    register.answer = (200, b'{"found": false}')
    assert client(register)(QUESTION) is None


@pytest.mark.parametrize(
    "answer",
    [(500, b""), (404, b""), (302, b""), (200, b"<html>"), (200, b"[]"), (200, b'{"found": 1}')],
)
def test_whatever_is_no_answer_is_a_register_that_is_down(
    register: Register, answer: tuple[int, bytes]
) -> None:
    register.answer = answer
    with pytest.raises(SourceDown):
        client(register)(QUESTION)
    assert len(register.asked) == 1  # a redirect is not followed


def test_a_register_that_keeps_silent_is_not_waited_for(register: Register) -> None:
    register.silent = threading.Event()
    with pytest.raises(SourceDown):
        client(register, timeout_s=0.05)(QUESTION)


def test_a_register_that_drips_is_not_waited_for_either(register: Register) -> None:
    register.drips, register.answer = True, (200, b'{"found": false}')  # after five seconds
    with pytest.raises(SourceDown):
        client(register, timeout_s=0.2)(QUESTION)


def test_nobody_there_is_down_too() -> None:
    with pytest.raises(SourceDown):
        RegisterClient("http://127.0.0.1:9/check", 1)(QUESTION)


def test_a_question_shows_no_personal_number() -> None:
    assert QUESTION.identity not in repr(QUESTION) and "T1" not in repr(QUESTION)


# --- file -------------------------------------------------------------------------------------

HEADING = "number,identity,category,valid_from,valid_to,review_by,status\n"
LINE = f"T1,{QUESTION.identity},{ENTRY.category},2025-01-01,2031-01-01,2028-01-01,normal\n"


def test_a_file_is_looked_up_and_read_again_when_it_changed(tmp_path: Path) -> None:
    path = tmp_path / "emergency.csv"
    path.write_text(HEADING + LINE, "utf-8")
    look = RegisterFile(path)
    assert look(QUESTION) == ENTRY
    assert look(replace(QUESTION, identity="another")) is None
    path.write_text(HEADING, "utf-8")
    assert look(QUESTION) is None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_file_is_read_as_clerks_write_tables(tmp_path: Path, encoding: str) -> None:
    """A small x at the end, blanks, full-width digits, dates with strokes, an empty line."""
    wide = str.maketrans("0123456789X", "０１２３４５６７８９x")
    line = LINE.replace("T1", " T1 ").replace("2031-01-01", "2031/1/1")
    line = line.replace(QUESTION.identity, f" {QUESTION.identity.translate(wide)} ")
    (tmp_path / "emergency.csv").write_text(f"{HEADING}\n{line}", encoding)
    assert RegisterFile(tmp_path / "emergency.csv")(QUESTION) == ENTRY


def test_a_line_that_is_cut_off_spoils_no_other(tmp_path: Path) -> None:
    short = LINE.replace("T1", "T2")[:30]
    (tmp_path / "emergency.csv").write_text(HEADING + short + "\n" + LINE, "utf-8")
    look = RegisterFile(tmp_path / "emergency.csv")
    assert look(QUESTION) == ENTRY
    cut = look(replace(QUESTION, number="T2"))
    assert cut is not None and cut.valid_to == ""


@pytest.mark.parametrize("raw", [None, b"number\n1\n", b"\xff\xfe\x00", b""])
def test_a_file_that_cannot_be_read_is_down(tmp_path: Path, raw: bytes | None) -> None:
    path = tmp_path / "emergency.csv"
    if raw is not None:
        path.write_bytes(raw)
    with pytest.raises(SourceDown):
        RegisterFile(path)(QUESTION)


# --- which ------------------------------------------------------------------------------------


def test_the_settings_name_whom_to_ask(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path, issuer_housing="https://register.example/check", issuer_market="m.csv"
    )
    found = issuers.sources(settings, lambda: 0)
    assert {name: type(ask) for name, ask in found.items()} == {
        "housing": Breaker,
        "market": RegisterFile,
    }


def test_a_file_in_the_data_folder_is_the_default(tmp_path: Path) -> None:
    assert issuers.sources(Settings(data_dir=tmp_path), lambda: 0) == {}
    (tmp_path / "registers").mkdir()
    (tmp_path / "registers" / "emergency.csv").write_text(HEADING)
    assert list(issuers.sources(Settings(data_dir=tmp_path), lambda: 0)) == ["emergency"]


# --- breaker ----------------------------------------------------------------------------------


class Shaky:
    """A register that is down as long as it is told so."""

    def __init__(self) -> None:
        self.down, self.asked = True, 0

    def __call__(self, question: Question) -> Entry | None:
        self.asked += 1
        if self.down:
            raise SourceDown("made up")
        return ENTRY


def fails(ask: Breaker) -> None:
    with pytest.raises(SourceDown):
        ask(QUESTION)


def test_who_failed_thrice_is_left_alone_and_tried_once_after_each_pause(clock: Any) -> None:
    shaky = Shaky()
    ask = Breaker(shaky, clock)
    for _ in range(10):
        fails(ask)
    assert shaky.asked == breaker.FAILURES
    clock.forward(breaker.PAUSE_MS / 1000)
    fails(ask)
    fails(ask)
    assert shaky.asked == breaker.FAILURES + 1
    clock.forward(breaker.PAUSE_MS / 1000)  # the pause is twice as long now
    fails(ask)
    assert shaky.asked == breaker.FAILURES + 1
    clock.forward(breaker.PAUSE_MAX_MS / 1000)
    shaky.down = False
    assert [ask(QUESTION) for _ in range(3)] == [ENTRY] * 3


def test_the_pause_has_a_longest(clock: Any) -> None:
    shaky = Shaky()
    ask = Breaker(shaky, clock)
    for _ in range(30):
        fails(ask)
        clock.forward(breaker.PAUSE_MAX_MS / 1000)
    assert shaky.asked == 30


def test_one_answer_makes_the_failures_before_it_forgotten(clock: Any) -> None:
    shaky = Shaky()
    ask = Breaker(shaky, clock)
    for _ in range(5):
        shaky.down = True
        fails(ask)
        fails(ask)
        shaky.down = False
        assert ask(QUESTION) == ENTRY

"""HTTP over a driver: what is asked, what is taken, and every answer that will not do."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from terminal.modem import http
from terminal.modem.http import HttpError
from terminal.modem.socket import Closed

from ..serials import cut
from ..virtual_time import now_ms, run

URL = "http://cloud.example:8080/fw?d=1"


class Wire:
    """A socket that says its pieces one at a time, and then ends or falls silent."""

    def __init__(self, pieces: list[bytes], silent: bool = False) -> None:
        self.pieces, self.silent = pieces, silent
        self.written = b""
        self.closed = False

    async def write(self, data: bytes) -> None:
        self.written += data

    async def read(self, timeout_ms: int) -> bytes:
        if self.pieces:
            return self.pieces.pop(0)
        if self.silent:
            await asyncio.sleep(timeout_ms / 1000)
            return b""
        raise Closed("closed by the other end")

    async def close(self) -> None:
        self.closed = True


class Modem:
    def __init__(self, *pieces: bytes, silent: bool = False) -> None:
        self.wire = Wire(list(pieces), silent)
        self.dialled: list[tuple] = []

    async def connect(self, *how: Any) -> Wire:
        self.dialled.append(how)
        return self.wire


def got(modem: Modem, start: int = 0, url: str = URL, **headers: str) -> bytes:
    """What the sink got; the length told is that of the resource."""
    body = bytearray()

    def sink(piece: bytes) -> None:
        body.extend(piece)

    size = run(http.get(modem, url, headers, start, sink))
    assert size == len(body) and modem.wire.closed
    return bytes(body)


def test_a_get_says_host_and_headers_and_takes_the_body() -> None:
    modem = Modem(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
    assert got(modem, Authorization="Bearer t") == b"hello"
    assert modem.dialled == [("cloud.example", 8080, False, 1)]
    assert modem.wire.written == (
        b"GET /fw?d=1 HTTP/1.1\r\nHost: cloud.example:8080\r\n"
        b"Authorization: Bearer t\r\nConnection: close\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("url", "dialled"),
    [
        ("https://a.example/x", ("a.example", 443, True, 1)),
        ("http://a.example", ("a.example", 80, False, 1)),
        ("https://a.example:8443/", ("a.example", 8443, True, 1)),
    ],
)
def test_the_address_says_how_to_dial(url: str, dialled: tuple) -> None:
    modem = Modem(b"HTTP/1.0 200 OK\r\ncontent-length:0\r\n\r\n")
    assert got(modem, url=url) == b""
    assert modem.dialled == [dialled]


@pytest.mark.parametrize(
    "url", ["", "ftp://a/x", "http://", "http://a:b/", "http://a/x\r\nX: y", "http://a/\u4e2d"]
)
def test_an_address_that_is_none_is_refused_before_anything_is_dialled(url: str) -> None:
    modem = Modem()
    with pytest.raises(HttpError, match="address"):
        run(http.get(modem, url, {}, 0, len))
    assert modem.dialled == []


def test_a_header_that_would_end_its_line_is_refused() -> None:
    modem = Modem()
    with pytest.raises(HttpError, match="headers"):
        run(http.get(modem, URL, {"Authorization": "x\r\nEvil: 1"}, 0, len))
    assert modem.wire.written == b"" and modem.wire.closed


def test_a_later_part_is_asked_for_and_must_be_that_part() -> None:
    head = b"HTTP/1.1 206 Partial\r\nContent-Length: 3\r\nContent-Range: bytes %d-9/10\r\n\r\nend"
    modem = Modem(head % 7)
    assert got(modem, start=7) == b"end"
    assert b"\r\nRange: bytes=7-\r\n" in modem.wire.written
    with pytest.raises(HttpError, match="another part"):
        got(Modem(head % 70), start=7)


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@given(st.lists(st.integers(0, 200)))
def test_an_answer_in_chunks_is_put_together_however_it_comes(places: list[int]) -> None:
    text = CHUNKED + b"5\r\nhello\r\n6;x=1\r\n\r\n\r\nto\r\n0\r\n\r\n"
    assert got(Modem(*cut(text, places))) == b"hello\r\n\r\nto"


@pytest.mark.parametrize("status", [301, 302, 307, 404, 416, 500, 206, 204])
def test_what_is_not_the_whole_is_told_by_its_number(status: int) -> None:
    with pytest.raises(HttpError) as told:
        got(Modem(b"HTTP/1.1 %d X\r\nLocation: http://b/\r\nContent-Length: 0\r\n\r\n" % status))
    assert told.value.status == status


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1.1 200 OK\r\n\r\nno length",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
        CHUNKED + b"zz\r\n",
        CHUNKED + b"ffffffff\r\n",
        CHUNKED + b"2\r\nabc\r\n0\r\n\r\n",
        b"SSH-2.0\r\n\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"x" * 5000,
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 100,
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
    ],
)
def test_an_answer_that_is_none_or_too_much_is_an_os_error(text: bytes) -> None:
    modem = Modem(text) if text else Modem()
    with pytest.raises(OSError):
        got(modem)
    assert modem.wire.closed


@given(st.binary(max_size=200), st.lists(st.integers(0, 200)))
def test_no_noise_is_more_than_an_os_error(noise: bytes, places: list[int]) -> None:
    for head in (b"", CHUNKED, b"HTTP/1.1 "):
        modem = Modem(*cut(head + noise, places))
        with pytest.raises(OSError):
            got(modem)
            raise OSError  # noise may even be an answer


def test_silence_ends_after_half_a_minute() -> None:
    async def work() -> None:
        before = now_ms()
        with pytest.raises(HttpError, match="silence"):
            await http.get(Modem(b"HTTP/1.1 200", silent=True), URL, {}, 0, len)
        assert 30_000 <= now_ms() - before < 31_000

    run(work())


def test_a_sink_that_takes_its_time_is_waited_for() -> None:
    taken: list[bytes] = []

    async def slow(piece: bytes) -> None:
        await asyncio.sleep(1)
        taken.append(piece)

    modem = Modem(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab", b"cd")
    assert run(http.get(modem, URL, {}, 0, slow)) == 4
    assert taken == [b"ab", b"cd"]


# --- POST ---------------------------------------------------------------------------------------


def pieces(*given: bytes) -> Callable[[], Coroutine[Any, Any, bytes]]:
    left = list(given)

    async def chunks() -> bytes:
        await asyncio.sleep(0)
        return left.pop(0) if left else b""

    return chunks


def test_a_body_is_streamed_and_the_answer_given() -> None:
    modem = Modem(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Made\r\nContent-Length: 2\r\n\r\nok")
    told = run(http.post(modem, URL, {"X-Token": "t"}, pieces(b"abc", b"de"), 5))
    assert told == (201, b"ok")
    assert modem.wire.written.startswith(b"POST /fw?d=1 HTTP/1.1\r\n")
    assert b"\r\nContent-Length: 5\r\n" in modem.wire.written
    assert modem.wire.written.endswith(b"\r\n\r\nabcde")


@pytest.mark.parametrize("given", [(b"abc",), (b"abcdef",), ()])
def test_a_body_of_another_length_is_not_sent_to_its_end(given: tuple[bytes, ...]) -> None:
    modem = Modem()
    with pytest.raises(HttpError, match="another length"):
        run(http.post(modem, URL, {}, pieces(*given), 5))
    assert modem.wire.closed

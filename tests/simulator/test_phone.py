"""A phone that knows only public HTTP, against a small server of its own."""

import http.server
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest

from simulator.phone import Phone, PhoneError

PAGE = (
    '<meta name="csrf" content="t0ken"><form method="post" action="/m/1/off">'
    '<input type="hidden" name="job" value="j1"><input type="hidden" name="once" value="o1">'
    '<input name="reason" value="typed"></form>'
    '<form method="post" action="/m/1/on"><input type="hidden" name="once" value="o2"></form>'
)


class Server(http.server.BaseHTTPRequestHandler):
    """Remembers what it was asked; one page, one step, one redirect, one closed door."""

    seen: list[tuple[str, dict[str, str], dict[str, list[str]]]]

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.answer(303, "", location="/page")
        elif self.path == "/page":
            self.answer(200, PAGE, cookie="session=s1; Path=/; HttpOnly")
        else:
            self.answer(404, "no")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.seen.append((self.path, dict(self.headers), parse_qs(body)))
        self.answer(200, '{"ok": true}')

    def answer(self, status: int, body: str, location: str = "", cookie: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body.encode())))
        if location:
            self.send_header("Location", location)
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def phone() -> Iterator[Phone]:
    Server.seen = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    calling = Phone(f"http://127.0.0.1:{server.server_port}")
    yield calling
    calling.close()
    server.shutdown()
    server.server_close()
    thread.join()


def test_it_follows_where_a_page_leads_and_keeps_cookie_and_token(phone: Phone) -> None:
    assert phone.open("/moved") == PAGE
    assert phone.token == "t0ken"
    assert phone.cookies == {"session": "s1"}


def test_a_press_sends_the_hidden_fields_of_that_form_only_with_token_and_cookie(
    phone: Phone,
) -> None:
    phone.open("/page")
    answer = phone.press("/m/1/off", ticks=["a", "b"], nothing=None)
    path, headers, fields = Server.seen[-1]
    assert (path, answer.json()) == ("/m/1/off", {"ok": True})
    assert fields == {"job": ["j1"], "once": ["o1"], "csrf": ["t0ken"], "ticks": ["a", "b"]}
    assert headers["Cookie"] == "session=s1"
    assert headers["X-CSRF-Token"] == "t0ken"
    phone.press("/m/1/on")
    assert Server.seen[-1][2] == {"once": ["o2"], "csrf": ["t0ken"]}


def test_a_page_that_is_not_there_is_an_error(phone: Phone) -> None:
    with pytest.raises(PhoneError, match="404"):
        phone.open("/nowhere")


def test_a_second_tab_is_the_same_browser(phone: Phone) -> None:
    phone.open("/page")
    tab = phone.second_tab()
    tab.press("/m/1/on")
    assert Server.seen[-1][1]["Cookie"] == "session=s1"
    tab.close()

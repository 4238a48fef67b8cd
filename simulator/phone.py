"""A person's phone: public HTTP and nothing else. Cookies, CSRF token, forms, JSON."""

import http.client
import json
import re
import secrets
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

from simulator import authenticator
from simulator.authenticator import STEP_S
from simulator.world.jpeg import jpeg

_TOKEN = re.compile(r'<meta name="csrf" content="([^"]+)"')
_FORM = re.compile(r"<form\b[^>]*>.*?</form>", re.S)
_INPUT = re.compile(r"<(?:input|button)\b[^>]*>")
_WITH_PIN = ("on", "watch", "ticket")
_ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')


class PhoneError(Exception):
    """The page answered what a phone cannot go on with."""


@dataclass
class Answer:
    """What a request brought back; `sent_ns` is the moment its first byte left (monotonic)."""

    status: int
    body: str
    sent_ns: int
    headers: dict[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        return json.loads(self.body)


class Phone:
    """One phone at `base` (http://host:port). Keeps its connection, as browsers do."""

    def __init__(self, base: str, timeout_s: float = 30) -> None:
        self.base = base
        parts = urllib.parse.urlsplit(base)
        self._connection = http.client.HTTPConnection(parts.netloc, timeout=timeout_s)
        self.cookies: dict[str, str] = {}
        self.token = ""
        self.page = ""
        self.pin = ""

    def close(self) -> None:
        self._connection.close()

    def second_tab(self) -> "Phone":
        """Another connection of the same browser: same sign-in, same page."""
        tab = Phone(self.base)
        tab.cookies, tab.token, tab.page = dict(self.cookies), self.token, self.page
        tab.pin = self.pin
        return tab

    def request(
        self,
        method: str,
        path: str,
        body: str | bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        sent = dict(headers or {})
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        for attempt in (1, 2):
            try:
                sent_ns = time.monotonic_ns()
                self._connection.request(method, path, body, sent)
                got = self._connection.getresponse()
                break
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                self._connection.close()  # an idle connection that the server has closed
                if attempt == 2 or method != "GET":
                    raise
        text = got.read().decode()
        for line in got.headers.get_all("Set-Cookie") or ():
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        return Answer(got.status, text, sent_ns, {k.lower(): v for k, v in got.headers.items()})

    def open(self, path: str) -> str:
        """Shows a page, following where it leads."""
        for _ in range(5):
            answer = self.request("GET", path)
            if answer.status not in (301, 302, 303):
                break
            path = answer.headers["location"]
        found = _TOKEN.search(answer.body)
        self.token = found.group(1) if found else self.token
        self.page = answer.body
        if answer.status != 200:
            raise PhoneError(f"{path}: {answer.status}")
        return answer.body

    def form(self, ending: str) -> dict[str, str]:
        """The hidden fields of the page's form whose action ends so."""
        for form in _FORM.findall(self.page):
            action = dict(_ATTRIBUTE.findall(form.split(">", 1)[0])).get("action", "")
            if urllib.parse.urlsplit(action).path.endswith(ending):
                fields = [dict(_ATTRIBUTE.findall(tag)) for tag in _INPUT.findall(form)]
                return {
                    f["name"]: f.get("value", "")
                    for f in fields
                    if f.get("type") == "hidden" and "name" in f
                }
        return {}

    def press(self, path: str, **fields: Any) -> Answer:
        """Sends the form of the open page that leads to `path`; the answer is the page's JSON."""
        act = path.rsplit("/", 1)[-1]
        content = self.form(f"/{act}") | {"csrf": self.token}
        content |= {"pin": self.pin} if self.pin and act in _WITH_PIN else {}
        content |= {k: v for k, v in fields.items() if v is not None}
        return self.request(
            "POST",
            path,
            urllib.parse.urlencode(content, doseq=True),
            {
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
                "X-CSRF-Token": self.token,
            },
        )

    def sign_in(self, login: str, password: str, factor: str = "", pin: str = "") -> None:
        """`factor` = the secret in this person's authenticator, if they have one; `pin` = what
        they type at ON and at the fire watch's confirmation."""
        self.pin = pin
        for code in self._codes(factor) if factor else [None]:
            self.open("/login")
            answer = self.press("/login", login=login, password=password, code=code)
            if answer.status in (200, 303):
                return
        raise PhoneError(f"sign-in of {login}: {answer.status}")

    def _codes(self, factor: str) -> Iterator[str]:
        """A code is good once: whoever signs in again at once waits for the next one."""
        for tried in range(3):
            if tried:
                time.sleep(STEP_S - time.time() % STEP_S + 0.5)
            now = int(time.time()) // STEP_S
            yield from (authenticator.code(factor, now + step) for step in (-1, 0, 1))

    def show(self, path: str, name: str, picture: bytes) -> Answer:
        """Sends a picture by the form of the open page that leads to `path`."""
        return self.hand_in(path, name, ("p.jpg", picture, "image/jpeg"))

    def hand_in(self, path: str, name: str, given: tuple[str, bytes, str], **typed: str) -> Answer:
        """The same with any file: what it is called, its bytes and their kind."""
        fields = self.form("/" + path.rsplit("/", 1)[-1]) | {"csrf": self.token} | typed
        called, content, type = given
        mark = secrets.token_hex(16)
        parts = [f'--{mark}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'
                 for k, v in fields.items()]  # fmt: skip
        file = (
            f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="{called}"\r\n'
        )
        head = "".join([*parts, file, f"Content-Type: {type}\r\n\r\n"])
        body = head.encode() + content + f"\r\n--{mark}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={mark}"}
        return self.request("POST", path, body, kind | {"Accept": "application/json"})


def fresh_picture() -> bytes:
    """What a phone's camera sees: no two are the same."""
    return jpeg([list(secrets.token_bytes(12)) for _ in range(9)])

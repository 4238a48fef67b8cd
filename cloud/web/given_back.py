"""A form that cannot be taken is given back as it was sent, with the words beside the field.

One way for every form of every page, with the script off too: the page that it came from is drawn
anew, as its reader may see it now, and filled in. Passwords and files are not sent back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from io import BytesIO
from itertools import accumulate
from urllib.parse import unquote_to_bytes, urlsplit

from flask import Response, current_app, request
from markupsafe import escape
from werkzeug.datastructures import MultiDict

_OWN = ("csrf", "once")  # each page's own
_PAGES = ("hidden", "submit", "button", "image", "reset")  # nobody types in them
_UNTOLD = ("password", "file")
_TICKED = ("checkbox", "radio")
_OF_THE_POST = ("CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING", "werkzeug.request")

NOTE = "told"  # the id of the note that is put in

Attributes = list[tuple[str, str | None]]


def came_from() -> str:
    """The path and query of our page that the press came from, as the browser names it; or ''."""
    came = urlsplit(request.referrer or "")
    if came.netloc != request.host or not came.path.startswith("/") or came.path[1:2] == "/":
        return ""
    return came.path + (f"?{came.query}" if came.query else "")


def given_back(status: int, note: str, name: str = "") -> Response | None:
    """The page with its form filled in as it was sent, `note` beside the field of this name or at
    the form's head; None where the page, or the form on it, is there no more."""
    if request.method != "POST" or not (came := came_from()):
        return None
    page = _drawn(came)
    if page.status_code != 200 or page.mimetype != "text/html":
        return None
    again = filled(page.get_data(as_text=True), request.path, request.form, note, name)
    if again is None:
        return None
    page.set_data(again)
    page.status_code = status
    return page


def _drawn(address: str) -> Response:
    """The page at this address of ours, for who sent the form."""
    path, _mark, query = address.partition("?")
    environ = {name: told for name, told in request.environ.items() if name not in _OF_THE_POST}
    inside = unquote_to_bytes(path.removeprefix(request.script_root)).decode("latin-1")
    environ |= {"REQUEST_METHOD": "GET", "PATH_INFO": inside, "QUERY_STRING": query}
    with current_app.request_context(environ | {"wsgi.input": BytesIO()}):
        return current_app.full_dispatch_request()


def filled(
    page: str, action: str, sent: MultiDict[str, str], note: str, name: str = ""
) -> str | None:
    """`page` (HTML) with the first form that posts to `action` and has all that was `sent`, filled
    in, and `note` (HTML) in it; None if there is no such form."""
    reader = _Reader(page, action, sent, note, name)
    reader.feed(page)
    reader.close()
    if reader.found is None:
        return None
    for begin, end, text in sorted(reader.found, reverse=True):
        page = page[:begin] + text + page[end:]
    return page


@dataclass
class _Form:
    """What is known of a form so far; `edits` = (from, to, what stands there instead)."""

    head: int
    right: bool
    names: set[str] = field(default_factory=set)
    edits: list[tuple[int, int, str]] = field(default_factory=list)
    noted: bool = False
    choosing: str = ""


class _Reader(HTMLParser):
    def __init__(
        self, page: str, action: str, sent: MultiDict[str, str], note: str, name: str
    ) -> None:
        super().__init__()
        self._page, self._action, self._sent = page, action, sent
        self._note, self._name = note, name
        self._lines = [0, *accumulate(len(line) + 1 for line in page.split("\n"))]
        self._folded: list[tuple[int, Attributes]] = []  # the details that are open to us here
        self._reloads: list[tuple[int, int, str]] = []  # none under the hands of who types
        self._form: _Form | None = None
        self._text_from = 0
        self.found: list[tuple[int, int, str]] | None = None

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        if self.found is not None:
            return
        told = {name: value or "" for name, value in attrs}
        begin = self._at()
        end = begin + len(self.get_starttag_text() or "")
        if tag == "details":
            self._folded.append((begin, attrs))
        elif tag == "meta" and told.get("http-equiv") == "refresh":
            self._reloads.append((begin, end, ""))
        elif tag == "form":
            self._form = _Form(end, told.get("action") == self._action)
        elif self._form and tag == "option":
            self._option(self._form, told, attrs)
        elif self._form and tag in ("input", "button", "select", "textarea"):
            self._field(self._form, tag, told, attrs, begin, end)

    def handle_endtag(self, tag: str) -> None:
        end = self._page.find(">", self._at()) + 1
        if tag == "details" and self._folded:
            self._folded.pop()
        elif self._form and tag == "form":
            self._judge(self._form)
            self._form = None
        elif self._form and tag in ("select", "textarea"):
            form, name = self._form, self._form.choosing
            if tag == "textarea" and name in self._sent:
                form.edits.append((self._text_from, self._at(), str(escape(self._sent[name]))))
            form.choosing = ""
            self._beside(form, name, end)

    def _field(
        self, form: _Form, tag: str, told: dict[str, str], attrs: Attributes, begin: int, end: int
    ) -> None:
        name, kind = told.get("name", ""), told.get("type", "text" if tag == "input" else "")
        form.right |= told.get("formaction") == self._action
        form.names.add(name)
        if kind == "hidden" and name in self._sent and name not in _OWN:
            # A page's own words for which of its forms it is; what a script wrote there is lost.
            form.right &= told.get("value", "") in ("", self._sent[name])
        if kind in _PAGES or tag == "button" or not name:
            return
        if kind in _TICKED:
            attrs = _flag(attrs, "checked", told.get("value", "on") in self._sent.getlist(name))
        elif tag == "input" and name in self._sent and kind not in _UNTOLD:
            attrs = [one for one in attrs if one[0] != "value"] + [("value", self._sent[name])]
        wrong = name == self._name and kind not in _TICKED
        form.edits.append((begin, end, _tag(tag, _wrong(attrs) if wrong else attrs)))
        if tag != "input":
            form.choosing, self._text_from = name, end
        elif wrong:
            self._beside(form, name, end)

    def _option(self, form: _Form, told: dict[str, str], attrs: Attributes) -> None:
        if form.choosing in self._sent:
            chosen = told.get("value", "") in self._sent.getlist(form.choosing)
            begin, end = self._at(), self._at() + len(self.get_starttag_text() or "")
            form.edits.append((begin, end, _tag("option", _flag(attrs, "selected", chosen))))

    def _beside(self, form: _Form, name: str, at: int) -> None:
        if name == self._name and not form.noted:
            form.edits.append((at, at, self._note))
            form.noted = True

    def _judge(self, form: _Form) -> None:
        known = form.names | set(_OWN)
        if not form.right or not set(self._sent) <= known:
            return
        if not form.noted:
            form.edits.append((form.head, form.head, self._note))
        opened = [
            (at, self._page.find(">", at) + 1, _tag("details", _flag(attrs, "open", True)))
            for at, attrs in self._folded
        ]
        self.found = form.edits + opened + self._reloads

    def _at(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column


def _flag(attrs: Attributes, name: str, on: bool) -> Attributes:
    return [one for one in attrs if one[0] != name] + ([(name, None)] if on else [])


def _wrong(attrs: Attributes) -> Attributes:
    """What a screen reader tells of the field: that it is wrong, and the note before its hint."""
    hint = dict(attrs).get("aria-describedby")
    kept = [one for one in attrs if one[0] != "aria-describedby"]
    described = f"{NOTE} {hint}" if hint else NOTE
    return [*kept, ("aria-invalid", "true"), ("aria-describedby", described), ("autofocus", None)]


def _tag(tag: str, attrs: Attributes) -> str:
    words = (name if value is None else f'{name}="{escape(value)}"' for name, value in attrs)
    return f"<{' '.join((tag, *words))}>"

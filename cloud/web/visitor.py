"""Who is looking: cookies, the signed-in person of this request, and the CSRF token.

Two cookies: the session token of a signed-in person (its row lives in `registry.accounts`), and a
random number for a visitor who has not signed in, so that the log-in form is guarded as well.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request
from flask_babel import gettext as _

from cloud.base.formats import mask_name
from cloud.base.unit import Ground
from cloud.registry import accounts, sight
from cloud.registry.people import Person
from cloud.web.shown import clock_time
from cloud.web.trouble import Trouble, log_in_first

SESSION = "hanma_session"
VISIT = "hanma_visit"
CSRF_HEADER = "X-CSRF-Token"
_VISIT_SHAPE = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True)
class Viewer:
    """The signed-in person, as far as pages need to know."""

    id: str
    shown_name: str
    roles: frozenset[str]
    district: str
    enterprise_id: str | None
    unfinished: bool = False  # must have a second factor and has none yet
    eyes: sight.Sight | None = None  # of an officer or the office, read with the session

    @classmethod
    def of(
        cls,
        person: Person | accounts.Known,
        unfinished: bool = False,
        eyes: sight.Sight | None = None,
    ) -> Viewer:
        """From what is kept; the name only as others may see it."""
        name, firm = mask_name(person.name), person.enterprise_id
        return cls(person.id, name, person.roles, person.district, firm, unfinished, eyes)


def ground() -> Ground:
    """The composition that the application was made with."""
    return current_app.extensions["hanma"]


def viewer() -> Viewer | None:
    """Who is signed in, or None; read once per request."""
    if "viewer" not in g:
        g.viewer = _signed_in(session_token())
    return g.viewer


def signed_in() -> Viewer:
    """The viewer, where the rights table has already made sure that there is one."""
    person = viewer()
    if person is None:
        raise log_in_first()
    return person


def elsewhere() -> str:
    """Since when (shown) this browser's account is used on another phone too; empty = it was told,
    or is not."""
    viewer()
    since = g.get("newer_at")
    return clock_time(since, ground().clock()) if since else ""


def session_token() -> str:
    """The session cookie, or empty."""
    return request.cookies.get(SESSION, "")


def csrf_token() -> str:
    """The token that every form of this session carries; made once per request."""
    if "csrf" not in g:
        owner = f"session:{session_token()}" if viewer() else f"visit:{_visit()}"
        g.csrf = hmac.digest(ground().keys.csrf, owner.encode(), "sha256").hex()
    return g.csrf


def check_csrf() -> None:
    """Trouble unless the request carries this session's token in its form or header."""
    given = request.headers.get(CSRF_HEADER, "") or request.form.get("csrf", "")
    if not hmac.compare_digest(given.encode(), csrf_token().encode()):
        raise Trouble(403, "csrf", _("这一页已经过期，没有执行。"), _("请刷新页面，再按一次。"))


def keep_session(response: Response, token: str) -> None:
    """Hand the browser its fresh session; the visitor's number has done its duty."""
    seconds = ground().settings.session_s
    response.set_cookie(SESSION, token, max_age=seconds, **_cookie())
    response.delete_cookie(VISIT, **_cookie())


def drop_session(response: Response) -> None:
    """Take the session cookie back."""
    response.delete_cookie(SESSION, **_cookie())


def secure() -> bool:
    """Whether the platform is reached over https, so that cookies must be."""
    return ground().settings.base_url.startswith("https://")


def local_path(wanted: str) -> str:
    """`wanted` if it is a path of this site, else `/`: nobody is sent elsewhere after log-in."""
    parts = urlsplit(wanted) if wanted.isprintable() and "\\" not in wanted else None
    local = parts and wanted.startswith("/") and not (parts.scheme or parts.netloc)
    return wanted if local and not wanted.startswith("//") else "/"


def init_app(app: Flask) -> None:
    """Let templates name the viewer, and hand a new visitor a number."""
    app.jinja_env.globals.update(viewer=viewer, csrf_token=csrf_token, elsewhere=elsewhere)

    @app.after_request
    def keep_visit(response: Response) -> Response:
        if "new_visit" in g:
            response.set_cookie(VISIT, g.new_visit, **_cookie())
        return response


def _signed_in(token: str) -> Viewer | None:
    if not token:
        return None
    with ground().read() as unit:
        known = accounts.session(unit, token)
        g.newer_at = known.newer_at if known else accounts.ended_by_newer(unit, token)
    eyes = sight.posted(known, known.department) if known else None
    return Viewer.of(known, known.lacking, eyes) if known else None


def _visit() -> str:
    """The visitor's number, made when the first form is shown."""
    known = request.cookies.get(VISIT, "")
    if _VISIT_SHAPE.fullmatch(known):
        return known
    if "new_visit" not in g:
        g.new_visit = secrets.token_hex(16)
    return g.new_visit


def _cookie() -> dict[str, object]:
    return {"httponly": True, "samesite": "Lax", "secure": secure()}

"""Chinese first, English by switch.

Message ids are the Chinese sentences themselves; `translations/en.po` holds the English ones. It
is compiled in memory when the application starts, so nothing generated lies in the tree. The
switch is a cookie, not the browser's wish: a phone bought abroad still speaks Chinese here.
"""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, Response, request
from flask_babel import Babel, Domain

COOKIE = "lang"
LOCALES = {"zh": "zh_Hans_CN", "en": "en"}
ENGLISH = Path(__file__).parent / "translations" / "en.po"
_YEAR_S = 365 * 24 * 3600


class Catalogue(Domain):
    """The one message domain: English from the po file, Chinese as written."""

    def __init__(self, po: Path) -> None:
        super().__init__()
        self._english = compiled(po)
        self._chinese = NullTranslations()

    def get_translations(self) -> NullTranslations:
        """The sentences of the present request's language."""
        return self._english if language() == "en" else self._chinese


def compiled(po: Path) -> Translations:
    """The translations in a po file, compiled in memory."""
    with po.open("rb") as source:
        catalogue = read_po(source, locale="en")
    machine_readable = io.BytesIO()
    write_mo(machine_readable, catalogue)
    machine_readable.seek(0)
    return Translations(machine_readable)


def language() -> str:
    """`zh` or `en`: what the viewer last chose; Chinese until then."""
    chosen = request.cookies.get(COOKIE, "zh")
    return chosen if chosen in LOCALES else "zh"


def remember(response: Response, chosen: str, *, secure: bool) -> None:
    """Keep the viewer's choice in a cookie for a year."""
    response.set_cookie(
        COOKIE, chosen, max_age=_YEAR_S, httponly=True, samesite="Lax", secure=secure
    )


def init_app(app: Flask) -> None:
    """Give the application its languages and the wall clock of China."""
    babel = Babel(app, locale_selector=lambda: LOCALES[language()], default_locale="zh_Hans_CN")
    babel.domain_instance = Catalogue(ENGLISH)
    app.jinja_env.globals["language"] = language

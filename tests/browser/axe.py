"""What axe-core complains of, in the light and in the dark. Each state of a page is looked at once
a run, wherever a test first reaches it: `heading` (people.py) looks by itself, `look` at what has
no heading of its own. Only then counts as seen what the page was drawn from (drawn.py)."""

import re
from functools import cache

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error

_SHORTLY = """axe.run({{ resultTypes: ["violations"]{only} }}).then((told) => JSON.stringify([
  told.passes.length,
  told.violations.map(({{ id, nodes }}) => [id, nodes.map(({{ html }}) => html.slice(0, 120))]),
])).then(JSON.parse)"""
_ALL, _COLOURS = "", ', runOnly: ["color-contrast"]'
_IS_DARK = "matchMedia('(prefers-color-scheme: dark)').matches"
_looked = set()
seen = set()  # templates


@cache
def _axe():
    return Axe().axe_script


def violations(page):
    """What axe-core complains of, shortly: [[rule, [element, …]], …]. All but the colours is the
    same in the other theme."""
    page.evaluate(_axe())
    passed, found = page.evaluate(_SHORTLY.format(only=_ALL))
    assert passed  # it did look
    theme, other = ("dark", "light") if page.evaluate(_IS_DARK) else ("light", "dark")
    page.emulate_media(color_scheme=other)
    _passed, colours = page.evaluate(_SHORTLY.format(only=_COLOURS))
    page.emulate_media(color_scheme=theme)
    seen.update(getattr(page, "drawn", ()))
    return found + colours


def look(page, state=""):
    """axe finds nothing on this page; `state` tells apart what has the same heading."""
    if page.plain:
        return
    address = re.sub(r"/[^/]*\d[^/]*", "/…", page.url.partition("?")[0].partition("//")[2])
    head = page.locator("h1").first.inner_text()
    step = page.locator("main").get_attribute("data-step")
    this = (address.partition("/")[2], head, step, state, frozenset(page.drawn))
    if this in _looked:
        return
    # A page that renewed itself under the look is looked at again.
    if _found(page):
        assert _found(page) == [], page.url
    _looked.add(this)


def _found(page):
    try:
        return violations(page)
    except Error as error:
        return str(error)

"""What axe-core complains of. Each state of a page is looked at once a run, wherever a test first
reaches it: `heading` (people.py) looks by itself, `look` at what has no heading of its own."""

import re
from functools import cache

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error

_SHORTLY = """axe.run({ resultTypes: ["violations"] }).then((told) => JSON.stringify([
  told.passes.length,
  told.violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 120))]),
]))"""
_seen = set()


@cache
def _axe():
    return Axe().axe_script


def violations(page):
    """What axe-core complains of, shortly: [[rule, [element, …]], …]."""
    page.evaluate(_axe())
    passed, found = page.evaluate(f"{_SHORTLY}.then(JSON.parse)")
    assert passed  # it did look
    return found


def look(page, state=""):
    """axe finds nothing on this page; `state` tells apart what has the same heading."""
    if page.plain:
        return
    address = re.sub(r"/[^/]*\d[^/]*", "/…", page.url.partition("?")[0].partition("//")[2])
    head = page.locator("h1").first.inner_text()
    step = page.locator("main").get_attribute("data-step")
    this = (address.partition("/")[2], head, step, state, page.dark)
    if this in _seen:
        return
    # A page that renewed itself under the look is looked at again.
    if _found(page):
        assert _found(page) == [], page.url
    _seen.add(this)


def _found(page):
    try:
        return violations(page)
    except Error as error:
        return str(error)

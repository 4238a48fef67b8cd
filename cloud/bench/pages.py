"""How long each list page takes: every GET without arguments, for every role that may call it.

Where a page has a next one (`after=`), that is measured as well. What answers with anything but
200 (a redirect, a page that is off) is passed over.
"""

import re
import statistics
import time
from collections.abc import Callable, Iterator
from html import unescape

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from cloud.base.unit import Ground
from cloud.bench import county
from cloud.registry import accounts, factors, people
from cloud.registry.enterprises import Enterprise
from cloud.registry.people import ROLES
from cloud.web import create_app, rights, visitor

LIMIT_MS, STATUS_LIMIT_MS = 100, 150
_TIMES = 7
_COUNTY = f"{county.ROOT}00"
_NEXT = re.compile(r'href="([^"]*after=[^"]*)"')
# An officer of a whole city, and one of a county: a wide and a narrow look.
_VIEWERS = [(role, county.ROOT) for role in sorted(ROLES)] + [("officer", _COUNTY)]


def measure(ground: Ground, say: Callable[[str], None]) -> list[str]:
    """Prints each page's median and its limit; those that took longer."""
    app = create_app(ground)
    slow = []
    for role, district in _VIEWERS:
        client = app.test_client()
        client.set_cookie(visitor.SESSION, signed_in(ground, role, district))
        for path in _and_the_next(client, _paths(app, role)):
            took = []
            for _ in range(_TIMES):
                start = time.perf_counter()
                client.get(path)
                took.append((time.perf_counter() - start) * 1000)
            median = statistics.median(took)
            limit = STATUS_LIMIT_MS if path in ("/", "/status.json") else LIMIT_MS
            name = f"{path[:40]} {role} {district}"
            say(f"{name:44} {median:8.1f} ms  limit {limit} ms")
            if median > limit:
                slow.append(f"{name} {median:.0f} ms")
    return slow


def _and_the_next(client: FlaskClient, paths: Iterator[str]) -> Iterator[str]:
    for path in paths:
        page = client.get(path)
        if page.status_code != 200:
            continue
        yield path
        following = _NEXT.search(page.text) if page.mimetype == "text/html" else None
        if following:
            yield unescape(following[1])


def _paths(app: Flask, role: str) -> Iterator[str]:
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if rule.arguments or "GET" not in (rule.methods or ()):
            continue
        if rights.allowed(rule.endpoint, frozenset({role})):
            yield rule.rule


def signed_in(ground: Ground, role: str, district: str, name: str = "") -> str:
    """The session of a fresh person of this role and district, and of some firm."""
    login = f"{name or role}-{district}"
    with ground.write() as unit:
        person = people.add(
            unit,
            name="演示人",
            login=login,
            district=district,
            enterprise_id=unit.db.scalar(select(Enterprise.id).limit(1)),
            roles={role},
            status="active",
        )
        if role in factors.COMPULSORY:
            factors.begin(unit, person)
        return accounts.begin(unit, person, "127.0.0.1").token

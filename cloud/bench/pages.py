"""How long each list page takes: every GET without arguments, for every role that may call it.

Where a page has a next one (`after=`), that is measured as well, and so is each search and filter:
for what there is, for what there is not, and for names that thousands have.
The lists of Way 2 are asked by a platform of every firm, of a county's, and of a township's.
What answers with anything but 200 (a redirect, a page that is off) is passed over.
"""

import re
import secrets
import statistics
import time
from collections.abc import Callable, Iterator
from html import unescape
from itertools import chain
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import Client

from cloud.app import wsgi
from cloud.base.unit import Ground
from cloud.bench import county
from cloud.platform import signature
from cloud.registry import accounts, factors, people, platforms
from cloud.registry.enterprises import Enterprise
from cloud.registry.machines import INDUSTRIES, Machine
from cloud.registry.people import ROLES
from cloud.web import create_app, rights, visitor

LIMIT_MS, STATUS_LIMIT_MS = 100, 150
_TIMES = 7
_FILTERED = (
    *("/machines", "/machines.json", "/alarms", "/trends", "/map.json"),
    *("/registers/machines", "/registers/enterprises", "/registers/people"),
    "/registers/certificates",
)
_INTERFACE = [f"/platform/v1/{name}" for name in ("terminals", "welders", "fire-watches", "jobs")]
_ZOOMS = (8, 10, 12, 14, 16, 18)
_COUNTY = f"{county.ROOT}00"
_CSRF = re.compile('name="csrf" content="([^"]+)"')
_NEXT = re.compile(r'href="([^"]*after=[^"]*)"')
# An officer of a whole city, and one of a county: a wide and a narrow look.
_VIEWERS = [(role, county.ROOT) for role in sorted(ROLES)] + [("officer", _COUNTY)]


def measure(ground: Ground, say: Callable[[str], None]) -> list[str]:
    """Prints each page's median and its limit; those that took longer."""
    slow, worst = [], (0.0, "")
    for name, median, limit in chain(_pages(ground), _interface(ground)):
        say(f"{name:64} {median:8.1f} ms  limit {limit} ms")
        worst = max(worst, (median / limit, f"{name} {median:.1f} ms  limit {limit} ms"))
        if median > limit:
            slow.append(f"{name} {median:.0f} ms")
    say(f"worst page: {worst[1]}")
    return slow


def _pages(ground: Ground) -> Iterator[tuple[str, float, int]]:
    """(name, median, limit) of each page of the web, as every role sees it."""
    app = create_app(ground)
    asked = list(_asked(ground))
    for role, district in _VIEWERS:
        client = app.test_client()
        client.set_cookie(visitor.SESSION, signed_in(ground, role, district))
        pages = [(path, "") for path in _and_the_next(client, _paths(app, role))]
        plain = {path for path, _words in pages}
        pages += [(path, q) for path, q in asked if path.partition("?")[0] in plain]
        for path, words in pages:
            median = _median(client, path, words)
            limit = STATUS_LIMIT_MS if path in ("/", "/status.json") else LIMIT_MS
            name = f"{path[:60]}{words and f' [{words}]'} {role} {district}"
            yield name, median, limit


def _interface(ground: Ground) -> Iterator[tuple[str, float, int]]:
    """The same of each list of Way 2 and its next page, as platforms of three sizes see it."""
    client = Client(wsgi(ground))
    for district in (county.ROOT, _COUNTY, f"{_COUNTY}001"):
        with ground.write() as unit:
            firms = select(Enterprise.uscc).where(Enterprise.district.startswith(district))
            platform = platforms.add(unit, f"演示平台 {district}", list(unit.db.scalars(firms)))
            key, secret = platforms.new_key(unit, platform)

        def ask(path: str, key: str = key, secret: bytes = secret.encode()) -> dict[str, Any]:
            at, nonce = str(ground.clock()), secrets.token_hex(16)
            signed = signature.sign(secret, "GET", path, at, nonce, b"")
            names = signature.KEY, signature.TIMESTAMP, signature.NONCE, signature.SIGNATURE
            answer = client.get(
                path, headers=dict(zip(names, (key, at, nonce, signed), strict=True))
            )
            if answer.status_code != 200:
                raise RuntimeError(f"{path}: {answer.status_code}")
            told: dict[str, Any] = answer.json["result"]
            return told

        for path in _INTERFACE:
            following = ask(path).get("next")
            for one in [path, *([f"{path}?after={following}"] if following else [])]:
                median = _timed(lambda one=one, ask=ask: ask(one))
                yield f"{one[:50]} platform {district}", median, LIMIT_MS


def _median(client: FlaskClient, path: str, words: str) -> float:
    """Milliseconds of a page, or of a search for these words that stands in no address."""
    token = _CSRF.search(client.get(path).text) if words else None
    form = {"q": words, "csrf": token[1]} if token else {}

    def ask() -> None:
        answer = client.post(path, data=form) if words else client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} [{words}]: {answer.status_code}")

    return _timed(ask)


def _timed(ask: Callable[[], object]) -> float:
    took = []
    for _ in range(_TIMES):
        start = time.perf_counter()
        ask()
        took.append((time.perf_counter() - start) * 1000)
    return statistics.median(took)


def _asked(ground: Ground) -> Iterator[tuple[str, str]]:
    """(address, ""), or (address, words) where words are posted: they may name a person."""
    with ground.read() as unit:
        machine = unit.db.scalars(select(Machine).order_by(Machine.code.desc()).limit(1)).one()
        uscc = unit.db.scalars(select(Enterprise.uscc).order_by(Enterprise.uscc.desc())).first()
    named = {
        "machines": (machine.code, machine.device or "", uscc or "", "HM-NONE"),
        "enterprises": (uscc or "", "演示企业", "企业 7", "没有这一家"),
        "terminals": (machine.device or "", "HM-NONE"),
        "stock": ("HM-NONE", "aabbccddeeff"),
    }
    for register, some in named.items():
        yield from ((f"/registers/{register}?{urlencode({'q': one})}", "") for one in some)
    for one in ("没有此人", county.NAME, county.SHARED_NAME, "m7", "13800000007", "nobody"):
        yield "/registers/people", one
    for one in ("演示00000007", "没有此证"):
        yield "/registers/certificates", one
    yield f"/office/audit?{urlencode({'q': machine.id})}", ""
    for role in sorted(ROLES):
        yield f"/office/accounts?role={role}", ""
    for zoom in _ZOOMS:
        half = 360 / 2**zoom * 2.5  # a desk's screen is five tiles wide
        (lat, lng), sides = county.MIDDLE, (-half, half)
        box = ",".join(f"{at + by:.5f}" for by in sides for at in (lng, lat))
        yield f"/map.json?{urlencode({'box': box, 'zoom': zoom}, safe=',')}", ""
    for path in _FILTERED:
        yield f"{path}?district={_COUNTY}&trade={INDUSTRIES[-1]}", ""


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

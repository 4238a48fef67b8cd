"""What every page owes everybody: axe finds nothing, a phone is wide enough, little on the wire,
nobody else is asked, and without a network an honest page."""

import re

import pytest
from playwright.sync_api import expect

from cloud.cases import imports, service
from cloud.cases.service import STEPS
from cloud.link import positions, stock
from cloud.registry import certificates, enterprises, machines, people
from cloud.web import create_app, rights
from cloud.web.language import COOKIE
from tests.browser.axe import violations
from tests.browser.people import KEPT, heading

pytestmark = pytest.mark.slow

# Addresses of the pages that name something of the stage; all others are visited by themselves.
NAMED = {
    "welder.machine": ["/m/{code}"],
    "regulator.card": ["/m/{code}/card"],
    "regulator.alarm_page": ["/alarms/{alarm}"],
    "regulator.form": [
        f"/forms/{name}" for name in ("statistics", "survey", "uncoded", "installations")
    ],
    "activation.form": ["/activate/{code}"],
    "office.machine": ["/registers/machines/{code}"],
    "office.person": ["/registers/people/{person}"],
    "office.enterprise": ["/registers/enterprises/{enterprise}"],
    "office.certificate": ["/registers/certificates/{certificate}"],
    "office.permit": ["/registers/permits/{permit}"],
    "office.terminal": ["/registers/terminals/{device}"],
    "office.import_page": ["/office/imports/{judged}", "/office/imports/{lost}"],
    "office.module": ["/registers/stock/{chip}"],
    "technician.machine": ["/technician/m/{code}"],
    "technician.record": [
        "/technician/records/{fitting}",
        *(f"/technician/records/{{fitting}}?step={one}" for one in STEPS["installation"][1:6]),
        "/technician/records/{fitting}?step=machine",
        "/technician/records/{mending}",
    ],
}
# GET without a page of its own to look at, and why.
_PROGRAMS = [
    "regulator.alarms_json",
    "regulator.machines_json",
    "regulator.status_json",
    "regulator.map_json",
    "regulator.boundaries",
    "welder.state",
    "enterprise.state",
    "office.import_state",
    "technician.state",
    "app.manifest",
    "accounts.healthz",
    "monitoring.metrics",
]
NO_PAGE = dict.fromkeys(_PROGRAMS, "for programs") | {
    "static": "files",
    "app.worker": "a script",
    "regulator.status_part": "a part of the status page",
    "regulator.form_file": "a file",
    "office.import_blank": "a file",
    "welder.picture": "a picture",
    "regulator.snapshot": "a picture",
    "technician.picture": "a picture",
    "technician.label": "a PDF",
    "technician.paper": "a PDF",
    "technician.wiring": "a drawing",
    "terminal.package": "a package",
    "welder.find": "leads to the machine",
    "technician.find": "leads to the machine",
    "technician.terminal": "leads to the record that is open",
}
# Who looks at a page: the first of these who may.
VISITORS = {
    "anyone": None,
    "welder": "welder1",
    "enterprise": "firm1",
    "technician": "tech1",
    "officer": "officer1",
    "office": "office1",
}

WIRE_MAX = 100_000  # bytes of the first page with everything it loads
DESK = {"width": 1280, "height": 900}


@pytest.fixture
def alarmed(stage):
    """An alarm and a place on the map; the machine's code and the alarm's id."""
    code, terminal = stage.machine(0)
    with stage.ground.write() as unit:
        positions.keep(unit, terminal.device, {"lat": 29.5, "lng": 106.5, "source": "gnss"})
    return code, stage.alarm(0)


def pages(app):
    """endpoint → its addresses, of every page that answers a GET."""
    found = {}
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint not in NO_PAGE:
            found[rule.endpoint] = NAMED.get(rule.endpoint, () if rule.arguments else [rule.rule])
    return found


def test_every_page_has_an_address_at_which_axe_looks(stage):
    bare = {endpoint for endpoint, paths in pages(create_app(stage.ground)).items() if not paths}
    assert bare == set()


@pytest.fixture
def tables(stage):
    """Tables of the office: one judged, with a bad row and a change, and one that nobody reads."""
    with stage.ground.write() as unit:
        office = people.by_login(unit, "office1")
        known = enterprises.get(unit, people.by_login(unit, "firm1").enterprise_id)
        rows = f"企业名称,统一社会信用代码,行政区划\n演示改名厂,{known.uscc},990101\n无代码厂,,"
        judged, lost = (
            imports.keep(unit, office, "enterprises", name, rows.encode()).id
            for name in ("判过.csv", "中断.csv")
        )
    imports.judge(stage.ground, judged)
    return {"judged": judged, "lost": lost}


@pytest.fixture
def module(stage):
    """A module of the stock that was flashed and has papers."""
    with stage.ground.write() as unit:
        office = people.by_login(unit, "office1")
        for state in ("received", "flashed"):
            item = stock.move(unit, "a4cf12abcdef", state, office.id, "演示批次")
        ends = "2027-01-05"
        stock.set_papers(unit, item, sim_until=ends, insurance="保1", insurance_until=ends)
        return item.chip


@pytest.fixture
def records(stage):
    """What the technician is at: an installation and a repair, both just begun."""
    begun = {}
    with stage.ground.write() as unit:
        technician = people.by_login(unit, "tech1")
        for name, place, kind in (("fitting", 1, "installation"), ("mending", 2, "repair")):
            machine = machines.by_code(unit, stage.machine(place)[0])
            begun[name] = service.begin(unit, machine, technician, kind).id
    return begun


@pytest.fixture
def names(stage, alarmed, tables, module, records, permit):
    """What the addresses of pages may name."""
    code, alarm = alarmed
    with stage.ground.read() as unit:
        machine = machines.by_code(unit, code)
        person = people.by_login(unit, "welder1")
        paper = certificates.for_person(unit, person.id)[0]
        return {
            "code": code,
            "alarm": alarm,
            "person": person.id,
            "enterprise": machine.enterprise_id,
            "certificate": paper.id,
            "permit": permit,
            "device": machine.device,
            "chip": module,
            **tables,
            **records,
        }


@pytest.mark.parametrize("lang, dark", [("zh", False), ("en", True)])
def test_axe_finds_nothing_and_a_phone_is_wide_enough(stage, phone, names, lang, dark):
    left, wrong = pages(create_app(stage.ground)), {}

    def look(page, *paths):
        for path in paths:
            if path:
                page.goto(stage.url + path)
            if found := violations(page):
                wrong[path or page.url] = found
            width, wide = page.evaluate("[innerWidth, document.documentElement.scrollWidth]")
            if wide > width:
                wrong[f"{path or page.url} wide"] = wide

    def speak(page):
        cookie = {"name": COOKIE, "value": lang, "url": stage.url}
        page.context.add_cookies([cookie])
        return page

    for role, login in VISITORS.items():
        roles = None if login is None else frozenset({role})
        mine = [endpoint for endpoint in left if rights.allowed(endpoint, roles)]
        page = speak(phone(login, "/login", dark=dark))
        if login:
            expect(page).not_to_have_url(re.compile("/login"))
        look(page, *(path.format(**names) for one in mine for path in left.pop(one)))
        look(page, "/nowhere", f"/m/{names['code']}", "/" if login else "")
    assert not [endpoint for endpoint in left if left[endpoint]]
    officer = speak(phone("officer1", "/", size=DESK, dark=dark))
    officer.locator("#live summary").first.click()
    expect(officer.locator(".leaflet-marker-icon")).to_have_count(1)
    look(officer, "", "/machines")
    assert wrong == {}


def test_the_first_page_is_small_and_asks_nobody_else(stage, phone, alarmed):
    code, _alarm = alarmed
    for login, path, size in (
        (None, f"/m/{code}", None),
        ("welder1", f"/m/{code}", None),
        ("officer1", "/", DESK),
    ):
        page = phone(login, path, **({"size": size} if size else {}))  # fails on a foreign host
        page.wait_for_load_state("networkidle")
        fresh = page.context.browser.new_context(storage_state=page.context.storage_state())
        first, loaded = fresh.new_page(), []
        first.on("requestfinished", lambda asked, kept=loaded: kept.append(asked))
        first.goto(stage.url + path)
        first.wait_for_load_state("networkidle")
        sizes = [one.sizes() for one in loaded if not one.url.endswith("/sw.js")]
        wire = sum(one["responseBodySize"] + one["responseHeadersSize"] for one in sizes)
        fresh.close()
        assert 1_000 < wire <= WIRE_MAX, (login, wire)


def test_without_a_network_an_honest_page_stands_in_and_names_nobody(stage, phone):
    code, _terminal = stage.machine(0)
    page = phone("welder1", f"/m/{code}")
    heading(page, "申请作业")
    page.evaluate(KEPT)
    page.context.set_offline(True)
    page.goto(stage.url + f"/m/{code}")
    heading(page, "没有网络")
    assert code not in page.content()
    page.context.set_offline(False)
    page.goto(stage.url + f"/m/{code}")
    heading(page, "申请作业")

"""What every page owes everybody: axe finds nothing, a phone is wide enough, little on the wire,
nobody else is asked, and without a network an honest page."""

import random

import pytest
from playwright.sync_api import expect

from cloud.base.formats import identity_check
from cloud.base.ids import make_code
from cloud.cases import imports, service
from cloud.cases.service import STEPS
from cloud.link import positions, stock
from cloud.registry import certificates, enterprises, machines, maker_list, people
from cloud.web import create_app, rights
from tests.browser.axe import violations
from tests.browser.conftest import DESK, PHONE, fresh_code
from tests.browser.fitting import misfits
from tests.browser.people import KEPT, heading, press, said

pytestmark = pytest.mark.slow

# Addresses of the pages that name something of the stage; all others are visited by themselves.
NAMED = {
    "welder.machine": ["/m/{code}"],
    "regulator.card": ["/m/{code}/card"],
    "regulator.alarm_page": ["/alarms/{alarm}"],
    "regulator.form": [
        f"/forms/{name}" for name in ("statistics", "survey", "uncoded", "installations")
    ],
    "activation.form": ["/activate/{coded}"],
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

_BODY = "99010119900101001"
NEWCOMER = {
    "name": "演示新人",
    "identity": _BODY + identity_check(_BODY),
    "phone": "13800000001",
    "district": "990101001",
    "login": "newcomer",
    "password": "made-up-password",
}

WIRE_MAX = 100_000  # bytes of the first page with everything it loads


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
def coded(stage):
    """A machine that its maker has coded and its owner has not activated; its code."""
    line = {"device": "HM-990101-000077", "maker": "演示焊机厂", "model": "ZX7", "serial": "7"}
    line |= {"code": make_code("990101", random.Random(3)), "category": ""}
    with stage.ground.write() as unit:
        maker_list.add_many(unit, [line])
    return line["code"]


@pytest.fixture
def names(stage, alarmed, tables, module, records, permit, coded):
    """What the addresses of pages may name."""
    code, alarm = alarmed
    with stage.ground.read() as unit:
        machine = machines.by_code(unit, code)
        person = people.by_login(unit, "welder1")
        paper = certificates.for_person(unit, person.id)[0]
        return {
            "code": code,
            "coded": coded,
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


def titled(page, words):
    expect(page.locator("h1").first).to_have_text(words)


def of_anyone(page, at):
    for path in ("/login/phone", "/password"):
        page.goto(at + path)
        page.fill("#phone", "13800000000")
        page.click("main button")
        page.locator("#code").wait_for()
        yield "the code from the text message"
    page.goto(f"{at}/register")
    for name, told in NEWCOMER.items():
        page.fill(f"#{name}", told)
    press(page, "提交注册")
    titled(page, said(page, "已提交，等待平台审核。"))
    yield "registered"
    page.goto(f"{at}/login")
    page.fill("#login", NEWCOMER["login"])
    page.fill("#password", NEWCOMER["password"])
    page.click("main button")
    page.locator("main [role=alert]").wait_for()
    yield "not let in yet"


def of_welder(page, at):
    page.goto(f"{at}/account/factor")
    page.fill("#code", fresh_code(page.locator("#secret").text_content()))
    press(page, "确认启用")
    titled(page, said(page, "已启用。请收好备用码。"))
    yield "recovery codes"
    page.goto(f"{at}/account/factor")
    yield "the factor is in force"


def of_office(page, at):
    page.goto(f"{at}/office/enrolment")
    page.fill("#login", "tech1")
    press(page, "生成登记码")
    page.locator(".once").wait_for()
    yield "a code, shown once"
    page.goto(f"{at}/office/registrations")
    page.locator("summary").first.click()
    yield "somebody waits"
    page.locator("[id^=why-]").fill("核对")
    press(page, "手机号码")
    titled(page, NEWCOMER["name"])
    yield "a number in clear"
    page.goto(f"{at}/office/audit")
    press(page, "核对有没有被改动")
    page.locator("main [role=status]").wait_for()
    yield "the trail is whole"
    for path, asked in (("/office/audit", "nobody"), ("/registers/people", "演示焊工甲")):
        page.goto(at + path)
        page.fill("#q", asked)
        with page.expect_navigation():
            press(page, "查找")
        yield f"{path} searched"


# What no address leads to: (page, the cloud's address) → whenever another page is there.
LATER = {"anyone": of_anyone, "welder": of_welder, "office": of_office}


@pytest.mark.parametrize("phone", [(PHONE, "zh"), (PHONE, "en")], indirect=True, ids=["zh", "en"])
def test_axe_finds_nothing_and_a_phone_is_wide_enough(stage, phone, names):
    left, wrong = pages(create_app(stage.ground)), {}

    def look(page, what):
        if found := violations(page):
            wrong[what] = found
        usual = page.viewport_size
        for size in (DESK if usual == PHONE else PHONE, usual):
            page.set_viewport_size(size)
            if found := misfits(page):
                wrong[f"{what} at {size['width']}"] = found

    for role, login in VISITORS.items():
        roles = None if login is None else frozenset({role})
        mine = [endpoint for endpoint in left if rights.allowed(endpoint, roles)]
        paths = [path.format(**names) for one in mine for path in left.pop(one)]
        page = phone(login, "/nowhere")
        look(page, f"{role}: nowhere")
        for path in (*paths, f"/m/{names['code']}", *(["/"] if login else [])):
            if (status := page.goto(stage.url + path).status) != 200:
                wrong[path] = status
            look(page, path)
        for what in LATER.get(role, lambda *_: ())(page, stage.url):
            look(page, what)
    assert not [endpoint for endpoint in left if left[endpoint]]
    officer = phone("officer1", "/", size=DESK)
    officer.locator("#live summary").first.click()
    expect(officer.locator(".leaflet-marker-icon")).to_have_count(1)
    look(officer, "status at a desk")
    officer.goto(f"{stage.url}/machines")
    look(officer, "machines at a desk")
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


def test_a_phone_keeps_the_pages_as_an_app_and_without_a_network_one_that_names_nobody(
    stage, phone
):
    code, _terminal = stage.machine(0)
    page = phone("welder1", f"/m/{code}")
    heading(page, "申请作业")
    page.evaluate(KEPT)
    chrome = page.context.new_cdp_session(page)
    manifest = chrome.send("Page.getAppManifest")
    assert manifest["url"].endswith("/manifest.webmanifest") and manifest["errors"] == []
    missing = chrome.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert {one["errorId"] for one in missing} <= {"in-incognito"}  # as every context of a test
    page.context.set_offline(True)
    page.goto(stage.url + f"/m/{code}")
    heading(page, "没有网络")
    assert code not in page.content()
    page.context.set_offline(False)
    page.goto(stage.url + f"/m/{code}")
    heading(page, "申请作业")

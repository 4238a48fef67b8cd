"""What every page owes everybody: axe finds nothing, little on the wire, nobody else is asked, and
without a network an honest page."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from cloud.cases import alarms
from cloud.link import positions
from cloud.registry import machines
from tests.browser.people import heading

pytestmark = pytest.mark.slow

WIRE_MAX = 100_000  # bytes of the first page with everything it loads
DESK = {"width": 1280, "height": 900}


def violations(page):
    """What axe-core complains of, shortly."""
    told = Axe().run(page).response
    assert told["passes"]  # it did look
    found = told["violations"]
    return [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found]


@pytest.fixture
def alarmed(stage):
    """An alarm and a place on the map; the machine's code and the alarm's id."""
    code, terminal = stage.machine(0)
    with stage.ground.write() as unit:
        machine = machines.by_code(unit, code)
        place = {"district": machine.district, "machine_id": machine.id}
        alarm = alarms.raise_alarm(unit, "TAMPER", terminal.device, **place)
        positions.keep(unit, terminal.device, {"lat": 29.5, "lng": 106.5, "source": "gnss"})
    return code, alarm.id


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_on_any_page(stage, phone, alarmed, dark):
    code, alarm = alarmed
    wrong = {}

    def look(page, *paths):
        for path in paths:
            if path:
                page.goto(stage.url + path)
            page.wait_for_load_state("networkidle")
            if found := violations(page):
                wrong[path or page.url] = found

    look(phone(at=f"/m/{code}", dark=dark), "", "/login", "/register", "/offline", "/nowhere")
    welder = phone("welder1", f"/m/{code}", dark=dark)
    heading(welder, "申请作业")
    look(welder, "", "/certificates", "/")
    officer = phone("officer1", "/", size=DESK, dark=dark)
    heading(officer, "电焊机状态")
    officer.locator("#live summary").first.click()
    expect(officer.locator(".leaflet-marker-icon")).to_have_count(1)
    look(officer, "", "/machines", "/alarms", f"/alarms/{alarm}", f"/m/{code}/card", f"/m/{code}")
    look(officer, "/trends", "/forms/statistics", "/forms/survey")
    small = phone("officer1", "/", dark=dark)
    heading(small, "电焊机状态")
    look(small, "", "/machines")
    office = phone("office1", "/office/registrations", dark=dark)
    office.wait_for_url("**/office/registrations")
    look(office, "")
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
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    page.context.set_offline(True)
    page.goto(stage.url + f"/m/{code}")
    heading(page, "没有网络")
    assert code not in page.content()
    page.context.set_offline(False)
    page.goto(stage.url + f"/m/{code}")
    heading(page, "申请作业")

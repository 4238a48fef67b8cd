"""The map under the officer's finger: from far to near to one machine's card, with the filters."""

import random
import re

import pytest
from playwright.sync_api import expect

from cloud.base.ids import make_code
from cloud.link import positions, terminals
from cloud.registry import machines, people
from tests.browser.axe import look
from tests.browser.conftest import DESK, both_ways
from tests.browser.people import said

pytestmark = pytest.mark.slow

# Of the industry two machines side by side; where the first stands, one of a builder's as well.
PLACES = ((29.5, 106.5), (29.5004, 106.5004), (29.5, 106.5))


@pytest.fixture
def drawn(stage):
    """Machines on the map; their codes."""
    with stage.ground.write() as unit:
        for number, (lat, lng) in enumerate(PLACES):
            _code, terminal = stage.machine(number)
            positions.keep(unit, terminal.device, {"lat": lat, "lng": lng, "source": "gnss"})
    return [stage.machine(number)[0] for number in range(len(PLACES))]


@both_ways
def test_a_press_comes_nearer_and_opens_a_machines_card_and_the_filter_stays(stage, phone, drawn):
    officer = phone("officer1", "/")
    pins = officer.locator(".leaflet-marker-icon")
    pins.filter(has_text="3").click()
    expect(pins).to_have_count(2)
    pins.filter(has_text="2").click()  # in one place: no coming nearer tells them apart
    listed = officer.locator(".leaflet-popup li a")
    expect(listed).to_have_text(sorted((drawn[0], drawn[2])))
    look(officer, "listed")

    officer.select_option("#trade", "industry")
    officer.get_by_role("button", name=said(officer, "筛选"), exact=True).click()
    officer.wait_for_url(re.compile("trade=industry"))
    pins.filter(has_text="2").click()
    expect(pins).to_have_count(2)
    pins.filter(has_text=re.compile("^$")).first.click()
    officer.wait_for_url(re.compile("/card.*trade=industry"))
    expect(officer.locator("svg")).to_be_visible()
    look(officer)
    officer.get_by_role("link", name=said(officer, "返回状态页")).click()
    expect(officer.locator("#trade")).to_have_value("industry")


CROWD, SIDE = 5_000, 71  # places, and how many of them lie side by side
# The numbers on the pins and which of them, a gathered one or one by itself, is the nearest to the
# middle of the map.
PINS = """all => {
  const middle = (box) => [box.x + box.width / 2, box.y + box.height / 2];
  const [x, y] = middle(document.getElementById("map").getBoundingClientRect());
  const far = (one) => { const [a, b] = middle(one.getBoundingClientRect()); return Math.hypot(a - x, b - y); };
  const counts = all.map((one) => Number(one.textContent || 1));
  return [counts, all.map((one, at) => [far(one), at]).sort(([a], [b]) => a - b)[0][1]];
}"""  # noqa: E501


@pytest.fixture
def crowded(stage):
    """Machines by the thousand, a hundred metres apart, all of one firm."""
    rng = random.Random(5)
    codes = set()
    while len(codes) < CROWD:
        codes.add(make_code("990101", rng))
    with stage.ground.write() as unit:
        firm = people.by_login(unit, "firm1")
        devices = [f"HM-990101-1{number:05}" for number in range(CROWD)]
        terminals.add_many(unit, [terminals.row(unit, one, bytes(32)) for one in devices])
        places = [
            positions.row(unit, one, 29.5 + at // SIDE / 1000, 106.5 + at % SIDE / 1000)
            for at, one in enumerate(devices)
        ]
        positions.add_many(unit, places)
        about = {"enterprise_id": firm.enterprise_id, "district": firm.district, "name": "演示"}
        about |= {"industry": "industry", "fitted_at": unit.now}
        fitted = zip(sorted(codes), devices, strict=True)
        rows = [machines.row(unit, code=code, device=one, **about) for code, one in fitted]
        machines.add_many(unit, rows)


def test_of_five_thousand_places_a_screenful_is_drawn_and_presses_lead_to_each(
    stage, phone, crowded, shot
):
    officer = phone("officer1", "/", size=DESK)
    pins = officer.locator(".leaflet-marker-icon")
    pins.first.wait_for()
    counts, nearest = pins.evaluate_all(PINS)
    assert sum(counts) == CROWD and len(counts) < 200
    look(officer, "crowded")
    shot(officer, "93-crowded")
    while counts[nearest] > 1:
        old = pins.nth(nearest).element_handle()
        old.click()
        old.wait_for_element_state("hidden")  # drawn anew
        before, (counts, nearest) = counts[nearest], pins.evaluate_all(PINS)
        assert counts[nearest] < before
    pins.nth(nearest).click()
    officer.wait_for_url("**/card*")
    expect(officer.locator("h1")).to_have_text("演示")

"""The map under the officer's finger: from far to near to one machine's card, with the filters."""

import re

import pytest
from playwright.sync_api import expect

from cloud.link import positions
from tests.browser.axe import look
from tests.browser.conftest import both_ways
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

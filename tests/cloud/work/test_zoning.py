"""A machine moves into a key zone and out of it (cloud/work/zoning.py; WY)."""

from dataclasses import replace
from typing import Any

import pytest

from cloud.link import policies
from cloud.registry import machines, zones
from tests.cloud.registry.test_zones import SQUARE, feature

INSIDE, OUTSIDE = {"lat": "28.01", "lng": "118.01"}, {"lat": "28.5", "lng": "118.5"}


@pytest.fixture
def wuyi(county: Any, sent: Any, site_maker: Any) -> Any:
    county.ground.settings = replace(county.ground.settings, profile="wuyi")
    site = site_maker(county, sent, "HM-990101-000001")
    county.do(zones.put, feature(SQUARE))
    return site


def move(site: Any, place: dict[str, str]) -> Any:
    """The terminal tells where it is; the machine as it is then."""
    site.up(site.terminal.position(**place))
    site.exchange()
    site.machine = site.county.ask(machines.by_code, site.machine.code)
    return site.machine


def budget_h(site: Any) -> int:
    row = site.county.ask(policies.get, site.terminal.device)
    return int(row.content["budget_h"])


def test_inside_the_stricter_rules_hold_and_outside_the_others_again(wuyi: Any) -> None:
    assert move(wuyi, INSIDE).key_zone
    assert wuyi.view(wuyi.welder).profile.id == "wuyi@key-zone"
    assert wuyi.apply().codes == ["permit"]
    assert not move(wuyi, OUTSIDE).key_zone
    assert wuyi.apply().state == "applied"


def test_a_job_begun_outside_ends_when_the_machine_comes_in(wuyi: Any) -> None:
    job = wuyi.apply()
    wuyi.on(job)
    wuyi.exchange()
    assert wuyi.state(job) == "on"
    move(wuyi, INSIDE)
    assert (wuyi.state(job), wuyi.job(job).end_reason) == ("ended", "zone")
    assert wuyi.terminal.relay == 0


def test_the_same_place_again_changes_nothing(wuyi: Any) -> None:
    move(wuyi, INSIDE)
    move(wuyi, {"lat": "28.011", "lng": "118.011"})
    assert wuyi.audit().count("machine-zone") == 1


def test_a_position_that_is_none_changes_nothing(wuyi: Any) -> None:
    move(wuyi, INSIDE)
    assert move(wuyi, {"lat": "x", "lng": "999"}).key_zone


def test_what_the_office_marked_by_hand_stays_marked(wuyi: Any) -> None:
    county = wuyi.county
    county.do(lambda unit: setattr(unit.db.merge(wuyi.machine), "key_zone", True))
    assert move(wuyi, OUTSIDE).key_zone


def test_where_both_rules_are_the_same_the_job_goes_on(site: Any) -> None:
    site.county.do(zones.put, feature(SQUARE))
    job = site.working()
    assert move(site, INSIDE).key_zone
    assert site.state(job) == "on"


def test_there_is_no_emergency_release_in_a_key_zone(wuyi: Any) -> None:
    move(wuyi, INSIDE)
    assert budget_h(wuyi) == 0
    move(wuyi, OUTSIDE)
    assert budget_h(wuyi) > 0

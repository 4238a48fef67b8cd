"""Pictures of key zones are reviewed, then the venue's code is given in (work/reviewing.py)."""

from dataclasses import replace
from typing import Any

import pytest

from cloud.book import outbox
from cloud.cases import alarms, observed
from cloud.registry import machines, zones
from cloud.work import jobs, permits, reviewing
from cloud.work.reviewing import NotEntitled
from tests.cloud.registry.test_zones import SQUARE, feature


@pytest.fixture
def zone(county: Any, sent: Any, site_maker: Any) -> Any:
    """A site in Wuyi whose machine stands in a hospital; the fire watch is the hospital's."""
    county.ground.settings = replace(county.ground.settings, profile="wuyi")
    site = site_maker(county, sent, "HM-990101-000001")
    venue = county.enterprise("演示医院")
    county.do(zones.put, feature(SQUARE, uscc=venue.uscc))
    site.up(site.terminal.position(lat="28.01", lng="118.01"))
    site.exchange()
    site.machine = county.ask(machines.by_code, site.machine.code)
    site.fire_watch = county.fire_watch(venue)
    firm, now = site.enterprise, county.clock.now
    window = {"window_from": now, "window_to": now + 28_000_000}
    asked = county.do(permits.ask, site.welder, enterprise_id=firm.id, grade="first", **window)
    county.do(permits.approve, asked, county.person("enterprise", enterprise=firm))
    return site


@pytest.fixture
def officer(county: Any) -> Any:
    return county.person("officer", district="990101")


def judge(zone: Any, job: Any, officer: Any, good: bool = True) -> Any:
    return zone.county.do(reviewing.judge, job, officer, good, "" if good else "有可燃物")


def shown(zone: Any, job: Any) -> str:
    return str(zone.county.do(reviewing.show, job, zone.welder).code)


def scan(zone: Any, job: Any, code: str, person: Any = None) -> Any:
    return zone.county.do(reviewing.scan, job, person or zone.fire_watch, code)


def test_pass_code_photo_confirmation_on(zone: Any, officer: Any) -> None:
    job = zone.checked()
    assert job.state == "checked"
    assert zone.county.do(jobs.ask_code, job, zone.fire_watch).codes == ["review", "venue-code"]
    assert zone.county.do(reviewing.show, job, zone.welder).codes == ["review"]
    assert [one.id for one in zone.county.ask(reviewing.waiting, officer)] == [job.id]
    judge(zone, job, officer)
    assert zone.county.ask(reviewing.waiting, officer) == []
    assert zone.county.do(jobs.ask_code, job, zone.fire_watch).codes == ["venue-code"]
    scan(zone, job, shown(zone, job))
    assert zone.watch(job).state == "watched"
    zone.on(job)
    zone.exchange()
    assert zone.state(job) == "on"


def test_a_refusal_leads_back_to_new_pictures_and_the_second_is_an_alarm(
    zone: Any, officer: Any
) -> None:
    job = zone.checked()
    assert judge(zone, job, officer, False).state == "permitted"
    assert zone.view(zone.welder).refusals.codes == ["review"]
    assert zone.events("review-refused") == []
    job = zone.check(job)
    judge(zone, job, officer, False)
    outbox.deliver(zone.county.ground, observed.handlers())
    told = zone.county.do(alarms.open_about, job.id)
    assert [(one.kind, one.level) for one in told] == [("REVIEW_REFUSED", 3)]


def test_the_code_is_of_this_job_good_once_for_ten_minutes_and_a_few_tries(
    zone: Any, officer: Any
) -> None:
    job = zone.checked()
    judge(zone, job, officer)
    code = shown(zone, job)
    wrong = "000000" if code != "000000" else "000001"
    assert scan(zone, job, wrong).codes == ["venue-code"]
    zone.clock.forward(600)
    assert scan(zone, job, code).codes == ["venue-code"]
    code = shown(zone, job)
    scan(zone, job, code)
    assert scan(zone, job, code).codes == ["venue-code"]  # it is used
    code = shown(zone, job)
    for _ in range(reviewing.TRIES):
        scan(zone, job, "999999" if code != "999999" else "999998")
    assert scan(zone, job, code).codes == ["venue-code"]


def test_who_gave_the_code_must_be_who_watches_and_of_the_venue(zone: Any, officer: Any) -> None:
    job = zone.checked()
    judge(zone, job, officer)
    scan(zone, job, shown(zone, job), zone.county.fire_watch())
    assert zone.county.do(jobs.ask_code, job, zone.fire_watch).codes == ["venue-code"]
    other = zone.county.fire_watch(zone.enterprise)
    scan(zone, job, shown(zone, job), other)
    assert zone.county.do(jobs.ask_code, job, other).codes == ["fire-watch-venue"]


def test_only_a_regulator_of_the_place_judges(zone: Any) -> None:
    job = zone.checked()
    far = zone.county.person("officer", district="990202")
    for person in (far, zone.welder, zone.fire_watch, zone.county.person("enterprise")):
        with pytest.raises(NotEntitled):
            judge(zone, job, person)
    office = zone.county.person("office")
    assert zone.county.ask(reviewing.waiting, far) == []
    assert judge(zone, job, office).state == "checked"


def test_what_waits_for_no_review_cannot_be_judged(site: Any, officer: Any) -> None:
    assert judge(site, site.checked(), officer).codes == ["wrong-step"]

"""A running job and its permit: extended, shortened, withdrawn (extending.py, revoked.py)."""

from typing import Any

import pytest

from cloud.registry import certificates
from cloud.work import jobs, permits

HOUR = 3_600_000


@pytest.fixture
def boss(site: Any) -> Any:
    return site.county.person("enterprise", enterprise=site.enterprise)


def approved(site: Any, boss: Any, hours: int) -> Any:
    now = site.clock.now
    given = {"enterprise_id": site.enterprise.id, "grade": "second"}
    window = {"window_from": now, "window_to": now + hours * HOUR}
    asked = site.county.do(permits.ask, site.welder, **given, **window)
    return site.county.do(permits.approve, asked, boss)


def extend(site: Any, job: Any, person: Any = None) -> Any:
    return site.county.do(jobs.extend, job, person or site.welder)


def left_h(site: Any, job: Any) -> float:
    return (site.job(job).lease_until - site.clock.now) / HOUR


def test_a_later_permit_lets_the_welder_go_on(site: Any, boss: Any) -> None:
    approved(site, boss, 2)
    job = site.working()
    assert left_h(site, job) == 2
    assert extend(site, job).codes == ["extend-nothing"]
    assert not site.view(site.welder).extendable
    site.later(HOUR / 1000)
    site.county.do(jobs.check_in, job, site.fire_watch)
    later = approved(site, boss, 5)
    assert site.view(site.welder).extendable
    assert extend(site, job, site.fire_watch).codes == ["not-your-job"]
    assert extend(site, job).permit_id == later.id
    site.exchange()
    assert (left_h(site, job), site.state(job), site.terminal.relay) == (5, "on", 1)
    assert site.switches() == ["1", "1"]


def test_under_a_contract_it_is_the_client_who_lets_the_work_go_on(
    site: Any, other_site: Any, boss: Any
) -> None:
    """The machine and the welder are the contractor's; so is the permit of its own boss."""
    client = other_site.county.person("enterprise", enterprise=other_site.enterprise)
    contract = other_site.hire(site.welder)
    window = {"window_from": site.clock.now, "window_to": site.clock.now + 2 * HOUR}
    given = {"enterprise_id": other_site.enterprise.id, "grade": "second"}
    asked = site.county.do(permits.ask, site.welder, **given, **window)
    site.county.do(permits.approve, asked, client)
    job = site.check(site.apply(contract=contract.id))
    job = site.on(site.watch(job, person=other_site.fire_watch))
    site.exchange()
    assert left_h(site, job) == 2
    approved(site, boss, 5)
    assert not site.view(site.welder).extendable
    assert extend(site, job).codes == ["extend-nothing"]
    window["window_to"] += 2 * HOUR
    asked = site.county.do(permits.ask, site.welder, **given, **window)
    later = site.county.do(permits.approve, asked, client)
    assert extend(site, job).permit_id == later.id
    assert left_h(site, job) == 4


def test_an_extension_is_decided_with_fresh_facts_and_no_lease_is_over_twelve_hours(
    site: Any, boss: Any
) -> None:
    approved(site, boss, 2)
    job = site.working()
    approved(site, boss, 70)
    site.county.do(
        lambda unit: [
            certificates.set_status(unit, one, "suspended")
            for one in certificates.for_person(unit, site.welder.id)
        ]
    )
    assert extend(site, job).codes == ["certificate-status"]
    site.county.do(
        lambda unit: [
            certificates.set_status(unit, one, "normal")
            for one in certificates.for_person(unit, site.welder.id)
        ]
    )
    extend(site, job)
    assert left_h(site, job) == 12


def test_an_extension_is_offered_when_it_gives_the_permit_to_its_end_or_an_hour(
    site: Any, boss: Any
) -> None:
    approved(site, boss, 13)
    job = site.working()
    assert left_h(site, job) == 12  # the longest lease: there is nothing to gain yet
    assert not site.view(site.welder).extendable
    assert extend(site, job).codes == ["extend-nothing"]
    site.later(1800)
    assert not site.view(site.welder).extendable
    site.later(1800)
    site.county.do(jobs.check_in, job, site.fire_watch)
    assert site.view(site.welder).extendable
    extend(site, job)
    assert left_h(site, job) == 12
    assert not site.view(site.welder).extendable


def test_a_permit_that_is_withdrawn_ends_the_job_at_once(site: Any, boss: Any) -> None:
    permit = approved(site, boss, 2)
    job = site.working()
    other = site.county.person("enterprise", enterprise=site.county.enterprise("演示二厂"))
    assert site.county.do(permits.end, permit, other).codes == ["permit-not-yours"]
    site.county.do(permits.end, permit, boss)
    site.exchange()
    assert (site.job(job).end_reason, site.terminal.relay) == ("permit", 0)


def test_a_permit_that_ends_sooner_ends_the_job_sooner_and_never_later(
    site: Any, boss: Any
) -> None:
    permit = approved(site, boss, 4)
    job = site.working()
    site.county.do(permits.end, permit, boss, site.clock.now + 9 * HOUR)
    site.county.do(permits.end, permit, boss, site.clock.now + HOUR // 2)
    site.exchange()
    assert left_h(site, job) == 0.5
    assert site.switches() == ["1"]  # never an ON that nobody pressed
    site.later(HOUR / 2000)
    site.exchange()
    assert (site.state(job), site.terminal.relay) == ("ended", 0)


def test_before_the_first_on_a_withdrawn_permit_refuses_the_on(site: Any, boss: Any) -> None:
    permit = approved(site, boss, 2)
    job = site.watched()
    site.county.do(permits.end, permit, boss)
    site.exchange()
    assert site.state(job) == "watched"
    assert "permit" in site.on(job).codes

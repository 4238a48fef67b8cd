"""Work with gas cylinders (cloud/work/cylinders.py; CQ art. 3, 4, 10, 23, 45)."""

from dataclasses import replace
from typing import Any

import pytest

from cloud.book import outbox
from cloud.cases import alarms, observed
from cloud.registry import cylinders, machines
from cloud.registry.cylinders import BadCylinder
from cloud.work import jobs, permits

TICKS = {"combustibles", "extinguishers", "briefing", "cylinders", "valves", "site"}


@pytest.fixture
def bottles(site: Any) -> list[Any]:
    """Oxygen and acetylene of the site's enterprise."""
    county = site.county
    return [
        county.do(
            cylinders.add,
            rng=county.rng,
            number=f"TS-{number}",
            gas=gas,
            test_by=county.day(300),
            name=f"演示{gas}瓶",
            enterprise_id=site.enterprise.id,
            district="990101001",
            industry="industry",
        )
        for number, gas in enumerate(("oxygen", "acetylene"))
    ]


@pytest.fixture
def gas(site: Any, bottles: list[Any]) -> Any:
    """The site with a cylinder in the place of the machine."""
    site.machine = bottles[0]
    return site


def working(gas: Any) -> Any:
    job = gas.check(gas.apply(), "", ticks=TICKS)
    job = gas.on(gas.watch(job, ""))
    assert job.state == "on"
    return job


def test_the_same_states_and_no_command(gas: Any) -> None:
    job = working(gas)
    assert gas.view(gas.welder).step == "off"
    ended = gas.off(job)
    assert (ended.state, ended.off_confirmed_at is not None) == ("ended", True)
    assert gas.clear(job, ticks=TICKS).state == "cleared"
    assert gas.switches() == []
    gas.later(60)
    assert gas.events("off-unconfirmed") == []


def test_it_ends_by_itself_after_twelve_hours(gas: Any) -> None:
    job = working(gas)
    gas.later(43_199)
    assert gas.state(job) == "on"
    gas.later(2)
    assert gas.state(job) == "ended"


def test_a_later_permit_lets_it_go_on_but_never_beyond_twelve_hours(gas: Any) -> None:
    boss = gas.county.person("enterprise", enterprise=gas.enterprise)
    hour, began = 3_600_000, gas.clock.now

    def approved(hours: int) -> None:
        given = {"enterprise_id": gas.enterprise.id, "grade": "second"}
        window = {"window_from": gas.clock.now, "window_to": gas.clock.now + hours * hour}
        asked = gas.county.do(permits.ask, gas.welder, **given, **window)
        gas.county.do(permits.approve, asked, boss)

    approved(2)
    job = working(gas)
    assert gas.job(job).lease_until == began + 2 * hour
    gas.clock.forward(3600)
    approved(20)
    assert gas.view(gas.welder).extendable
    assert gas.county.do(jobs.extend, job, gas.welder).lease_until == began + 12 * hour
    assert not gas.view(gas.welder).extendable
    assert gas.switches() == []


@pytest.mark.parametrize("scanned", [0, 1])
def test_work_with_cylinders_changes_hands_as_any_work_does(
    gas: Any, bottles: list[Any], scanned: int
) -> None:
    job = gas.apply()
    gas.machine = bottles[1]
    gas.apply()  # the second one joins
    gas.machine = bottles[0]
    job = gas.on(gas.watch(gas.check(job, "", ticks=TICKS), ""))
    assert gas.view(gas.welder).may_hand_over
    first, second = gas.welder, gas.county.welder(gas.enterprise)
    ended = gas.county.do(jobs.hand_over, job, first)
    assert (ended.state, ended.off_confirmed_at) == ("ended", gas.clock.now)
    gas.machine, gas.welder = bottles[scanned], second
    offer = gas.view(second).offer
    assert (offer.job, offer.off) == (job.id, True)
    taken = gas.county.do(jobs.take_over, second, gas.machine, job.id)
    assert (taken.handed_from, taken.machine_id, taken.site) == (job.id, gas.machine.id, job.site)
    assert gas.on(taken).codes[:1] == ["checklist"]  # decided anew, and the fire watch too
    assert gas.state(job) == "ended"
    other = gas.county.fire_watch(gas.enterprise)
    taken = gas.watch(gas.check(taken, "", ticks=TICKS), "", person=other)
    assert gas.on(taken).state == "on"
    assert gas.state(job) == "cleared"
    assert gas.job(taken).fire_watch_id == other.id
    gas.machine = bottles[1 - scanned]
    assert gas.apply(second).id == taken.id


def test_work_with_cylinders_is_taken_over_by_one(gas: Any, bottles: list[Any]) -> None:
    job = gas.apply()
    gas.machine = bottles[1]
    gas.apply()
    gas.machine = bottles[0]
    job = gas.on(gas.watch(gas.check(job, "", ticks=TICKS), ""))
    gas.county.do(jobs.hand_over, job, gas.welder)
    second, third = (gas.county.welder(gas.enterprise) for _ in range(2))

    def take(who: Any, bottle: Any) -> Any:
        return gas.county.do(jobs.take_over, who, bottle, job.id)

    taken = take(second, bottles[0])
    assert take(third, bottles[1]).codes == ["handover-over"]
    assert take(second, bottles[1]).id == taken.id
    gas.county.do(jobs.cancel, taken, second)
    assert take(third, bottles[1]).handed_from == job.id


def test_a_second_cylinder_joins_the_job_and_is_busy_for_others(
    gas: Any, bottles: list[Any]
) -> None:
    job = gas.apply()
    gas.machine = bottles[1]
    assert gas.apply().id == job.id
    assert gas.apply().id == job.id  # twice is once
    assert gas.view(gas.welder).job == job.id
    other = gas.county.welder(gas.enterprise)
    assert gas.apply(other).codes == ["machine-busy"]
    gas.off(job)
    assert gas.apply(other).state == "permitted"


def test_a_machine_does_not_join_and_the_welder_is_busy(gas: Any) -> None:
    gas.apply()
    gas.machine = gas.county.machine(gas.enterprise, "HM-990101-000009")
    assert "welder-busy" in gas.apply().codes


def test_a_failed_scan_is_kept_as_non_compliant_and_raises_an_alarm(gas: Any) -> None:
    stranger = gas.county.person("welder", enterprise=gas.enterprise)
    assert gas.apply(stranger).codes == ["certificate-missing"]
    assert "non-compliant" in gas.audit()
    outbox.deliver(gas.county.ground, observed.handlers())
    told = gas.county.do(alarms.open_about, gas.machine.id)
    assert [one.kind for one in told] == ["CYLINDER_SCAN"]


@pytest.mark.parametrize("status", ["unsafe", "scrapped"])
def test_an_unsafe_one_is_refused(gas: Any, status: str) -> None:
    bottle = gas.machine
    gas.county.do(lambda unit: machines.set_status(unit, unit.db.merge(bottle), status))
    assert gas.apply().codes == ["machine-unusable"]


def test_one_whose_test_is_overdue_is_refused(gas: Any) -> None:
    gas.clock.forward(86_400 * 301)
    assert "cylinder-test" in gas.apply().codes


@pytest.mark.parametrize("profile", ["dalad", "wuyi"])
def test_elsewhere_a_cylinder_is_not_scanned_and_nobody_is_alarmed(gas: Any, profile: str) -> None:
    gas.county.ground.settings = replace(gas.county.ground.settings, profile=profile)
    assert "cylinder-not-asked" in gas.apply().codes
    assert gas.events("cylinder-refused") == []


@pytest.mark.parametrize(
    "bad", [{"number": " "}, {"number": "x" * 41}, {"gas": "steam"}, {"test_by": "soon"}]
)
def test_a_cylinder_that_does_not_hold_is_refused(unit: Any, bad: dict[str, str]) -> None:
    given = {"number": "TS-1", "gas": "oxygen", "test_by": "2027-01-01"} | bad
    with pytest.raises(BadCylinder):
        cylinders.row(
            unit,
            code="c",
            name="瓶",
            enterprise_id="e",
            district="990101001",
            industry="industry",
            **given,
        )

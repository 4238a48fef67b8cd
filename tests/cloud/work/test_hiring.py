"""Contracted and temporary welders (cloud/work/hiring.py, rules/contracts.py; CQ art. 18-20)."""

from datetime import date
from typing import Any

import pytest

from cloud.registry import contracts
from cloud.registry.contracts import BadContract
from cloud.work import hiring, jobs
from cloud.work.facts import end_of_china_day
from cloud.work.hiring import NotEntitled


@pytest.fixture
def outsider(site: Any) -> Any:
    """A certified welder of another enterprise."""
    return site.county.welder(site.county.enterprise("演示承包队"))


def test_an_outside_welder_is_refused_without_a_contract(site: Any, outsider: Any) -> None:
    assert site.apply(outsider).codes == ["contract-missing"]


def test_a_contract_with_the_person_or_with_the_contractor_lets_the_welder_apply(
    site: Any, outsider: Any
) -> None:
    contract = site.hire(outsider, contractor_id=outsider.enterprise_id)
    job = site.apply(outsider)
    assert (job.state, job.contract_id) == ("permitted", contract.id)


@pytest.mark.parametrize(("first", "last"), [(1, 30), (-30, -2)])
def test_a_contract_counts_inside_its_days_only(
    site: Any, outsider: Any, first: int, last: int
) -> None:
    day = site.county.day
    site.hire(outsider, starts_on=day(first), ends_on=day(last))
    assert site.apply(outsider).codes == ["contract-window"]


def test_without_the_confirmed_briefing_the_check_is_refused(site: Any, outsider: Any) -> None:
    contract = site.hire(outsider, briefed=False)
    job = site.apply(outsider)
    site.welder = outsider
    assert site.check(job).codes == ["briefing"]
    client = site.county.person("enterprise", enterprise=site.enterprise)
    assert not site.county.do(hiring.confirm, contract, outsider)  # nobody has briefed yet
    site.county.do(hiring.brief, contract, outsider, client, "上方有电缆")
    assert site.check(job).codes == ["briefing"]  # told is not yet understood
    assert site.county.do(hiring.confirm, contract, outsider)
    assert site.check(job).state == "checked"


def test_the_client_s_own_fire_watch_watches_contracted_work(site: Any, outsider: Any) -> None:
    site.hire(outsider)
    site.welder = outsider
    job = site.checked()
    theirs = site.county.fire_watch()
    refused = site.county.do(jobs.ask_code, job, theirs)
    assert refused.codes == ["fire-watch-client"]
    assert site.watch(job).state == "watched"


def test_a_contract_taken_back_stops_the_next_on(site: Any, outsider: Any) -> None:
    contract = site.hire(outsider)
    site.welder = outsider
    job = site.watched()
    client = site.county.person("enterprise", enterprise=site.enterprise)
    site.county.do(lambda unit: hiring.end(unit, unit.db.merge(contract), client))
    assert site.on(job).codes == ["contract-window"]


def test_a_contract_taken_back_ends_the_job_under_it_and_its_last_day_ends_the_lease(
    site: Any, outsider: Any
) -> None:
    contract = site.hire(outsider, ends_on=site.county.day(0))
    site.welder = outsider
    job = site.working()
    midnight = end_of_china_day(date.fromisoformat(contract.ends_on))
    assert site.job(job).lease_until == min(midnight, site.job(job).on_at + 12 * 3_600_000)
    client = site.county.person("enterprise", enterprise=site.enterprise)
    site.county.do(lambda unit: hiring.end(unit, unit.db.merge(contract), client))
    site.exchange()
    assert (site.state(job), site.job(job).end_reason) == ("ended", "contract")
    assert site.terminal.relay == 0


def test_a_contractor_with_its_own_machine_works_for_the_client_that_is_named(
    site: Any, other_site: Any
) -> None:
    """The machine and the welder are the contractor's; fire watch and permit are the client's."""
    contract = other_site.hire(site.welder)
    job = site.apply(contract=contract.id)
    assert job.contract_id == contract.id
    job = site.check(job)
    assert site.county.do(jobs.ask_code, job, site.fire_watch).codes == ["fire-watch-client"]
    assert site.watch(job, person=other_site.fire_watch).state == "watched"


def test_a_contract_of_somebody_else_cannot_be_named(site: Any, outsider: Any) -> None:
    contract = site.hire(outsider)
    assert site.apply(contract=contract.id).codes == ["contract-missing"]
    assert site.apply(contract="no such").codes == ["contract-missing"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kind": "loan"}, "kind"),
        ({"person_id": None}, "contractor"),
        ({"contractor_id": "both"}, "contractor"),
        ({"kind": "temporary", "person_id": None, "contractor_id": "e"}, "contractor"),
        ({"person_id": None, "contractor_id": "c"}, "contractor"),
        ({"ends_on": "2026-01-01"}, "ends_on"),
        ({"ends_on": "tomorrow"}, "ends_on"),
        ({"digest": "no digest"}, "digest"),
    ],
)
def test_a_contract_that_does_not_hold_is_refused_by_its_field(
    unit: Any, given: dict[str, Any], field: str
) -> None:
    whole = {"client_id": "c", "kind": "labour", "person_id": "p", "digest": "0f" * 32}
    whole |= {"starts_on": "2027-01-01", "ends_on": "2027-02-01"}
    with pytest.raises(BadContract) as error:
        contracts.row(unit, **whole | given)
    assert error.value.field == field


def test_only_the_client_enters_ends_and_briefs(site: Any, outsider: Any) -> None:
    contract = site.hire(outsider)
    theirs = site.county.person("enterprise", enterprise=site.county.enterprise("演示三厂"))
    for act in (
        lambda unit: hiring.make(unit, site.welder, person_id=outsider.id, kind="labour"),
        lambda unit: hiring.end(unit, contract, theirs),
        lambda unit: hiring.brief(unit, contract, outsider, theirs, "风险"),
    ):
        with pytest.raises(NotEntitled):
            site.county.do(act)


def test_what_happened_stands_in_the_book(site: Any, outsider: Any) -> None:
    client = site.county.person("enterprise", enterprise=site.enterprise)
    days = {"starts_on": site.county.day(0), "ends_on": site.county.day(9)}
    given = {"kind": "temporary", "digest": "0f" * 32, "person_id": outsider.id}
    contract = site.county.do(hiring.make, client, **given | days)
    site.county.do(hiring.brief, contract, outsider, client, "上方有电缆")
    site.county.do(hiring.confirm, contract, outsider)
    site.county.do(hiring.confirm, contract, outsider)  # twice is once
    told = [word for word in site.audit() if word.startswith(("contract", "briefing"))]
    assert told == ["contract-made", "briefing-given", "briefing-confirmed"]

"""Hot-work permits (cloud/work/permits.py)."""

from typing import Any

import pytest

from cloud.work import permits
from cloud.work.permits import Permit
from cloud.work.refusal import Refusals

HOUR = 3_600_000


@pytest.fixture
def boss(site: Any) -> Any:
    return site.county.person("enterprise", enterprise=site.enterprise)


def ask(site: Any, who: Any, hours: float = 8, grade: str = "first", **other: Any) -> Any:
    now = site.clock.now
    given = {"enterprise_id": site.enterprise.id, "grade": grade} | other
    given = {"window_from": now, "window_to": now + round(hours * HOUR)} | given
    return site.county.do(permits.ask, who, **given)


def test_a_permit_is_asked_for_by_one_and_approved_by_another(site: Any, boss: Any) -> None:
    permit = ask(site, site.welder)
    assert site.county.ask(permits.covering, site.machine) is None
    approved = site.county.do(permits.approve, permit, boss)
    assert (approved.approved_by, approved.approved_at) == (boss.id, site.clock.now)
    assert site.county.ask(permits.covering, site.machine).id == permit.id
    assert site.audit() == ["permit-asked", "permit-approved"]


@pytest.mark.parametrize(
    ("grade", "hours", "good"),
    [
        ("special", 8, True),
        ("special", 8.01, False),
        ("first", 8, True),
        ("first", 9, False),
        ("second", 72, True),
        ("second", 72.01, False),
        ("second", 0, False),
        ("second", -1, False),
        ("third", 1, False),
    ],
)
def test_the_window_is_no_longer_than_the_grade_allows(
    site: Any, grade: str, hours: float, good: bool
) -> None:
    permit = ask(site, site.welder, hours, grade)
    assert isinstance(permit, Permit) == good
    if not good:
        assert permit.codes == ["permit-window"]


def test_a_machine_of_another_enterprise_gets_no_permit(site: Any, other_site: Any) -> None:
    assert ask(site, site.welder, machine=other_site.machine).codes == ["permit-window"]


def test_nobody_approves_ones_own(site: Any, boss: Any) -> None:
    permit = ask(site, boss)
    told = {"enterprise": site.enterprise, "phone": "13800000007"}
    second, asker = (site.county.person(role, **told) for role in ("enterprise", "welder"))
    for asked, judge in ((permit, boss), (ask(site, asker), second)):
        assert site.county.do(permits.approve, asked, judge).codes == ["permit-not-yours"]
        assert site.county.ask(permits.acts, asked, judge) <= {"take-back"}
    assert site.county.do(permits.approve, permit, second).approved_by == second.id
    assert "permit-own" in site.apply(asker).codes  # nor works on what the other account approved
    assert site.apply().state == "permitted"


@pytest.mark.parametrize("who", ["welder", "stranger", "blocked", "officer"])
def test_only_an_active_person_of_the_enterprise_approves(
    site: Any, other_site: Any, who: str
) -> None:
    person = {
        "welder": lambda: site.county.welder(site.enterprise),
        "stranger": lambda: site.county.person("enterprise", enterprise=other_site.enterprise),
        "blocked": lambda: site.county.person(
            "enterprise", enterprise=site.enterprise, status="blocked"
        ),
        "officer": lambda: site.county.person("officer"),
    }[who]()
    permit = ask(site, site.welder)
    refused = site.county.do(permits.approve, permit, person)
    assert isinstance(refused, Refusals)
    assert refused.codes == ["permit-not-yours"]


def test_a_second_approval_changes_nothing(site: Any, boss: Any) -> None:
    permit = ask(site, site.welder)
    first = site.county.do(permits.approve, permit, boss)
    site.clock.forward(60)
    second_boss = site.county.person("enterprise", enterprise=site.enterprise)
    again = site.county.do(permits.approve, permit, second_boss)
    assert (again.approved_by, again.approved_at) == (first.approved_by, first.approved_at)


def test_a_permit_covers_its_window_and_its_machine(site: Any, other_site: Any, boss: Any) -> None:
    permit = ask(site, site.welder, 2, machine=site.machine, window_from=site.clock.now + HOUR)
    site.county.do(permits.approve, permit, boss)

    def covered(machine: Any) -> bool:
        return site.county.ask(permits.covering, machine) is not None

    assert not covered(site.machine)
    site.clock.forward(3600)
    assert covered(site.machine)
    assert not covered(other_site.machine)
    site.clock.forward(3600)
    assert not covered(site.machine)


def test_the_enterprise_sees_its_permits_that_are_not_over(site: Any) -> None:
    later = ask(site, site.welder, 8, window_from=site.clock.now + HOUR)
    sooner = ask(site, site.welder, 1)
    listed = site.county.ask(permits.of_enterprise, site.enterprise.id)
    assert [one.id for one in listed] == [sooner.id, later.id]
    site.clock.forward(3601)
    assert len(site.county.ask(permits.of_enterprise, site.enterprise.id)) == 1


def test_a_refusal_is_final_and_a_second_one_changes_nothing(site: Any, boss: Any) -> None:
    permit = ask(site, site.welder)
    refused = site.county.do(permits.turn_down, permit, boss, "周围有油漆")
    assert permits.state_of(refused, site.clock.now) == "refused"
    again = site.county.do(permits.turn_down, permit, boss, "别的")
    assert again.ended_why == "周围有油漆"
    assert site.county.do(permits.approve, permit, boss).codes == ["permit-closed"]
    assert site.county.ask(permits.covering, site.machine) is None
    assert site.audit() == ["permit-asked", "permit-refused"]


def test_what_was_approved_is_withdrawn_and_not_refused(site: Any, boss: Any) -> None:
    permit = ask(site, site.welder)
    site.county.do(permits.approve, permit, boss)
    assert site.county.do(permits.turn_down, permit, boss, "一").codes == ["permit-closed"]
    ended = site.county.do(permits.end, permit, boss, why="大风")
    assert (permits.state_of(ended, site.clock.now), ended.ended_why) == ("withdrawn", "大风")
    assert site.county.do(permits.approve, permit, boss).codes == ["permit-closed"]


@pytest.mark.parametrize("approved", [True, False])
def test_no_other_voucher_stands_in_for_what_was_withdrawn_or_refused(
    site: Any, boss: Any, approved: bool
) -> None:
    permit = ask(site, site.welder)
    if approved:
        site.county.do(permits.approve, permit, boss)
        site.county.do(permits.end, permit, boss, why="大风")
    else:
        site.county.do(permits.turn_down, permit, boss, "大风")
    assert "permit" in site.apply(voucher="x").codes
    again = ask(site, site.welder)
    site.county.do(permits.approve, again, boss)
    assert site.apply(voucher="").state == "permitted"


def test_what_one_took_back_oneself_bars_no_voucher(site: Any) -> None:
    site.county.do(permits.take_back, ask(site, site.welder), site.welder)
    assert site.apply().state == "permitted"


def test_who_asked_may_take_it_back_until_somebody_answered(site: Any, boss: Any) -> None:
    permit = ask(site, site.welder)
    other = site.county.welder(site.enterprise)
    assert site.county.do(permits.take_back, permit, other).codes == ["permit-not-yours"]
    taken = site.county.do(permits.take_back, permit, site.welder)
    assert permits.state_of(taken, site.clock.now) == "taken-back"
    assert site.county.do(permits.approve, permit, boss).codes == ["permit-closed"]
    second = ask(site, site.welder)
    site.county.do(permits.approve, second, boss)
    assert site.county.do(permits.take_back, second, site.welder).codes == ["permit-closed"]


def test_nobody_approves_what_is_past(site: Any, boss: Any) -> None:
    permit = ask(site, site.welder, 1)
    site.clock.forward(3600)
    assert site.county.do(permits.approve, permit, boss).codes == ["permit-closed"]
    assert permits.state_of(permit, site.clock.now) == "lapsed"
    begun = {"window_from": site.clock.now - HOUR}
    assert ask(site, site.welder, window_to=site.clock.now, **begun).codes == ["permit-window"]


@pytest.mark.parametrize("who", ["stranger", "officer", "fire_watch", "blocked"])
def test_only_whom_the_work_concerns_asks_an_enterprise(site: Any, who: str) -> None:
    person = {
        "stranger": lambda: site.county.welder(),
        "officer": lambda: site.county.person("officer"),
        "fire_watch": lambda: site.fire_watch,
        "blocked": lambda: site.county.person(
            "welder", enterprise=site.enterprise, status="blocked"
        ),
    }[who]()
    assert ask(site, person).codes == ["permit-stranger"]


def test_a_contracted_welder_asks_the_client_also_with_an_own_machine(
    site: Any, other_site: Any
) -> None:
    outsider = other_site.welder
    assert ask(site, outsider).codes == ["permit-stranger"]
    contract = site.hire(outsider)
    assert isinstance(ask(site, outsider, machine=other_site.machine), Permit)
    asked = site.county.ask(permits.approver, outsider, other_site.machine, contract.id)
    assert asked == site.enterprise.id
    own = site.county.ask(permits.approver, outsider, other_site.machine)
    assert own == other_site.enterprise.id


def test_what_a_person_may_do_is_what_the_acts_allow(site: Any, boss: Any) -> None:
    def may(permit: Any, person: Any) -> set[str]:
        return set(site.county.ask(permits.acts, permit, person))

    permit = ask(site, site.welder)
    own = ask(site, boss)
    assert may(permit, boss) == {"approve", "refuse"}
    assert may(permit, site.welder) == {"take-back"}
    assert may(own, boss) == {"take-back"}
    approved = site.county.do(permits.approve, permit, boss)
    assert may(approved, boss) == {"withdraw"}
    assert may(approved, site.welder) == set()
    ended = site.county.do(permits.end, permit, boss)
    assert may(ended, boss) == may(ended, site.fire_watch) == set()

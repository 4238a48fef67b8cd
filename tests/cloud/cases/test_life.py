"""An alarm is laid before a township, taken, verified, closed; or it climbs (cloud/cases/life)."""

import threading
from dataclasses import replace
from typing import Any

import pytest

from cloud.base.clock import in_china
from cloud.cases import life
from tests.cloud.cases.conftest import Desk

MINUTE = 60_000
HOUR = 60 * MINUTE


@pytest.fixture
def officer(desk: Desk) -> Any:
    return desk.county.person("officer", district="990101001")


def test_a_fresh_alarm_lies_before_the_township_with_a_limit(desk: Desk) -> None:
    alarm = desk.raised("TAMPER", district="990101001002")
    assert (alarm.state, alarm.duty) == ("assigned", "990101001")
    assert alarm.due_at == alarm.last_at + 30 * MINUTE


def test_an_alarm_of_no_place_is_laid_where_the_office_sits_and_climbs(
    desk: Desk, officer: Any
) -> None:
    office = desk.county.person("office", district="990101")
    alarm = desk.raised("TAMPER", district="", machine_id=None)
    assert (alarm.state, alarm.duty) == ("assigned", "990101")
    with pytest.raises(life.NotEntitled):
        desk.county.do(life.take, alarm, officer)
    desk.later(30 * 60)
    assert (desk.now(alarm).duty, desk.now(alarm).late) == ("9901", 1)
    assert desk.county.do(life.verify, alarm, office, "库存终端") == ""
    assert desk.county.do(life.close, alarm, office, "已封好") == ""


def test_without_an_office_its_limit_runs_too(desk: Desk) -> None:
    alarm = desk.raised("TAMPER", district="", machine_id=None)
    assert (alarm.state, alarm.duty, alarm.due_at is None) == ("assigned", "", False)
    desk.later(30 * 60)
    assert (desk.now(alarm).late, desk.now(alarm).due_at) == (1, None)


def test_taken_verified_and_closed_with_words(desk: Desk, officer: Any) -> None:
    alarm = desk.raised()
    assert desk.county.do(life.take, alarm, officer) == ""
    assert desk.now(alarm).due_at == desk.clock.now + 4 * HOUR
    assert desk.county.do(life.close, alarm, officer, "好了") == "not-verified"
    assert desk.county.do(life.verify, alarm, officer, "外壳松动") == ""
    assert desk.now(alarm).due_at == desk.clock.now + 24 * HOUR
    assert desk.county.do(life.close, alarm, officer, "已重新封好") == ""
    now = desk.now(alarm)
    assert (now.state, now.holder, now.verified_words) == ("closed", officer.id, "外壳松动")
    assert (now.closed_by, now.closed_why, now.due_at) == (officer.id, "已重新封好", None)


def test_doing_a_step_twice_changes_nothing_and_a_closed_one_takes_none(
    desk: Desk, officer: Any
) -> None:
    alarm = desk.raised()
    for _ in range(2):
        assert desk.county.do(life.take, alarm, officer) == ""
        assert desk.county.do(life.verify, alarm, officer, "一") == ""
    assert desk.now(alarm).verified_words == "一"
    for _ in range(2):
        assert desk.county.do(life.close, alarm, officer, "一") == ""
    assert desk.county.do(life.take, alarm, officer) == "closed"
    assert desk.county.do(life.verify, alarm, officer, "二") == "closed"


def test_of_two_officers_at_once_one_is_told_that_the_others_words_stand(desk: Desk) -> None:
    alarm = desk.raised()
    officers = [desk.county.person("officer", district="990101001") for _ in range(2)]
    for step, is_late in ((life.verify, "verified"), (life.close, "closed")):
        barrier, told = threading.Barrier(2), {}

        def act(one: Any, step: Any = step, barrier: Any = barrier, told: Any = told) -> None:
            barrier.wait()
            told[one.id] = desk.county.do(step, alarm, one, f"由{one.id}写")

        threads = [threading.Thread(target=act, args=(one,)) for one in officers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(told.values()) == ["", is_late]
        now, (first,) = desk.now(alarm), [id for id, said in told.items() if not said]
        by, words = (
            (now.verified_by, now.verified_words)
            if step is life.verify
            else (now.closed_by, now.closed_why)
        )
        assert (by, words) == (first, f"由{first}写")
        assert desk.county.do(step, alarm, officers[0], "别的") == is_late
        if step is life.verify:
            other = next(one for one in officers if one.id != now.holder)
            assert desk.county.do(life.take, alarm, other) == "verified"


@pytest.mark.parametrize(
    ("role", "given"),
    [
        ("officer", {"district": "990202"}),
        ("officer", {"status": "blocked"}),
        ("enterprise", {}),
        ("welder", {}),
    ],
)
def test_who_does_not_see_it_or_has_no_such_duty_handles_nothing(
    desk: Desk, role: str, given: dict[str, str]
) -> None:
    alarm = desk.raised()
    person = desk.county.person(role, enterprise=desk.enterprise, **given)
    for step, words in ((life.take, ()), (life.verify, ("一",)), (life.close, ("一",))):
        with pytest.raises(life.NotEntitled):
            desk.county.do(step, alarm, person, *words)


def test_an_alarm_of_a_job_elsewhere_is_seen_by_the_machines_officer_too(
    desk: Desk, officer: Any
) -> None:
    alarm = desk.raised(district="990202001")
    assert alarm.duty == "990202001"
    assert desk.county.do(life.take, alarm, officer) == ""


def test_a_limit_that_passes_lays_it_before_county_and_city_then_it_stays(desk: Desk) -> None:
    alarm = desk.raised()
    climbed = []
    for _ in range(4):
        desk.later(30 * 60)
        now = desk.now(alarm)
        climbed.append((now.duty, now.late, now.due_at is None))
    assert climbed == [
        ("990101", 1, False),
        ("9901", 2, False),
        ("9901", 3, True),
        ("9901", 3, True),
    ]


def test_who_took_it_has_the_longer_limit_and_keeps_it_when_it_climbs(
    desk: Desk, officer: Any
) -> None:
    alarm = desk.raised()
    desk.county.do(life.take, alarm, officer)
    desk.later(3 * 3600)
    assert desk.now(alarm).duty == "990101001"
    desk.later(3600)
    assert (desk.now(alarm).duty, desk.now(alarm).holder) == ("990101", officer.id)
    other = desk.county.person("officer", district="990101")
    assert desk.county.do(life.take, alarm, other) == ""
    assert desk.now(alarm).holder == other.id


def test_many_workers_lay_it_one_step_higher_and_tell_it_once(desk: Desk) -> None:
    alarm = desk.raised()
    desk.clock.forward(1800)
    barrier = threading.Barrier(4)
    counts = []

    def work() -> None:
        barrier.wait()
        counts.append(desk.county.do(life.sweep))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(counts), desk.now(alarm).duty, desk.now(alarm).late) == (1, "990101", 1)


def test_a_closed_alarm_climbs_no_more(desk: Desk) -> None:
    from cloud.cases import alarms

    alarm = desk.raised()
    desk.county.do(alarms.cleared, "TAMPER", "X1")
    desk.later(86_400)
    assert desk.now(alarm).late == 0


# --- quiet hours: MORNING is 16:00 in China -----------------------------------------------------


def china(at: int | None) -> str:
    return in_china(at or 0).strftime("%d %H:%M")


def test_what_is_no_danger_waits_for_the_morning(desk: Desk) -> None:
    desk.clock.forward(4 * 3600)
    assert china(desk.clock.now) == "15 20:00"
    assert china(desk.raised("JOURNAL_FULL").due_at) == "16 07:00"
    assert china(desk.raised("LOW_SIGNAL").due_at) == "16 20:00"


@pytest.mark.parametrize("kind", ["GAS_TRIP", "OFF_UNCONFIRMED", *sorted(life.SAFETY)])
def test_a_safety_alarm_knows_no_quiet_hours(desk: Desk, kind: str) -> None:
    desk.clock.forward(8 * 3600)
    alarm = desk.raised(kind)
    minutes = life.LIMITS_MIN[alarm.level][0]
    assert alarm.due_at == desk.clock.now + minutes * MINUTE


def test_a_grave_kind_stays_one_whatever_level_the_terminal_says(desk: Desk) -> None:
    assert life.is_safety("TAMPER", 1)
    assert life.is_safety("JOURNAL_FULL", 3)
    assert not life.is_safety("JOURNAL_FULL", 2)


@pytest.mark.parametrize(
    ("begin", "end", "due"),
    [(22, 7, "16 07:00"), (0, 6, "16 06:00"), (3, 3, "16 00:30"), (1, 6, "16 00:30")],
)
def test_quiet_hours_may_cross_midnight_or_not_be(
    desk: Desk, begin: int, end: int, due: str
) -> None:
    ground = desk.county.ground
    ground.settings = replace(ground.settings, quiet_from_h=begin, quiet_until_h=end)
    desk.clock.forward(4.5 * 3600)
    assert china(desk.raised("UPGRADE_FAILED").due_at) == due


def test_the_enterprise_answers_first_and_the_officers_limit_runs_on(
    desk: Desk, officer: Any
) -> None:
    boss = desk.county.person("enterprise", enterprise=desk.enterprise)
    alarm = desk.raised()
    due = alarm.due_at
    assert desk.county.do(life.answer, alarm, boss, "已派人到场") == ""
    now = desk.now(alarm)
    assert (now.answered_words, now.state, now.due_at) == ("已派人到场", "assigned", due)
    assert desk.county.do(life.answer, alarm, boss, "别的") == "answered"
    desk.county.do(life.verify, alarm, officer, "属实")
    desk.county.do(life.close, alarm, officer, "好了")
    assert desk.county.do(life.answer, alarm, boss, "别的") == "closed"


def test_an_answer_is_for_the_owner_alone_and_is_no_step(desk: Desk, officer: Any) -> None:
    alarm = desk.raised()
    boss = desk.county.person("enterprise", enterprise=desk.enterprise)
    theirs = desk.county.person("enterprise", enterprise=desk.county.enterprise())
    for who in (theirs, officer, desk.welder):
        with pytest.raises(life.NotEntitled):
            desk.county.do(life.answer, alarm, who, "一")
    with pytest.raises(life.NotEntitled):
        desk.county.do(life.verify, alarm, boss, "一")
    with pytest.raises(life.NotEntitled):
        desk.county.do(life.close, alarm, boss, "一")

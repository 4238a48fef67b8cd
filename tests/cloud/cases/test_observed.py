"""What no terminal tells: the cloud sees it and raises the alarm itself (cloud/cases/observed)."""

import pytest

from cloud.book import outbox
from cloud.cases import observed
from tests.cloud.cases.conftest import Desk


def test_an_off_that_is_not_confirmed_is_an_alarm_until_it_is(desk: Desk) -> None:
    job = desk.working()
    desk.terminal.deaf = True
    desk.off(job)
    desk.deliver()
    desk.later(29)
    assert desk.kinds() == []
    desk.later(2)
    assert desk.kinds() == ["OFF_UNCONFIRMED"]
    desk.terminal.deaf = False
    desk.terminal.restart()
    desk.login()
    desk.exchange()
    assert desk.kinds() == []


def test_a_site_that_is_not_cleared_in_thirty_minutes_is_an_alarm_until_it_is(desk: Desk) -> None:
    job = desk.working()
    desk.off(job)
    desk.exchange()
    desk.later(1799)
    assert desk.kinds() == []
    desk.later(2)
    assert desk.kinds() == ["NOT_CLEARED"]
    desk.clear(job)
    desk.deliver()
    assert desk.kinds() == []


def test_what_was_put_right_before_the_news_came_is_no_alarm(desk: Desk) -> None:
    job = desk.working()
    desk.off(job)
    desk.exchange()
    desk.clear(job)
    for kind in ("off-unconfirmed", "not-cleared"):
        desk.county.do(outbox.tell, kind, job.id, {})
        desk.county.do(outbox.tell, kind, "no-such-job", {})
    desk.deliver()
    assert desk.kinds() == []


def test_a_terminal_that_falls_silent_is_an_alarm_only_during_a_job(desk: Desk) -> None:
    desk.later(3600)
    assert desk.kinds() == []
    desk.login()
    desk.exchange()
    desk.working()
    desk.later(3600)
    assert desk.kinds() == ["OFFLINE_JOB"]
    desk.login()
    assert desk.kinds() == []


@pytest.mark.parametrize("reason", ["will", "restart"])
def test_a_line_that_broke_or_a_restart_has_a_minute_to_come_back(desk: Desk, reason: str) -> None:
    desk.working()
    for back in (True, False):
        desk.up(desk.terminal.leave(reason))
        desk.deliver()
        desk.later(59)
        assert desk.kinds() == []
        if back:
            desk.login()
        desk.later(2)
        assert desk.kinds() == ([] if back else ["OFFLINE_JOB"])


def test_an_unplugged_machine_is_no_alarm_during_a_job_either(desk: Desk) -> None:
    desk.working()
    desk.up(desk.terminal.leave("power"))
    desk.deliver()
    assert desk.kinds() == []


def test_work_of_over_a_day_is_one_alarm_that_ends_with_it(desk: Desk) -> None:
    job = desk.working()
    with desk.county.ground.write() as unit:  # approvals have drawn it out
        held = unit.db.get_one(type(job), job.id)
        held.lease_until = unit.now + 30 * 3600_000
        held.due_at = held.lease_until
    for _ in range(3):
        desk.later(8 * 3600 + 60)
        desk.login()
        desk.exchange()
    assert "LONG_ON" in desk.kinds()
    desk.later(60)
    assert desk.kinds().count("LONG_ON") == 1
    desk.off(job)
    desk.exchange()
    desk.later(1)
    assert "LONG_ON" not in desk.kinds()


def test_a_machine_that_was_on_for_long_without_an_arc_is_one_alarm_that_ends_with_the_job(
    desk: Desk,
) -> None:
    job = desk.working()
    told = {"log": "ab" * 8, "boot": 1, "kind": "off", "at": desk.clock.now, "why": "idle"}
    strange = [told | {"job": "no-such-job"}, told | {"job": 7}, told | {"job": job.id, "why": 7}]
    for seq, one in enumerate([*strange, told | {"job": job.id}, told | {"job": job.id}], 1):
        desk.up(desk.terminal.entries("ab" * 8, one | {"seq": seq, "up": seq}))
        desk.deliver()
        assert desk.kinds() == (["LONG_IDLE"] if seq > len(strange) else [])
    desk.off(job)
    desk.exchange()
    desk.later(1)
    assert desk.kinds() == []


def test_an_intake_that_falls_behind_is_one_alarm_a_broker_until_it_has_caught_up(
    desk: Desk,
) -> None:
    for broker in ("one:8883", "other:8883", "one:8883"):
        desk.county.do(observed.intake_behind, broker, True)
    assert desk.kinds() == ["INTAKE_BEHIND", "INTAKE_BEHIND"]
    for broker in ("one:8883", "other:8883", "other:8883"):
        desk.county.do(observed.intake_behind, broker, False)
    assert desk.kinds() == []

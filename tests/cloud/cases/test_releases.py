"""Emergency releases are named by the enterprise afterwards (cloud/cases/releases.py)."""

from typing import Any

import pytest

from cloud.cases import alarms, releases
from cloud.registry import machines
from tests.cloud.cases.conftest import Desk


def told(desk: Desk, *entries: dict[str, Any]) -> None:
    for one in entries:
        desk.up(desk.terminal.entries("A", one))
    desk.deliver()


def on(seq: int, at: int) -> dict[str, Any]:
    return {"seq": seq, "boot": 1, "up": seq, "at": at, "kind": "emergency_on", "left_min": 700}


def off(seq: int, at: int) -> dict[str, Any]:
    return {"seq": seq, "boot": 1, "up": seq, "at": at, "kind": "emergency_off", "why": "max"}


def listed(desk: Desk, **which: Any) -> list[releases.Release]:
    return desk.county.ask(releases.of_enterprise, desk.enterprise.id, 10, **which)


@pytest.fixture
def boss(desk: Desk) -> Any:
    return desk.county.person("enterprise", enterprise=desk.enterprise)


@pytest.mark.parametrize("order", ["as it happened", "the end first"])
def test_a_release_is_kept_once_with_its_end_in_whatever_order(desk: Desk, order: str) -> None:
    began, ended = desk.clock.now - 9000, desk.clock.now - 1000
    both = [on(1, began), off(2, ended)]
    told(desk, *(both if order == "as it happened" else reversed(both)))
    told(desk, *both)
    (one,) = listed(desk)
    assert (one.began_at, one.ended_at, one.machine_id) == (began, ended, desk.machine.id)


@pytest.mark.parametrize("gone", [False, True])
def test_what_comes_to_light_later_is_laid_to_the_machine_where_the_terminal_sat(
    desk: Desk, gone: bool
) -> None:
    before, there = desk.clock.now, desk.county.enterprise("演示二厂")

    def sit(unit: Any, machine: Any, device: str | None) -> None:
        machines.fit(unit, machines.get(unit, machine.id), device)

    desk.clock.forward(60)
    desk.county.do(sit, desk.machine, None)
    between = desk.clock.now
    desk.clock.forward(60)
    if not gone:
        desk.county.do(sit, desk.county.machine(there), "T1")
    lid = on(3, before + 3) | {"kind": "alarm", "alarm": "TAMPER", "level": 3}
    told(desk, on(1, before + 1), off(2, before + 2), lid)
    told(desk, on(4, between + 1), on(5, desk.clock.now))
    assert [one.began_at for one in listed(desk)] == [before + 1]
    others = desk.county.ask(releases.of_enterprise, there.id, 10)
    assert [one.began_at for one in others] == ([] if gone else [desk.clock.now])
    assert desk.county.ask(alarms.latest, "T1", "TAMPER").machine_id == desk.machine.id


def test_the_end_of_the_second_is_not_that_of_the_first(desk: Desk) -> None:
    now = desk.clock.now
    told(desk, on(1, now - 9), on(2, now - 5), off(3, now - 1))
    ends = {one.seq: one.ended_at for one in listed(desk)}
    assert ends == {1: None, 2: now - 1}


def test_the_enterprise_names_once_who_it_was_and_why(desk: Desk, boss: Any) -> None:
    told(desk, on(1, desk.clock.now))
    (one,) = listed(desk, unnamed=True)
    assert desk.county.do(releases.name, one, boss, desk.welder, "网络中断，抢修") == ""
    assert listed(desk, unnamed=True) == []
    (named,) = listed(desk)
    assert (named.person_id, named.named_by) == (desk.welder.id, boss.id)
    assert named.why == "网络中断，抢修"
    other = desk.county.welder(desk.enterprise)
    assert desk.county.do(releases.name, one, boss, other, "改口") == "named"
    assert desk.audit()[-1] == "release-named"


def test_whom_it_does_not_concern_neither_names_nor_is_named(desk: Desk, boss: Any) -> None:
    told(desk, on(1, desk.clock.now))
    (one,) = listed(desk)
    stranger = desk.county.welder(desk.county.enterprise())
    assert desk.county.do(releases.name, one, boss, stranger, "一") == "stranger"
    theirs = desk.county.person("enterprise", enterprise=desk.county.enterprise())
    blocked = desk.county.person("enterprise", enterprise=desk.enterprise, status="blocked")
    for who in (theirs, blocked, desk.welder, desk.county.person("office")):
        with pytest.raises(releases.NotEntitled):
            desk.county.do(releases.name, one, who, desk.welder, "一")
    desk.hire(stranger)
    assert desk.county.do(releases.name, one, boss, stranger, "一") == ""

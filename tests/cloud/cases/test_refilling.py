"""The emergency budget comes back with the next period of 30 days (cloud/cases/refilling.py)."""

import json
from typing import Any

from cloud.cases import refilling
from tests.cloud.cases.conftest import Desk

DAY_S = 86_400


def released(desk: Desk) -> None:
    entry = {"seq": 1, "boot": 1, "up": 1, "at": desk.clock.now, "kind": "emergency_on"}
    desk.up(desk.terminal.entries("A", entry | {"left_min": 700}))
    desk.deliver()


def refills(desk: Desk) -> list[int]:
    """The numbers that the terminal was sent since the last look."""
    desk.county.do(refilling.sweep)
    sent: list[dict[str, Any]] = []
    while bodies := desk.leaving():
        for body in bodies:
            sent.append(json.loads(body))
            desk.up(desk.terminal.hear(body))
        desk.deliver()
    return [one["paras"]["content"]["refill"] for one in sent if one["command_name"] == "policy"]


def to_the_next_period(desk: Desk) -> int:
    period = desk.clock.now // refilling.PERIOD_MS + 1
    desk.clock.forward((period * refilling.PERIOD_MS - desk.clock.now) // 1000 + 1)
    desk.login()
    desk.leaving()
    return period


def test_what_was_spent_comes_back_once_with_the_next_period(desk: Desk) -> None:
    released(desk)
    desk.leaving()
    assert refills(desk) == []
    period = to_the_next_period(desk)
    assert refills(desk) == [period]
    assert refills(desk) == []
    to_the_next_period(desk)
    assert refills(desk) == []


def test_who_spent_nothing_is_sent_nothing(desk: Desk) -> None:
    desk.login()
    to_the_next_period(desk)
    assert refills(desk) == []

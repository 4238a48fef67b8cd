"""`hanma bench rush`, `overload` and `storm`, small: the figures are there, nothing is lost."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

from cloud.bench import fleets, overload, storm
from cloud.bench.mosquitto import found
from cloud.cli import main

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(found() is None, reason="no mosquitto here"),
]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few terminals need not be waited for so long."""
    monkeypatch.setattr(fleets, "_SETTLED_S", 0.5)
    monkeypatch.setattr(overload, "_SLOW_BEAT_S", 0.5)


def told_by(*words: str) -> dict[str, Any]:
    done = CliRunner().invoke(main, ["bench", *words])
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_every_on_of_a_small_rush_is_taken_and_closes_its_relay() -> None:
    size = ["--machines", "60", "--welders", "60"]
    told = told_by("rush", "--jobs", "15", "--rate", "15", *size)
    assert (told["jobs"], told["refused"], told["why"], told["lost"]) == (15, 0, {}, 0)
    assert {"ok", "p50_ms", "p99_ms", "limit_p99_ms", "cpu_percent"} <= set(told)


def test_a_small_rush_goes_the_whole_way_from_the_application_to_the_closed_relay() -> None:
    size = ["--machines", "40", "--welders", "40"]
    told = told_by("rush", "--whole", "--jobs", "10", "--rate", "10", *size, "--brokers", "1")
    assert (told["jobs"], told["refused"], told["why"], told["lost"]) == (10, 0, {}, 0)
    assert (told["brokers"], told["fleets"]) == (1, 2) and told["requests"] >= 10 * 8


def test_after_ten_times_too_much_for_a_moment_nothing_that_was_stored_is_lost() -> None:
    told = told_by("overload", "--terminals", "20", "--rate", "20", "--seconds", "1")
    assert (told["terminals"], told["lost"], told["asked_rate"]) == (20, 0, 200)
    assert told["recovered_s"] is not None and told["on_taken"] > 0
    assert {"ok", "offered_rate", "shed", "alarm_after_s", "alarm_over", "rss_mb"} <= set(told)


def test_after_a_small_storm_all_are_back_without_a_false_alarm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(storm, "_ARRIVE_S", 2.0)
    monkeypatch.setattr(storm, "_AFTER_S", 1.0)
    told = told_by("storm", "--terminals", "20")
    assert (told["terminals"], told["working"], told["false_offline"]) == (20, 4, 0)
    assert told["back_s"] <= told["limit_back_s"] and not told["oddities"]

"""`hanma bench rush` and `storm`, small: the figures are all there, and nothing is lost."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

from cloud.bench import storm
from cloud.bench.mosquitto import found
from cloud.cli import main

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(found() is None, reason="no mosquitto here"),
]


def told_by(*words: str) -> dict[str, Any]:
    done = CliRunner().invoke(main, ["bench", *words])
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_every_on_of_a_small_rush_is_taken_and_closes_its_relay() -> None:
    size = ["--machines", "60", "--welders", "60"]
    told = told_by("rush", "--jobs", "15", "--rate", "5", *size)
    assert (told["jobs"], told["refused"], told["why"], told["lost"]) == (15, 0, {}, 0)
    assert {"ok", "p50_ms", "p99_ms", "limit_p99_ms", "cpu_percent"} <= set(told)


def test_after_a_small_storm_all_are_back_without_a_false_alarm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(storm, "_ARRIVE_S", 2.0)
    monkeypatch.setattr(storm, "_AFTER_S", 1.0)
    told = told_by("storm", "--terminals", "20")
    assert (told["terminals"], told["working"], told["false_offline"]) == (20, 4, 0)
    assert told["back_s"] <= told["limit_back_s"] and not told["oddities"]

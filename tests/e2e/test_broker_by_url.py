"""Any broker by URL: the same job through a Mosquitto in place of the embedded broker."""

from pathlib import Path

import pytest

from simulator.check import FIRE_WATCH, VALID, first_machine, person
from simulator.demo import Demo, free_address
from simulator.job import prepare, switch_off, switch_on, wait_state
from tests import mosquitto

pytestmark = pytest.mark.slow


def test_a_job_runs_through_a_broker_named_by_url(tmp_path: Path) -> None:
    with (
        mosquitto.running(tmp_path) as (host, port),
        Demo(
            data=tmp_path / "data",
            web=free_address(),
            mqtt=(host, port),
            bench=free_address(),
            kind="micropython",
            quiet=True,
            yard=("--speech-rate", "10"),
            HANMA_BROKER=f"mqtt://cloud:made-up@{host}:{port}",
        ) as stage,
    ):
        machine, welder = first_machine(stage), person(stage, VALID)
        prepare(welder, person(stage, FIRE_WATCH), machine)
        switch_on(welder, machine)
        wait_state("on", welder, machine, lambda s: s["state"] == "on")
        switch_off(welder, machine)
        wait_state("off", welder, machine, lambda s: s["off_confirmed"])

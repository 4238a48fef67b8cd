"""A whole job over a modem with every bad manner its manual allows, and a cable that stutters."""

from pathlib import Path

import pytest

from simulator.check import FIRE_WATCH, VALID, first_machine, person
from simulator.demo import Demo, free_address
from simulator.job import clear, prepare, switch_off, switch_on, wait_state

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("kind", "modem"),
    [("micropython", "a7670"), ("cpython", "a7670"), ("micropython", "air780e")],
)
def test_a_job_runs_over_a_nasty_modem_with_bytes_in_pieces(
    kind: str, modem: str, tmp_path: Path
) -> None:
    """Notes between any two lines, either spelling, slow answers, pieces of 1 to 8 bytes."""
    with Demo(
        data=tmp_path,
        web=free_address(),
        mqtt=free_address(),
        bench=free_address(),
        kind=kind,
        quiet=True,
        yard=("--nasty", "--fragment", "--speech-rate", "10", "--modem", modem),
    ) as stage:
        machine, welder = first_machine(stage), person(stage, VALID)
        prepare(welder, person(stage, FIRE_WATCH), machine)
        switch_on(welder, machine)
        wait_state("on", welder, machine, lambda s: s["state"] == "on")
        switch_off(welder, machine)
        wait_state("off", welder, machine, lambda s: s["off_confirmed"])
        clear(welder, machine)
        assert all(window["deaths"] == 0 for window in machine.look()["watch"])

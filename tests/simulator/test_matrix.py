"""`hanma faults modem`: the figures, and a short matrix on real MicroPython in made-up time."""

import json

import pytest
from click.testing import CliRunner

from simulator import cli, matrix
from simulator.matrix import Course, figures
from simulator.world.faults import FAULTS


def test_the_matrix_holds_every_fault_of_cable_modem_and_network() -> None:
    assert set(matrix.names()) == (FAULTS | matrix.BROKER | matrix.TLS).keys() - matrix.ELSEWHERE
    assert set(FAULTS) >= matrix.ELSEWHERE
    assert set(matrix.SHORT) <= set(matrix.names()) >= set(matrix.FOR_GOOD)


def test_the_figures_name_the_slowest_and_the_lost() -> None:
    courses = [
        Course("errors", 2.0, 1, "context", 0),
        Course("hang", 60.0, 1, "power", 1),
        Course("garbage", 0.2, 0, "none", 0),
    ]
    told = figures(courses, 1.0)
    assert told["ok"] and (told["slowest"], told["slowest_s"], told["median_s"]) == ("hang", 60, 2)
    told = figures([*courses, Course("no-sim", None, 0, "none", 0)], 1.0)
    assert not told["ok"] and told["lost"] == ["no-sim"] and told["recovered"] == 3
    assert not figures([], 1.0)["ok"]


def test_a_line_tells_the_time_the_depth_and_the_terminals_own_reason() -> None:
    line = Course("tls-broken", 8.4, 1, "radio", 0, "connection refused, error 15").line()
    assert line.split()[:4] == ["tls-broken", "8.4", "s", "radio"]
    assert line.endswith("[connection refused, error 15]")
    assert Course("hang", None, 0, "none", 0).line().split()[1] == "—"


def test_an_unknown_fault_is_a_wrong_word() -> None:
    done = CliRunner().invoke(cli.faults, ["modem", "nonsense"])
    assert done.exit_code == 2 and "no such fault: nonsense" in done.output


@pytest.mark.slow
@pytest.mark.parametrize("modem", ["a7670", "air780e", "air780e-mute"])
def test_a_terminal_recovers_from_a_few_faults_of_each_kind(modem: str) -> None:
    done = CliRunner().invoke(cli.faults, ["modem", "--short", "--modem", modem])
    lines = done.stdout.splitlines()
    told = json.loads(lines[-1])
    assert done.exit_code == 0 and told["ok"] and told["recovered"] == len(matrix.SHORT), lines
    assert [line.split()[0] for line in lines[:-1]] == list(matrix.SHORT)

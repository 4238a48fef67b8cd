"""`hanma flash --history`: what was done on this bench, and of one module alone."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cloud.cli import main
from flash.bench import Ledger

NO_SIM = {"failed": "test", "why": "sim", "wrong": "没有 SIM 卡，或卡不能用。 No SIM."}
RUNS = (
    {"chip": "a4cf12000001", "device": "HMA4CF12000001", "ok": False} | NO_SIM,
    {"ok": False, "failed": "port", "why": "port"},
    {"chip": "a4cf12000001", "device": "HMA4CF12000001", "ok": True, "machine": "M1"},
    {"chip": "a4cf12000002", "device": "HMA4CF12000002", "ok": False, "virtual": True} | NO_SIM,
)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    book = Ledger(tmp_path / "deep" / "ledger.jsonl")
    for one in RUNS:
        book.note(dict(one))
    with book.path.open("a") as file:
        file.write('{"chip": "a4cf12000001", "o')  # the power went
    return book.path


def shown(ledger: Path, *word: str) -> tuple[list[str], dict[str, int]]:
    done = CliRunner().invoke(main, ["flash", "--history", *word, "--ledger", str(ledger)])
    assert done.exit_code == 0, done.output
    *lines, last = done.output.strip().splitlines()
    return lines, json.loads(last)


def test_each_run_is_a_line_with_what_came_of_it(ledger: Path) -> None:
    lines, told = shown(ledger)
    assert told == {"runs": 4, "modules": 2, "good": 1}
    assert "✗ 自检 Self-test: 没有 SIM 卡" in lines[0] and "✗ 找端口 Port: port" in lines[1]
    assert lines[2].endswith("a4cf12000001 HMA4CF12000001 M1 ✓ 合格 good")
    assert "虚拟 virtual" in lines[3] and "4 runs, 2 modules, 1 good" in lines[4]


@pytest.mark.parametrize("word", ["a4cf12000001", "A4:CF:12:00:00:01", "hma4cf12000001"])
def test_one_module_is_found_by_its_address_or_its_name(ledger: Path, word: str) -> None:
    assert shown(ledger, word)[1] == {"runs": 2, "modules": 1, "good": 1}


def test_the_runs_for_one_machine_are_found_by_its_code(ledger: Path) -> None:
    assert shown(ledger, "m1")[1] == {"runs": 1, "modules": 1, "good": 1}


def test_a_bench_that_did_nothing_yet_says_so(tmp_path: Path) -> None:
    assert shown(tmp_path / "none.jsonl")[1] == {"runs": 0, "modules": 0, "good": 0}
    assert not (tmp_path / "none.jsonl").exists()

"""`hanma hardware check` as a buyer runs it: what it says, and its last line."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from hardware import check, spice
from hardware.cli import hardware
from hardware.derating import Figure, Stress
from hardware.parts import LIST

_RELAY, _BULK = ",-40,85,622,", ",-40,105,400,"


def run(*words: str) -> tuple[int, str, dict]:
    """Its exit code, its words, and the JSON object of its last line."""
    done = CliRunner().invoke(hardware, ["check", *words])
    return done.exit_code, done.output, json.loads(done.output.splitlines()[-1])


def test_the_board_passes_and_the_last_line_says_by_how_much(
    monkeypatch: pytest.MonkeyPatch, seen: list[Figure | Stress]
) -> None:
    monkeypatch.setattr(check, "simulated", lambda circuit: seen)
    code, words, told = run()
    assert code == 0 and told["ok"] and told["smallest_margin"] >= 1 and told["faults"] == 0
    assert told["figures"] == words.count("  ✓ ")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (_RELAY, ",-20,85,622,", "relay-power: -20…85 °C, needed -40…85 °C"),
        (_BULK, ",-40,105,320,", "board: C1 bulk-33u volts: 258 ≤ 256 V, margin 0.99"),
    ],
)
def test_it_fails_on_a_part_that_the_buyer_would_change_for_a_lesser_one(
    old: str,
    new: str,
    fault: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    seen: list[Figure | Stress],
) -> None:
    monkeypatch.setattr(check, "simulated", lambda circuit: seen)
    text = LIST.read_text("utf-8")
    assert text.count(old) == 1
    lesser = tmp_path / "parts.csv"
    lesser.write_text(text.replace(old, new), "utf-8")
    code, words, told = run("--parts", str(lesser))
    assert code == 1 and f"✗ {fault}" in words and not told["ok"]


def test_a_check_that_could_not_be_made_ends_in_an_object_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "parts.csv"
    broken.write_text(LIST.read_text("utf-8").replace(_RELAY, ",cold,85,622,"), "utf-8")
    monkeypatch.setattr(spice.shutil, "which", lambda name: None)
    for command, why in (
        (["--parts", str(broken)], "relay-power"),
        ([], "ngspice is not installed"),
    ):
        code, _, told = run(*command)
        assert code == 1 and not told["ok"] and why in told["error"]

"""`hanma flash --virtual`: the whole bench without hardware, and again on the same board."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def rehearsed(folder: Path, ledger: Path) -> dict[str, Any]:
    """The last line of one run; the folder is named from where the command runs."""
    command = [
        "flash",
        "--virtual",
        os.path.relpath(folder, ROOT),
        "--yes",
        "--ledger",
        str(ledger),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "cloud", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode == 0) == told["ok"], done.stderr
    return told | {"said": done.stderr}


def test_a_virtual_board_is_made_a_terminal_and_a_second_run_changes_nothing(
    tmp_path: Path,
) -> None:
    board, ledger = tmp_path / "board", tmp_path / "ledger.jsonl"
    first = rehearsed(board, ledger)
    assert first["ok"], first["said"]
    assert first["steps"][-1] == "record" and first["device"].startswith("HM")
    again = rehearsed(board, ledger)  # its application runs by now, and is broken off
    assert again["ok"], again["said"]
    assert "更新 changed 0" in again["said"]
    assert len(ledger.read_text().splitlines()) == 2

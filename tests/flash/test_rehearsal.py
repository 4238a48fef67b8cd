"""`hanma flash --virtual`: the bench without hardware, a batch, and again on the same board by a
technician who types."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.flash.conftest import Shop
from tests.flash.window import ROOT, on_a_terminal

pytestmark = pytest.mark.slow


def rehearsed(folder: Path, ledger: Path, *words: str) -> dict[str, Any]:
    """The last line of one run; the folder is named from where the command runs."""
    command = ["flash", "--virtual", os.path.relpath(folder, ROOT), "--yes", *words]
    done = subprocess.run(
        [sys.executable, "-m", "cloud", *command, "--ledger", str(ledger)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode == 0) == told["ok"], done.stderr
    return told | {"said": done.stderr}


def test_a_batch_goes_past_a_module_that_fails_which_is_then_made_by_hand_from_where_it_stopped(
    shop: Shop, tmp_path: Path
) -> None:
    board, ledger = tmp_path / "board", tmp_path / "ledger.jsonl"
    told = rehearsed(board, ledger, "--batch", "--fault", "no-sim")
    rows = [json.loads(line) for line in ledger.read_text().splitlines()]
    assert [row.get("why", "") for row in rows] == ["sim", ""], told["said"]
    assert (told["modules"], told["good"]) == (2, 1)
    assert told["failed"] == [{"chip": rows[0]["chip"], "why": "sim"}]
    assert rows[1]["steps"][-1] == "record" and rows[1]["device"].startswith("HM")

    code = shop.code()
    seen, exit_code = on_a_terminal(  # its application runs by now, and is broken off
        ["--virtual", os.path.relpath(board, ROOT), "--batch", "--cloud", shop.address],
        tmp_path,
        [
            ("not shown", f"{code}\r"),
            ("Seen by Bluetooth", "\r"),  # Return alone is no answer
            ("Seen by Bluetooth", "y\r"),
            ("Heard it speak", "y\r"),
            ("Next module connected", "q\r"),
        ],
    )
    assert exit_code == 0 and "更新 changed 0" in seen, seen
    assert code not in seen
    assert json.loads(seen.strip().splitlines()[-1])["good"] == 1
    last = json.loads(ledger.read_text().splitlines()[-1])
    assert (last["ok"], last["chip"], last["test"]["asked"]) == (True, rows[0]["chip"], True)

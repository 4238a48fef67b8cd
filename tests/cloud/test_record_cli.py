"""`hanma audit` and `hanma evidence` from the command line."""

import json
import sqlite3
from pathlib import Path

from click.testing import CliRunner, Result

from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.cli import main
from tests.cloud.book.test_audit import write


def hanma(data: Path, *words: str) -> Result:
    return CliRunner().invoke(main, list(words), env={"HANMA_DATA": str(data)})


def last(result: Result) -> dict[str, object]:
    told: dict[str, object] = json.loads(result.output.splitlines()[-1])
    return told


def test_audit_verify_says_that_all_is_well_and_then_what_is_not(tmp_path: Path) -> None:
    assert last(hanma(tmp_path, "audit", "verify"))["ok"] is True
    ground = Ground.open(Settings(data_dir=tmp_path))
    write(ground, 3)
    ground.close()
    assert last(hanma(tmp_path, "audit", "checkpoint"))["file"]
    assert last(hanma(tmp_path, "audit", "checkpoint"))["file"] is None
    good = hanma(tmp_path, "audit", "verify")
    key = last(hanma(tmp_path, "audit", "key"))["fingerprint"]
    assert good.exit_code == 0
    assert last(good) == {
        "ok": True,
        "rows": 3,
        "districts": 1,
        "checkpoints": 1,
        "findings": 0,
        "key": key,
    }
    with sqlite3.connect(tmp_path / "hanma.db") as file:
        file.execute("DROP TRIGGER audit_row_no_UPDATE")
        file.execute("UPDATE audit_row SET actor = 'nobody' WHERE seq = 2")
    file.close()
    bad = hanma(tmp_path, "audit", "verify")
    assert bad.exit_code == 1
    assert bad.output.startswith("990101:2  changed")

"""`hanma audit` and `hanma evidence` from the command line."""

import json
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from click.testing import CliRunner, Result

from cloud.base.database import migrations
from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.cases import alarms
from cloud.cli import main
from tests.cloud.book.test_audit import tamper, write
from tests.cloud.work.conftest import make_site


@pytest.fixture
def site(county: Any, sent: list[tuple[str, bytes]]) -> Any:
    return make_site(county, sent, "HM-990101-000001")


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
        "outside": 0,
        "findings": 0,
        "key": key,
    }
    ground = Ground.open(Settings(data_dir=tmp_path))
    tamper(ground, "UPDATE audit_row SET actor = 'nobody' WHERE seq = 2")
    ground.close()
    bad = hanma(tmp_path, "audit", "verify")
    assert bad.exit_code == 1
    assert bad.output.startswith("990101:2  changed")


def test_evidence_of_no_job_and_over_a_file_is_one_plain_sentence(tmp_path: Path) -> None:
    out = tmp_path / "out"
    none = hanma(tmp_path, "evidence", "nojob", "--out", str(out))
    assert none.exit_code == 1 and "no job and no alarm nojob" in none.output
    out.write_text("mine")
    there = hanma(tmp_path, "evidence", "nojob", "--out", str(out))
    assert there.exit_code == 1 and "is there already" in there.output
    bad = hanma(tmp_path, "evidence", "verify", str(out), "--key", "0" * 64)
    assert bad.exit_code == 1
    assert last(bad)["wrong"] == ["not-evidence"]
    assert out.read_text() == "mine"


def test_evidence_is_written_and_verified_from_the_command_line(
    site: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    job = site.working()
    with site.county.ground.engine.begin() as connection:  # its tables were made without revisions
        command.stamp(migrations(connection), "head")
    made = last(hanma(tmp_path, "evidence", job.id))
    out = tmp_path / f"{job.id}.evidence"
    assert made["file"] == out.name
    assert "is there already" in hanma(tmp_path, "evidence", job.id).output
    key = last(hanma(tmp_path, "audit", "key"))["fingerprint"]
    assert made["key"] == key
    elsewhere = tmp_path / "elsewhere"
    good = hanma(elsewhere, "evidence", "verify", str(out), "--key", str(key))
    assert good.exit_code == 0, good.output
    assert last(good)["ok"] is True and "symmetric" in good.output
    assert not elsewhere.exists()
    assert site.audit()[-1] == "evidence-made"


def test_evidence_of_an_alarm_is_asked_for_and_verified_in_the_same_words(
    site: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = {"district": site.machine.district, "machine_id": site.machine.id}
    alarm = site.county.do(alarms.raise_alarm, "TAMPER", site.terminal.device, **given)
    with site.county.ground.engine.begin() as connection:
        command.stamp(migrations(connection), "head")
    made = last(hanma(tmp_path, "evidence", alarm.id))
    told = last(hanma(tmp_path, "evidence", "verify", made["file"], "--key", made["key"]))
    assert (told["ok"], told["job"], told["alarm"]) == (True, None, alarm.id)
    assert site.audit()[-1] == "evidence-made"

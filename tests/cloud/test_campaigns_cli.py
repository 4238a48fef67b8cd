"""`hanma upgrade campaign`: start, pause, resume, report."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from cloud.base.database import migrate
from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.cli import main
from cloud.link import packages
from tests.cloud.link.test_upgrades import GOOD


def hanma(data: Path, *words: str) -> Result:
    env = {"HANMA_DATA": str(data)}
    return CliRunner().invoke(main, ["upgrade", "campaign", *words], env=env)


def test_a_campaign_is_begun_paused_resumed_and_reported(tmp_path: Path) -> None:
    assert "no such package" in hanma(tmp_path, "start").output
    ground = Ground.open(Settings(data_dir=tmp_path))
    migrate(ground.engine)
    with ground.write() as unit:
        packages.add(unit, GOOD)
    ground.close()
    for wrong in ("100,5", "x", ""):
        assert hanma(tmp_path, "start", "--waves", wrong).exit_code == 1
    told = json.loads(hanma(tmp_path, "start", "--waves", "990101:5,100").output)
    waves = [(one["district"], one["share"]) for one in told["waves"]]
    assert (told["state"], waves, told["total"]) == ("running", [("990101", 5), ("", 100)], 0)
    assert json.loads(hanma(tmp_path, "pause", told["id"]).output)["state"] == "paused"
    assert json.loads(hanma(tmp_path, "resume", told["id"]).output)["state"] == "running"
    assert json.loads(hanma(tmp_path, "report").output)["id"] == told["id"]
    assert hanma(tmp_path, "report", "0").exit_code == 1

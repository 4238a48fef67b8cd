"""`hanma uncoded` lists new machines that wait for their terminal."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from cloud.base.database import migrate
from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.cli import main
from tests.cloud.conftest import County, HandClock


def hanma(data: Path, *words: str, **more: str) -> Result:
    return CliRunner().invoke(main, ["uncoded", *words], env={"HANMA_DATA": str(data)} | more)


def test_the_overdue_come_first_with_the_days_left(tmp_path: Path) -> None:
    ground = Ground.open(Settings(data_dir=tmp_path))
    migrate(ground.engine)
    county = County(ground, HandClock())
    county.machine(name="旧", bought_on="2020-01-01")
    county.machine(name="新", bought_on="2999-01-01")
    county.machine(name="别处", bought_on="2020-01-01", district="990102001")
    ground.close()
    done = hanma(tmp_path, "990101")
    assert done.exit_code == 0, done.output
    told = [json.loads(line) for line in done.output.splitlines()]
    assert [one["name"] for one in told] == ["旧", "新"]
    assert told[0]["days_left"] < 0 < told[1]["days_left"]


def test_a_wrong_district_or_a_profile_without_a_term_is_one_sentence(tmp_path: Path) -> None:
    for done in (hanma(tmp_path, "x"), hanma(tmp_path, "99", HANMA_PROFILE="wuyi")):
        assert done.exit_code == 1
        assert "Traceback" not in done.output

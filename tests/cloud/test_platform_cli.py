"""`hanma platform`: keys are made, shown once, renewed, ended and listed without secrets."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cloud.base.database import migrate
from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.book.audit import AuditRow
from cloud.cli import main
from cloud.registry import enterprises, platforms

USCC = "91330100799655058B"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HANMA_DATA", str(tmp_path))
    ground = Ground.open(Settings(data_dir=tmp_path))
    migrate(ground.engine)
    with ground.write() as unit:
        enterprises.add(unit, name="演示机械厂", uscc=USCC, district="990101001")
    ground.close()
    return tmp_path


def hanma(*words: str) -> Result:
    return CliRunner().invoke(main, ["platform", *words])


def last(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.output.splitlines()[-1])


def test_a_platform_gets_a_key_another_one_and_none(data: Path) -> None:
    first = last(hanma("add", "演示平台", USCC, "--network", "10.1.0.0/16"))
    assert len(first["secret"]) == 64
    second = last(hanma("rotate", "演示平台", "--overlap", "1"))
    assert second["key"] != first["key"]
    told = hanma("list")
    (one,) = [json.loads(line) for line in told.output.splitlines()]
    assert (one["networks"], one["enterprises"], len(one["keys"])) == (["10.1.0.0/16"], 1, 2)
    assert first["secret"] not in told.output and second["secret"] not in told.output
    ground = Ground.open(Settings(data_dir=data))
    with ground.read() as unit:
        assert all(platforms.known(unit, each["key"]) for each in (first, second))
    assert last(hanma("revoke", "演示平台"))["status"] == "revoked"
    with ground.read() as unit:
        assert not any(platforms.known(unit, each["key"]) for each in (first, second))
        rows = unit.db.query(AuditRow).order_by(AuditRow.seq)
        assert [row.what for row in rows] == ["platform-added", "platform-key", "platform-revoked"]
    ground.close()


@pytest.mark.parametrize(
    "words",
    [
        ("add", "演示平台", "123456789012345678"),
        ("add", " ", USCC),
        ("add", "演示平台", USCC, "--network", "10.1.0.1/16"),
        ("rotate", "别的平台"),
        ("revoke", "别的平台"),
    ],
)
def test_what_cannot_be_done_is_one_plain_sentence(data: Path, words: tuple[str, ...]) -> None:
    result = hanma(*words)
    assert result.exit_code == 1 and result.output.startswith("Error: ")
    assert len(result.output.splitlines()) == 1

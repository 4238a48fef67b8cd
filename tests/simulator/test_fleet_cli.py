"""`hanma fleet` on wrong words."""

import json
from pathlib import Path

from click.testing import CliRunner

from cloud.cli import main


def test_more_terminals_than_are_known_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    file.write_text(json.dumps({"HM-990101-000001": "00" * 32}))
    done = CliRunner().invoke(main, ["fleet", "--terminals", "2", "--file", str(file)])
    assert done.exit_code == 1
    assert "only 1 terminals" in done.output


def test_a_broker_without_a_port_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    file.write_text(json.dumps({"HM-990101-000001": "00" * 32}))
    given = ["--terminals", "1", "--file", str(file), "--broker", "somewhere"]
    done = CliRunner().invoke(main, ["fleet", *given])
    assert done.exit_code == 1
    assert "host:port" in done.output

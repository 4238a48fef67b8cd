"""The simulator's commands on wrong words: one plain sentence, no traceback."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from cloud.cli import main


@pytest.mark.parametrize("bad", ["8080", "host:", ":99999", "a:b", "127.0.0.1:70000"])
def test_an_address_without_host_or_port_is_refused(bad: str) -> None:
    done = CliRunner().invoke(main, ["demo", "--web", bad])
    assert done.exit_code == 2
    assert "host:port" in done.output


def test_a_terminals_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["sim", "--terminals", str(tmp_path / "none.json")])
    assert done.exit_code == 2
    assert "none.json" in done.output


@pytest.mark.parametrize("text", ["", "{", "[]", '{"terminals": [{"device": "d"}]}'])
def test_a_terminals_file_that_cannot_be_read_is_a_plain_sentence(
    text: str, tmp_path: Path
) -> None:
    file = tmp_path / "terminals.json"
    file.write_text(text)
    done = CliRunner().invoke(main, ["sim", "--terminals", str(file)])
    assert done.exit_code == 1
    assert "terminals.json" in done.output
    assert "Traceback" not in done.output

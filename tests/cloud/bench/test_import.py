"""`hanma bench import`: every row is in, the figures are there, each beside its limit."""

import json

import pytest
from click.testing import CliRunner

from cloud.base.database import Base
from cloud.bench import ledgers
from cloud.cases import kinds
from cloud.cli import main
from cloud.ledgers_cli import KINDS

FIGURES = {"seconds", "cpu_s", "changed_s", "changed_cpu_s", "floor_s"}


@pytest.mark.sqlite  # beside a bare file
def test_a_table_is_new_and_then_changed_and_its_figures_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ledgers, "migrate", Base.metadata.create_all)  # the same, and quicker
    done = CliRunner().invoke(main, ["bench", "import", "people", "--rows", "10"])
    told = json.loads(done.stdout.splitlines()[-1])
    assert done.exit_code == 0, done.output
    assert (told["rows"], told["limit_s"], told["worst"]) == (10, 60.0, "people")
    assert set(told["registers"]) == {"people"}
    assert set(told["registers"]["people"]) == FIGURES


def test_every_register_that_can_be_brought_in_is_measured() -> None:
    assert set(ledgers._OTHERWISE) == set(KINDS) == set(kinds.KINDS)

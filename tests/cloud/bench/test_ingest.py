"""`hanma bench ingest` with a few terminals: nothing is lost, the figures are all there."""

import json

import pytest
from click.testing import CliRunner

from cloud.bench import ingest as bench
from cloud.cli import main


@pytest.mark.slow
def test_a_small_fleet_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "_SLOW_BEAT_S", 0.5)
    given = ["--terminals", "10", "--rate", "20", "--seconds", "2"]
    done = CliRunner().invoke(main, ["bench", "ingest", *given])
    told = json.loads(done.stdout.splitlines()[-1])
    assert [told[name] for name in ("terminals", "lost", "shed", "oddities")] == [10, 0, 0, 0]
    assert {"ok", "rate", "cpu_percent", "limit_cpu_percent", "floor_cpu_percent"} <= set(told)

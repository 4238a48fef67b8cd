"""Those who hand things in during a trial: each does, and what was taken is judged by I7."""

import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from cloud.app import wsgi
from cloud.base.clock import now_ms
from cloud.base.unit import Ground
from cloud.faults import book, invariants, stage
from cloud.registry import training
from cloud.work.permits import Permit
from simulator.trial import notes as history
from simulator.trial.giving import Givers
from simulator.trial.notes import Notes
from simulator.trial.people import Orders
from tests.cloud.conftest import HandClock

LIMITS = invariants.Limits(1, 1, 1, 1)


@pytest.fixture
def given(ground: Ground, clock: HandClock, tmp_path: Path) -> Iterator[Path]:
    """The folder of the history, once each of them has handed something in."""
    clock.now = now_ms()
    made = asdict(stage.make(ground, 1, 7))
    past = tmp_path / "history"
    past.mkdir()
    server = make_server("127.0.0.1", 0, wsgi(ground), threaded=True)
    running = threading.Thread(target=server.serve_forever)
    running.start()
    notes = Notes(past / "people.jsonl")
    try:
        told: dict[str, Any] = {name: made[name] for name in ("pairs", "group", "giving")}
        orders = Orders(server.port, 0, **told, notes="", seed=7, quiet=str(tmp_path / "quiet"))
        givers = Givers(orders, notes)
        for act in (givers.permit, givers.table, givers.report, givers.journal):
            act()
    finally:
        notes.close()
        server.shutdown()
        running.join()
        server.server_close()
    yield past


def lost(ground: Ground, past: Path) -> list[str]:
    trial = invariants.Trial(history.read(past), book.read(ground), LIMITS)
    return invariants.judge(trial, ["I7"])["I7"]


def test_each_is_taken_and_what_is_gone_afterwards_is_named(ground: Ground, given: Path) -> None:
    said = [one for one in history.read(given) if one["what"] in ("kept", "stored")]
    kinds = {one.get("table", "journal") for one in said}
    assert kinds == {"permits", "imports", "dates", "reported", "pictures", "journal"}
    assert lost(ground, given) == []
    with ground.write() as unit:
        for table in (Permit, training.OfficeDate):
            for row in unit.db.query(table).all():
                unit.db.delete(row)
    for picture in (ground.settings.data_dir / "media").rglob("*"):
        if picture.is_file():
            picture.write_bytes(b"")
    found = lost(ground, given)
    assert {one.split(":")[0] for one in found} == {"permits", "dates", "pictures"}

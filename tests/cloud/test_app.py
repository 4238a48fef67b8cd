"""Composition: one process at a time on one folder of data; housekeeping by the clock."""

import contextlib
import http.client
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from cloud import app
from cloud.app import CannotStart, Cloud, Housekeeping
from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.book import outbox
from cloud.book.outbox import Event
from cloud.cases import supply
from cloud.link import terminals
from tests.cloud.mqtt.raw_client import RawClient

PATIENCE_S = 60


def settings(folder: Path) -> Settings:
    return Settings(data_dir=folder, listen="127.0.0.1:0", mqtt_listen="127.0.0.1:0")


@pytest.mark.slow
def test_a_second_cloud_on_the_same_data_is_refused_and_the_first_lives_on(tmp_path: Path) -> None:
    with Cloud(settings(tmp_path)) as first:
        with pytest.raises(CannotStart, match="HANMA_DATA"), Cloud(settings(tmp_path)):
            pass
        assert first._broker is not None and first._broker.port
    with Cloud(settings(tmp_path)):
        pass  # the lock went with the first


@pytest.mark.slow
def test_nothing_is_left_running_after_the_end(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with Cloud(settings(tmp_path)):
        assert set(threading.enumerate()) > before
    assert {t for t in threading.enumerate() if not t.daemon} <= before


@pytest.mark.slow
def test_hundreds_of_phones_that_keep_their_lines_leave_room_for_one_more(tmp_path: Path) -> None:
    with Cloud(settings(tmp_path)) as cloud, contextlib.ExitStack() as lines:
        assert cloud._web is not None
        serving = threading.Thread(target=cloud.serve)
        serving.start()
        try:
            for _ in range(250):
                line = http.client.HTTPConnection(
                    "127.0.0.1", cloud._web.effective_port, timeout=PATIENCE_S
                )
                lines.callback(line.close)
                line.request("GET", "/static/sign.svg")
                assert line.getresponse().read()
        finally:
            lines.close()
            cloud.stop()
            serving.join(PATIENCE_S)


@pytest.mark.slow
def test_the_connection_of_a_terminal_that_is_revoked_is_closed(tmp_path: Path) -> None:
    with Cloud(settings(tmp_path)) as cloud:
        with cloud.ground.write() as unit:
            password = terminals.mqtt_password(terminals.provision(unit, "HM-1"))
        assert cloud._broker is not None
        line = RawClient(cloud._broker.port, PATIENCE_S)
        assert line.connect("HM-1", "HM-1", password, keepalive_s=600) == 0
        with cloud.ground.write() as unit:  # as `hanma terminal revoke` does
            assert supply.revoke(unit, "HM-1", "someone")
        assert line.is_closed(PATIENCE_S)
        line.close()


def test_the_sweeps_run_even_while_news_never_stops(ground: Any, monkeypatch: Any) -> None:
    """A busy morning wakes the deliverer all the time; deadlines must not wait for a quiet one."""
    swept = threading.Event()
    housekeeping = Housekeeping(ground)
    monkeypatch.setattr(housekeeping, "_sweep", swept.set)
    housekeeping.start()
    until = time.monotonic() + PATIENCE_S
    while not swept.is_set() and time.monotonic() < until:
        housekeeping.wake()
        time.sleep(0.001)
    housekeeping.stop()
    assert swept.is_set()


def test_housekeeping_outlives_a_round_that_fails(ground: Any, monkeypatch: Any) -> None:
    rounds: list[int] = []
    again = threading.Event()

    def deliver() -> int:
        rounds.append(1)
        if len(rounds) == 1:
            raise RuntimeError("a made-up fault")
        again.set()
        return 0

    housekeeping = Housekeeping(ground)
    monkeypatch.setattr(app, "_HOUSEKEEPING_S", 0.01)
    monkeypatch.setattr(housekeeping, "deliver", deliver)
    housekeeping.start()
    assert again.wait(PATIENCE_S)
    housekeeping.stop()


def test_what_was_given_up_is_tried_again_by_whoever_starts_next(ground: Any) -> None:
    """A version with a fault parked it; the one that starts now may have mended that."""
    heard = threading.Event()
    with ground.write() as unit:
        outbox.tell(unit, "made-up", "s", {})
        unit.db.flush()
        unit.db.execute(update(Event).values(parked_at=unit.now, attempts=outbox.PARKED_AFTER))
    housekeeping = Housekeeping(ground, {"made-up": [lambda unit, event: heard.set()]})
    housekeeping.start()
    assert heard.wait(PATIENCE_S)
    housekeeping.stop()


def test_a_database_that_is_away_is_not_asked_without_end(ground: Any, monkeypatch: Any) -> None:
    """It was: deadlines were overdue, so nothing was waited for, and each failure was logged."""
    tries, housekeeping = [], Housekeeping(ground)
    failed = threading.Event()

    def deliver() -> int:
        tries.append(1)
        failed.set()
        raise RuntimeError("no database")

    monkeypatch.setattr(app, "_HOUSEKEEPING_S", 3600)
    monkeypatch.setattr(housekeeping, "deliver", deliver)
    housekeeping.start()
    assert failed.wait(PATIENCE_S)
    for _ in range(50):
        housekeeping.wake()
        time.sleep(0.001)
    housekeeping.stop()
    assert len(tries) == 1


@pytest.fixture
def away(tmp_path: Path) -> Iterator[Ground]:
    """A ground whose database is not there."""
    url = "postgresql+psycopg://u:p@127.0.0.1:1/db"
    ground = Ground.open(Settings(data_dir=tmp_path, database=url))
    yield ground
    ground.close()


def test_a_database_that_only_starts_is_waited_for(away: Ground, monkeypatch: Any) -> None:
    answers = [OperationalError("", {}, ConnectionError()), None]

    def migrate(_engine: object) -> None:
        if error := answers.pop(0):
            raise error

    monkeypatch.setattr(app, "_AGAIN_S", 0)
    monkeypatch.setattr(app, "migrate", migrate)
    app.prepared(away)
    assert answers == []


def test_one_that_does_not_answer_is_one_plain_sentence(away: Ground, monkeypatch: Any) -> None:
    monkeypatch.setattr(app, "_DATABASE_S", 0)
    with pytest.raises(CannotStart, match="HANMA_DATABASE"):
        app.prepared(away)

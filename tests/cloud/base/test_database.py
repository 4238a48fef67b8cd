"""Both databases behave alike, and SQLite is as durable as it was asked to be."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import thread_time
from typing import Any

import psycopg
import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, OperationalError

from cloud.base.database import canonical, insert_missing, make_engine
from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.book import audit
from cloud.book.audit import AuditHead


@pytest.mark.sqlite
def test_sqlite_is_set_up_to_keep_what_it_acknowledges(settings: Settings) -> None:
    engine = make_engine(settings.database)
    with engine.connect() as connection:
        told = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    engine.dispose()
    assert told == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
    }


@pytest.mark.sqlite
def test_a_new_folder_of_data_is_for_its_owner_alone(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/new/data/hanma.db")
    engine.connect().close()
    engine.dispose()
    for folder in ("new", "new/data"):
        assert (tmp_path / folder).stat().st_mode & 0o077 == 0


def test_rows_already_there_are_passed_over(either: Ground) -> None:
    rows = [{"district": name, "seq": 1, "hash": ""} for name in ("a", "b")]
    for seq in (1, 2):
        with either.write() as unit:
            insert_missing(unit.db, AuditHead, [row | {"seq": seq} for row in rows[:seq]])
    with either.read() as unit:
        kept = [unit.db.get_one(AuditHead, name).seq for name in ("a", "b")]
    assert kept == [1, 2]


def test_a_read_unit_cannot_write_on_either(either: Ground) -> None:
    with pytest.raises(DBAPIError), either.read() as unit:
        unit.db.add(AuditHead(district="a", seq=0, hash=""))
        unit.db.flush()


def test_a_read_unit_is_of_one_moment_on_either(either: Ground) -> None:
    with either.read() as unit:
        assert unit.db.query(AuditHead).count() == 0
        with either.write() as other:
            other.db.add(AuditHead(district="a", seq=0, hash=""))
        assert unit.db.query(AuditHead).count() == 0
    with either.read() as unit:
        assert unit.db.query(AuditHead).count() == 1


def test_sixteen_threads_write_on_either(either: Ground) -> None:
    def one(number: int) -> None:
        with either.write() as unit:
            unit.db.add(AuditHead(district=str(number), seq=0, hash=""))

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(one, range(64)))
    with either.read() as unit:
        assert unit.db.query(AuditHead).count() == 64


def test_a_write_unit_costs_well_under_three_milliseconds(ground: Ground) -> None:
    """Processor time: waiting for the disk, or for a busy machine, is not counted."""
    taken = []
    for number in range(60):
        begin = thread_time()
        with ground.write() as unit:
            audit.write(unit, "990101", "a", "w", "s", {"n": number})
        taken.append(thread_time() - begin)
    assert sorted(taken)[30] < 0.003


def test_canonical_json_is_one_text_for_one_value() -> None:
    assert canonical({"b": [1, None], "a": "焊"}) == '{"a":"焊","b":[1,null]}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"a": float("nan")})


def test_a_server_whose_line_swallows_everything_is_not_waited_for_for_ever() -> None:
    asked: dict[str, Any] = {}

    def connect(_dialect: Any, _record: Any, _args: Any, given: dict[str, Any]) -> None:
        asked.update(given)
        raise psycopg.OperationalError

    engine = make_engine("postgresql+psycopg://x@192.0.2.1/x?connect_timeout=3")
    event.listen(engine, "do_connect", connect)
    with pytest.raises(OperationalError):
        engine.connect()
    assert int(asked["connect_timeout"]) == 3  # as the address says
    assert asked["tcp_user_timeout"] == 20_000 and asked["keepalives_count"] == 3

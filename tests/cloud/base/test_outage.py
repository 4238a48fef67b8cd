"""Faults that are nobody's are told apart from ours, and said seldom."""

import errno
import logging
import sqlite3
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError, TimeoutError

from cloud.base.outage import AWAY, FULL, Teller, kind


def of(state: str | None) -> OperationalError:
    orig = psycopg.OperationalError("made up")
    orig.sqlstate = state
    return OperationalError("made up", {}, orig)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (of(None), AWAY),  # no connection at all
        (of("57P01"), AWAY),  # the server is shut down
        (of("08006"), AWAY),
        (of("53300"), AWAY),  # too many connections
        (of("53100"), FULL),
        (of("40P01"), ""),  # a deadlock is a fault of ours
        (TimeoutError(), AWAY),
        (OSError(errno.ENOSPC, "made up"), FULL),
        (OSError(errno.EMFILE, "made up"), AWAY),  # among many that open
        (OSError(errno.EACCES, "made up"), ""),
        (ProgrammingError("made up", {}, psycopg.ProgrammingError()), ""),
        (IntegrityError("made up", {}, psycopg.IntegrityError()), ""),
        (KeyError("made up"), ""),
    ],
)
def test_what_is_nobodys_fault(error: Exception, told: str) -> None:
    assert kind(error) == told


def test_sqlites_own_words(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/x.db", connect_args={"timeout": 0})
    found = []
    with engine.connect() as one, engine.connect() as two:
        one.execute(text("CREATE TABLE t (x)"))
        one.commit()
        one.execute(text("PRAGMA max_page_count = 3"))
        for connection, words in (
            (one, "INSERT INTO t VALUES (zeroblob(100000))"),
            (one, "INSERT INTO nowhere VALUES (1)"),
        ):
            with pytest.raises(OperationalError) as raised:
                connection.execute(text(words))
            found.append(kind(raised.value))
            connection.rollback()
        one.execute(text("BEGIN IMMEDIATE"))
        with pytest.raises(OperationalError) as raised:
            two.execute(text("INSERT INTO t VALUES (1)"))
        found.append(kind(raised.value))
    engine.dispose()
    assert found == [FULL, "", AWAY]


def test_many_are_one_line_with_their_number(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    teller = Teller(logging.getLogger("cloud.made_up"), 10, lambda: now[0])
    with caplog.at_level(logging.ERROR):
        for second in range(25):
            now[0] = second
            teller.tell(AWAY, of(None))
        teller.tell(FULL, sqlite3.OperationalError("张三"))
    assert caplog.messages == [
        "database-away: 1 refused, OperationalError",
        "database-away: 10 refused, OperationalError",
        "database-away: 10 refused, OperationalError",
        "storage-full: 1 refused, OperationalError",
    ]

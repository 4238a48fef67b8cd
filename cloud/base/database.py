"""The one declarative Base, and engines that behave alike on SQLite and PostgreSQL.

What differs between the two databases is said here and nowhere else.
"""

import fcntl
import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import (
    BigInteger,
    Dialect,
    Engine,
    Integer,
    MetaData,
    Text,
    create_engine,
    event,
    func,
    inspect,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from cloud.base.files import make_folder
from cloud.base.rows import OneMoment
from cloud.base.turn import Turn

# Sixteen web threads, the ingest, the broker's log-in check, the sweepers.
_POOL = 24
_IDLE_MS = 60_000
# How long a server is waited for whose line swallows everything (libpq's words; s, the last ms).
_PATIENCE = {
    "connect_timeout": 10,
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
_WAL_TRIES, _WAL_PAUSE_S = 100, 0.05
_TURN_S, _LOOK_S = 1.0, 0.005
_WAITING = "PRAGMA busy_timeout=5000"


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces, raw UTF-8: one text for one value."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )


class Json(TypeDecorator[Any]):
    """A JSON value kept as canonical text, so that what was hashed is what is stored."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else canonical(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class Base(DeclarativeBase):
    """Every table of the cloud. `int` is 64 bits (times are epoch ms); `repr` tells ids only."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own name
        # SQLite counts up only a primary key that is spelled INTEGER.
        int: BigInteger().with_variant(Integer(), "sqlite"),
        str: Text(),
        dict[str, Any]: Json(),
        list[str]: Json(),
    }

    def __repr__(self) -> str:
        key = ", ".join(str(getattr(self, c.key)) for c in self.__mapper__.primary_key)
        return f"<{type(self).__name__} {key}>"


def make_engine(url: str) -> Engine:
    """An engine for `url`; connections are shared by the threads of one process."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        patience = {name: value for name, value in _PATIENCE.items() if name not in parsed.query}
        engine = create_engine(
            parsed, pool_size=_POOL, max_overflow=8, pool_pre_ping=True, connect_args=patience
        )
        event.listen(engine, "connect", _postgresql_connected)
        return engine
    if parsed.database:
        make_folder(Path(parsed.database).parent)
    engine = create_engine(parsed, pool_size=_POOL, max_overflow=8)
    turn = Turn(parsed.database or "")
    event.listen(engine, "connect", _sqlite_connected)
    event.listen(engine, "begin", _sqlite_begins(turn))
    event.listen(engine, "checkin", _sqlite_ends(turn))
    event.listen(engine, "engine_disposed", lambda _engine: turn.close())
    return engine


def reader(engine: Engine) -> Engine:
    """The same engine and pool, for transactions that take no write lock, cannot write and see
    the database as it was at their first look, whatever others commit meanwhile."""
    if engine.dialect.name == "postgresql":  # by itself it shows each statement the latest
        return engine.execution_options(
            postgresql_readonly=True, isolation_level="REPEATABLE READ"
        )
    return engine.execution_options(hanma_read=True)


def one_writer(engine: Engine) -> bool:
    """Whether whoever writes is alone, and cannot wait for another one's rows in a circle."""
    return engine.dialect.name == "sqlite"


def session(engine: Engine) -> Session:
    """A session for one transaction on this engine, or on its `reader`, which sees one moment."""
    alone = one_writer(engine) or "isolation_level" in engine.get_execution_options()
    return (OneMoment if alone else Session)(engine, expire_on_commit=False)


def claim_round(db: Session, name: str) -> bool:
    """Whether this transaction may do the round `name`: no other one does it just now.

    SQLite has one writer, so there it always may. A claim ends with its transaction.
    """
    if db.get_bind().dialect.name != "postgresql":
        return True
    return bool(db.scalar(select(func.pg_try_advisory_xact_lock(_number(name)))))


def take_turn(db: Session, names: Iterable[str]) -> None:
    """Wait until no other transaction has its turn at one of these; ours ends with this one.

    For what is counted before it is written: two that count at once would both find room. SQLite
    has one writer, so there it is our turn already.
    """
    if db.get_bind().dialect.name == "postgresql":
        for number in sorted(map(_number, names)):
            db.execute(select(func.pg_advisory_xact_lock(number)))


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)


def insert_missing(db: Session, table: type[Base], rows: Iterable[dict[str, Any]]) -> None:
    """Insert rows, silently passing over those whose key is already there."""
    dialect = postgresql if db.get_bind().dialect.name == "postgresql" else sqlite
    db.execute(dialect.insert(table).on_conflict_do_nothing(), list(rows))


@dataclass(frozen=True)
class Change:
    """Columns of one row that change, and what they were when that was judged."""

    id: str
    columns: dict[str, Any]
    was: dict[str, Any]


class ChangedMeanwhile(Exception):
    """A row is no longer what it was when its change was judged; the text is its id."""


def amend(db: Session, table: type[Base], changes: Iterable[Change]) -> None:
    """Change rows by id, all that are still what they were; ChangedMeanwhile if one is not."""
    by_id = {one.id: one for one in changes}
    mapper = inspect(table)
    key = mapper.primary_key[0].key
    names = sorted({name for one in by_id.values() for name in one.was})
    asked = select(*(getattr(table, name) for name in (key, *names)))
    rows = db.execute(asked.where(getattr(table, key).in_(list(by_id))).with_for_update())
    found = {id: dict(zip(names, now, strict=True)) for id, *now in rows}
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}  # by which columns change
    for id, change in by_id.items():
        now = found.get(id)
        if now is None or any(now[name] != was for name, was in change.was.items()):
            raise ChangedMeanwhile(id)
        if change.columns:
            alike.setdefault(tuple(change.columns), []).append({key: id} | change.columns)
    for some in alike.values():
        db.execute(update(table), some)
    for id in by_id:  # who holds such a row reads it anew
        held = db.identity_map.get(mapper.identity_key_from_primary_key((id,)))
        if held is not None:
            db.expire(held)


def is_gone(engine: Engine) -> bool:
    """Whether the database was taken away: its file was removed or replaced, which whoever has it
    open does not notice, or there is nothing in it. One that does not answer raises."""
    own = engine.dialect.name == "sqlite"
    if own and _file(engine.url.database) is None:  # before a new connection makes an empty one
        return True
    with reader(engine).connect() as connection:
        there = inspect(connection).has_table("alembic_version")
        return not there or (own and connection.info["file"] != _file(engine.url.database))


def _file(name: str | None) -> tuple[int, int] | None:
    """Which file stands under this name; None = none."""
    try:
        found = os.stat(name or "")
    except OSError:
        return None
    return found.st_dev, found.st_ino


def migrate(engine: Engine) -> None:
    """Bring the database to the newest revision; several processes may start at once."""
    with _alone(engine), engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7106)")
        command.upgrade(migrations(connection), "head")


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """Alone among all who migrate a file in this folder, however long another one takes: SQLite's
    own waiting ends after some seconds. The lock goes with its holder."""
    if engine.dialect.name != "sqlite" or not engine.url.database:
        yield
        return
    handle = os.open(Path(engine.url.database).absolute().parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def migrations(connection: Connection) -> Config:
    """Alembic's configuration for this repository and one connection."""
    config = Config()
    folder = str(Path(__file__).parents[1] / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _postgresql_connected(dbapi: Any, _record: Any) -> None:
    # A process that stands still in the middle of its work must not hold up the others.
    dbapi.execute(f"SET idle_in_transaction_session_timeout = {_IDLE_MS}")
    dbapi.commit()


def _sqlite_connected(dbapi: Any, record: Any) -> None:
    # pysqlite must not begin transactions by itself: _sqlite_begin does, the right way.
    dbapi.isolation_level = None
    dbapi.execute(_WAITING)
    _write_ahead(dbapi)
    record.info["file"] = _file(dbapi.execute("PRAGMA database_list").fetchone()[2])
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        dbapi.execute(f"PRAGMA {pragma}")


def _write_ahead(dbapi: Any) -> None:
    """Turning a new file to WAL does not wait as `busy_timeout` says where another process does
    the same at that moment."""
    for left in reversed(range(_WAL_TRIES)):
        try:
            dbapi.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if not left:
                raise
            time.sleep(_WAL_PAUSE_S)


def _sqlite_begins(turn: Turn) -> Callable[[Connection], None]:
    # A deferred BEGIN that turns into a write fails at once when another writer was quicker.
    def begin(connection: Connection) -> None:
        read = connection.get_execution_options().get("hanma_read", False)
        dbapi = connection.connection.driver_connection
        if connection.info.get("reads") is not read:  # kept with the connection in the pool
            dbapi.execute(f"PRAGMA query_only={int(read)}")
            connection.info["reads"] = read
        if read:
            dbapi.execute("BEGIN")
        elif not _my_turn(dbapi, turn):
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # whose error is told as all others are

    return begin


def _sqlite_ends(turn: Turn) -> Callable[[Any, Any], None]:
    # The connection is back in the pool: what it wrote is committed or undone.
    def end(_dbapi: Any, record: Any) -> None:
        if not record.info.get("reads", True):
            turn.over()

    return end


def _my_turn(dbapi: Any, turn: Turn) -> bool:
    """Begin to write among other processes; False if it was always somebody else's turn.

    SQLite's own waiting sleeps longer each time, up to a tenth of a second, and whoever came later
    is served first.
    """
    until = time.monotonic() + _TURN_S
    dbapi.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                dbapi.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                if time.monotonic() > until:
                    return False
                turn.wait(_LOOK_S)
            else:
                return True
    finally:
        dbapi.execute(_WAITING)

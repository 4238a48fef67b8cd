"""The revisions make, from nothing, the very tables that the code declares."""

import fcntl
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from cloud.base import database
from cloud.base.database import Base, make_engine, migrate, migrations
from cloud.base.unit import Ground
from cloud.link.campaigns import Rollout
from cloud.link.commands import Command
from cloud.link.upgrades import Upgrade
from cloud.migrations import import_tables

EVERYTHING = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE sql > ''",
    "postgresql": """
        SELECT tablename || '.' || indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
            FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        """,
}


@pytest.fixture
def empty(empty_url: str) -> Iterator[Engine]:
    engine = make_engine(empty_url)
    yield engine
    engine.dispose()


def schema(engine: Engine) -> dict[str, str]:
    """What the database says it holds, by name, in words that do not depend on layout or order."""
    with engine.connect() as connection:
        rows = connection.execute(text(EVERYTHING[connection.dialect.name])).all()
    return {
        name: " ".join(sorted(re.split(r",? |,\n", re.sub(r"\s+", " ", definition))))
        for name, definition in rows
        if "alembic" not in name
    }


def test_nothing_differs_between_revisions_and_code(empty: Engine) -> None:
    import_tables()
    migrate(empty)
    with empty.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize(
    ("empty_url", "either"),
    [("sqlite", "sqlite"), ("postgresql", "postgresql")],
    indirect=True,
)
def test_partial_indexes_and_triggers_are_the_same_too(empty: Engine, either: Ground) -> None:
    migrate(empty)
    assert schema(empty) == schema(either.engine)
    assert any("WHERE" in definition for definition in schema(empty).values())
    assert sum("audit_row_no_" in name for name in schema(empty)) > 0


def test_migrating_again_changes_nothing(empty: Engine) -> None:
    migrate(empty)
    before = schema(empty)
    migrate(empty)
    assert schema(empty) == before


def test_a_campaign_that_runs_goes_on_with_its_waves(empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(migrations(connection), "0046")
    started = (
        "INSERT INTO rollout (id, digest, district, waves, wave, total, stop_percent, forgiven,"
        " state, made_at, state_at) VALUES ('r', 'd', '', '{\"percent\":[5,100]}', 1, 9, 10, 2,"
        " 'running', 7, 7)"
    )
    begun = (
        "INSERT INTO upgrade (id, campaign, device, digest, state, progress, words, from_version,"
        " made_at) VALUES ('u', 'r', 'T', 'd', 'done', 100, '', '1', 7)"
    )
    with empty.begin() as connection:
        connection.exec_driver_sql(started)
        connection.exec_driver_sql(begun)
    migrate(empty)
    with Session(empty) as db:
        waves = db.scalars(select(Rollout)).one().waves["waves"]
        assert [(one["share"], one["began_at"], one["forgiven"]) for one in waves] == [
            (5, 7, 2),
            (100, 0, 0),
        ]
        assert db.scalars(select(Upgrade.wave)).one() == 1
        order = db.scalars(select(Command)).one()
        assert (order.id, order.name, order.state) == ("u", "upgrade", "done")


def test_several_processes_may_start_at_once(empty: Engine, empty_url: str) -> None:
    def start(_: int) -> None:
        engine = make_engine(empty_url)
        migrate(engine)
        engine.dispose()

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(start, range(2)))
    assert any(name.startswith("audit_row") for name in schema(empty))


@pytest.mark.sqlite
@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
def test_whoever_starts_while_another_one_migrates_waits_for_its_end(
    empty: Engine, empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_WAITING", "PRAGMA busy_timeout=0")
    monkeypatch.setattr(database, "_TURN_S", 0.0)
    upgrade, flock = command.upgrade, fcntl.flock
    first_is_within, second_is_there = threading.Event(), threading.Event()

    def held(*given: Any) -> None:
        if not first_is_within.is_set():
            first_is_within.set()
            assert second_is_there.wait(60)
        upgrade(*given)

    def asked(handle: int, how: int) -> None:
        if first_is_within.is_set():
            second_is_there.set()
        flock(handle, how)

    monkeypatch.setattr(database.command, "upgrade", held)
    monkeypatch.setattr(database.fcntl, "flock", asked)
    other = make_engine(empty_url)
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(migrate, empty)
        assert first_is_within.wait(60)
        try:
            migrate(other)
        finally:
            second_is_there.set()
            first.result()
            other.dispose()
    assert any(name.startswith("audit_row") for name in schema(empty))


def test_a_failed_revision_leaves_the_database_as_it_was(
    empty: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic.operations import Operations

    genuine, made = Operations.create_table, []

    def create_table(self: Operations, name: str, *columns: object, **named: object) -> object:
        made.append(name)
        if len(made) == 3:
            raise RuntimeError("made-up trouble")
        return genuine(self, name, *columns, **named)

    with monkeypatch.context() as patched:
        patched.setattr(Operations, "create_table", create_table)
        with pytest.raises(RuntimeError, match="made-up trouble"):
            migrate(empty)
    assert schema(empty) == {}
    migrate(empty)
    assert any(name.startswith("audit_row") for name in schema(empty))

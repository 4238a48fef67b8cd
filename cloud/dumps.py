"""The database's part of a backup: SQLite's own file, or what PostgreSQL's pg_dump writes.

Each kind can be dumped while others write, as of one moment; be judged (whole, and its audit
trail with it); and be put where nothing is yet.
"""

import os
import shutil
import sqlite3
import subprocess
from abc import abstractmethod
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from cloud.base.database import make_engine
from cloud.base.settings import Settings
from cloud.base.unit import Ground, Unit
from cloud.book import inspection

SQLITE, POSTGRESQL = "hanma.db", "hanma.dump"
_DEBIAN = Path("/usr/lib/postgresql")


class BackupTrouble(Exception):
    """It cannot be done here, or the file is not sound; the text says so in both languages."""


def unsound(what: str) -> BackupTrouble:
    return BackupTrouble(
        f"备份不完整或被改动：{what}。 The backup is damaged or was changed: {what}."
    )


class Database(Protocol):
    """One kind of database. `name` = of its file in a backup."""

    name: str

    @abstractmethod
    def holds_data(self) -> bool:
        """Whether there is something in it already."""

    @abstractmethod
    def dump(self, to: Path, place: Path) -> None:
        """A copy of one moment; `place` = a data folder with its keys and checkpoints."""

    @abstractmethod
    def judge(self, dumped: Path, place: Path) -> None:
        """Whether a copy is whole, with its audit trail; BackupTrouble."""

    @abstractmethod
    def put(self, dumped: Path, place: Path) -> None:
        """Put a copy that was judged where nothing is yet, all or nothing; BackupTrouble."""


def of(settings: Settings) -> Database:
    """The database of these settings."""
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite" and url.database:
        return _Sqlite(Path(url.database))
    return _Postgresql(url)


class _Sqlite:
    name = SQLITE

    def __init__(self, file: Path) -> None:
        self._file = file

    def holds_data(self) -> bool:
        return self._file.is_file()

    def dump(self, to: Path, place: Path) -> None:
        with closing(sqlite3.connect(self._file)) as source, closing(sqlite3.connect(to)) as copy:
            source.backup(copy)  # in one piece, under one snapshot; writers go on
            copy.execute("PRAGMA journal_mode=DELETE")

    def judge(self, dumped: Path, place: Path) -> None:
        with closing(sqlite3.connect(dumped)) as file:
            try:
                whole = file.execute("PRAGMA integrity_check").fetchall()
                whole += file.execute("PRAGMA foreign_key_check").fetchall()
            except sqlite3.DatabaseError:
                whole = []
        if whole != [("ok",)]:
            raise unsound(self.name)
        ground = _ground(place, f"sqlite:///{dumped}")
        try:
            with ground.read() as unit:
                _trail_is_whole(unit)
        finally:
            ground.close()

    def put(self, dumped: Path, place: Path) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(dumped, self._file)


class _Postgresql:
    name = POSTGRESQL

    def __init__(self, url: URL) -> None:
        self._url = url
        # As libpq is told it: several hosts, too. The password goes by the environment.
        self._told: dict[str, Any] = url.get_dialect()().create_connect_args(url)[1]
        self._password = str(self._told.pop("password", ""))

    def holds_data(self) -> bool:
        engine = make_engine(self._url.render_as_string(hide_password=False))
        try:
            return bool(inspect(engine).get_table_names())
        except OperationalError:
            raise BackupTrouble(
                "连不上数据库，请检查 HANMA_DATABASE。 "
                "The database cannot be reached; check HANMA_DATABASE."
            ) from None
        finally:
            engine.dispose()

    def dump(self, to: Path, place: Path) -> None:
        """The trail is judged in the very snapshot that is dumped."""
        ground = _ground(place, self._url.render_as_string(hide_password=False))
        still = ground.engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        try:
            with Session(still) as db:
                snapshot = db.scalar(text("SELECT pg_export_snapshot()"))
                _trail_is_whole(Unit(ground, db, ground.clock()))
                words = ("--format=custom", f"--snapshot={snapshot}", f"--file={to}")
                self._run("pg_dump", *_NOBODYS, *words, f"--dbname={self._name}")
        finally:
            ground.close()

    def judge(self, dumped: Path, place: Path) -> None:
        """That every piece of it can be read; the trail was judged when it was made."""
        self._run("pg_restore", f"--file={os.devnull}", str(dumped), why=unsound(self.name))

    def put(self, dumped: Path, place: Path) -> None:
        words = ("--single-transaction", "--exit-on-error", f"--dbname={self._name}", str(dumped))
        self._run("pg_restore", *_NOBODYS, *words)
        ground = _ground(place, self._url.render_as_string(hide_password=False))
        try:
            with ground.read() as unit:
                _trail_is_whole(unit)
        except BackupTrouble:
            with ground.engine.begin() as connection:  # it was empty before
                connection.execute(text("DROP SCHEMA public CASCADE"))
                connection.execute(text("CREATE SCHEMA public"))
            raise
        finally:
            ground.close()

    @property
    def _name(self) -> str:
        """Where the database is, in libpq's words, without the password."""
        from psycopg.conninfo import make_conninfo

        return make_conninfo(**self._told)

    def _run(self, tool: str, *words: str, why: BackupTrouble | None = None) -> None:
        password = {"PGPASSWORD": self._password} if self._password else {}
        done = subprocess.run(
            [_tool(tool), *words],
            env=os.environ | password,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["?"])[-1]
            raise why or BackupTrouble(f"{tool} 没有成功 {tool} did not succeed: {said}")


_NOBODYS = ("--no-owner", "--no-privileges")


def _tool(name: str) -> str:
    """On the path, else the newest that Debian has laid aside; BackupTrouble if there is none."""
    found = shutil.which(name)
    laid_aside = sorted(_DEBIAN.glob(f"*/bin/{name}"), key=lambda one: one.parts[-3].zfill(3))
    if found or laid_aside:
        return found or str(laid_aside[-1])
    raise BackupTrouble(
        f"没有找到 {name}，请安装 PostgreSQL 的客户端（Debian：apt install postgresql-client）。 "
        f"{name} is not here: install PostgreSQL's client tools."
    )


def _ground(place: Path, url: str) -> Ground:
    return Ground.open(replace(Settings(), data_dir=place, database=url))


def _trail_is_whole(unit: Any) -> None:
    findings = inspection.inspect(unit).findings
    if findings:
        named = f"{findings[0].row} {findings[0].what}"
        raise BackupTrouble(
            f"审计链不完整：{named}。请用 hanma audit verify 查看。 "
            f"The audit trail is not whole: {named}; see hanma audit verify."
        )

"""Backups: one tar file of all that is kept, taken while the cloud runs, checked as it is made.

The database comes through SQLite's backup API, so it is of one moment; pictures and packages are
never changed, and each checkpoint in the file is older than the database in it. The keys stay
outside unless asked for: whoever has both can read everything.
"""

import hashlib
import io
import json
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy.engine import make_url

from cloud.base.database import canonical
from cloud.base.keys import Keys
from cloud.base.settings import Settings
from cloud.base.signing import Signer
from cloud.base.unit import Ground
from cloud.book import checkpoints, inspection

FORMAT = 1
DATABASE = "hanma.db"
KEYS = ("keys/master.key", "keys/platform.key")
_FOLDERS = ("media", "packages", "registers")
_MANIFEST = "manifest.json"
_PIECE = 1 << 20


class BackupTrouble(Exception):
    """It cannot be done here, or the file is not sound; the text says so in both languages."""


def write(settings: Settings, out: Path, now: int, *, with_keys: bool = False) -> dict[str, Any]:
    """A new checked backup at `out`; its manifest."""
    live = _sqlite_file(settings)
    if out.exists():
        raise BackupTrouble(f"{out} 已经存在。 {out} is there already.")
    if not live.is_file():
        raise BackupTrouble(f"{live} 不存在，没有可备份的。 There is no {live} to back up.")
    data = Path(settings.data_dir)
    key_id, fingerprint = Keys.load(data).id, Signer.load(data).fingerprint
    told = {"format": FORMAT, "made_at": now, "keys": key_id, "platform": fingerprint}
    with TemporaryDirectory(prefix=".hanma-backup-", dir=out.absolute().parent) as folder:
        points = checkpoints.files(data)  # before the database: none may be newer than it
        copy, fresh = Path(folder) / DATABASE, Path(folder) / "fresh"
        _copied(live, copy)
        others = {str(one.relative_to(data)): one for one in (*points, *_files(data))}
        if with_keys:
            others |= {name: data / name for name in KEYS}
        _packed(fresh, {DATABASE: copy} | others, told)
        made = check(fresh, data)
        fresh.replace(out)
    return made


def check(file: Path, keys_from: Path) -> dict[str, Any]:
    """The manifest of a backup whose every byte, database and audit trail were found sound."""
    with TemporaryDirectory(prefix="hanma-check-") as folder:
        place = Path(folder)
        wanted = (DATABASE, "checkpoints/", "keys/")
        told = _unpacked(file, place, lambda name: name.startswith(wanted))
        _keys_in_place(place, keys_from, told)
        _sound(place)
    return told


def restore(settings: Settings, file: Path) -> dict[str, Any]:
    """Put a backup into a data directory that has no database yet; its manifest.

    Nothing is put in place before all of it was checked.
    """
    live, data = _sqlite_file(settings), Path(settings.data_dir)
    if live.exists() or (data / "checkpoints").exists():
        raise BackupTrouble(
            f"{data} 里已有数据，请换一个空目录。 There is data in {data} already; "
            "restore into an empty directory."
        )
    data.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".hanma-restore-", dir=data) as folder:
        place = Path(folder)
        told = _unpacked(file, place, lambda _name: True)
        _keys_in_place(place, data, told)
        _sound(place)
        (place / _MANIFEST).unlink(missing_ok=True)
        shutil.copytree(place, data, dirs_exist_ok=True, ignore=_not_the_database(place))
        live.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(place / DATABASE, live)
    return told


def _not_the_database(place: Path) -> Any:
    """The database comes last: until it is there, nothing starts on half of the rest."""
    return lambda folder, names: [
        name for name in names if Path(folder) == place and name.startswith(DATABASE)
    ]


def _sqlite_file(settings: Settings) -> Path:
    url = make_url(settings.database)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise BackupTrouble(
            "数据库是 PostgreSQL：请用 pg_dump 备份数据库，并复制数据目录。 "
            "The database is PostgreSQL: use pg_dump for it, and copy the data directory."
        )
    return Path(url.database)


def _files(data: Path) -> Iterator[Path]:
    for name in _FOLDERS:
        for one in sorted((data / name).rglob("*")):
            if one.is_file() and not one.name.startswith("fresh-"):
                yield one


def _copied(live: Path, copy: Path) -> None:
    with closing(sqlite3.connect(live)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)  # in one piece, under one snapshot; writers go on
        target.execute("PRAGMA journal_mode=DELETE")


def _packed(fresh: Path, files: dict[str, Path], told: dict[str, Any]) -> None:
    digests = {}
    with tarfile.open(fresh, "x") as tar:
        fresh.chmod(0o600)
        for name, path in files.items():
            try:
                digest = _digest(path.open("rb"))
                tar.add(path, name, filter=_nobodys)
            except FileNotFoundError:  # a picture whose time was over meanwhile
                continue
            digests[name] = digest
        text = canonical(told | {"files": digests}).encode()
        about = tarfile.TarInfo(_MANIFEST)
        about.size = len(text)
        tar.addfile(about, io.BytesIO(text))


def _nobodys(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mode = 0o600
    return info


def _unpacked(file: Path, place: Path, wanted: Any) -> dict[str, Any]:
    """The manifest; the wanted files are under `place`, and every file was compared with it."""
    found = {}
    try:
        with tarfile.open(file, "r:") as tar:
            for one in tar:
                if not one.isfile():
                    raise BackupTrouble(_unsound(one.name))
                if wanted(one.name) or one.name == _MANIFEST:
                    tar.extract(one, place, filter="data")
                body = tar.extractfile(one)
                if one.name != _MANIFEST and body is not None:
                    found[one.name] = _digest(body)
        told: dict[str, Any] = json.loads((place / _MANIFEST).read_text("utf-8"))
        right = told["files"]
        bad = sorted(name for name in {*found, *right} if found.get(name) != right.get(name))
        if told["format"] != FORMAT or DATABASE not in right:
            bad.append(_MANIFEST)
    except (tarfile.TarError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupTrouble(_unsound(file.name)) from error
    if bad:
        raise BackupTrouble(_unsound(" ".join(bad[:5])))
    return told


def _unsound(what: str) -> str:
    return f"备份不完整或被改动：{what}。 The backup is damaged or was changed: {what}."


def _digest(file: Any) -> str:
    with file:
        summed = hashlib.sha256()
        while piece := file.read(_PIECE):
            summed.update(piece)
    return summed.hexdigest()


def _keys_in_place(place: Path, keys_from: Path, told: dict[str, Any]) -> None:
    """The keys of the file, or those that are here; they must be the ones it was made with."""
    for name in KEYS:
        if not (place / name).exists() and (keys_from / name).exists():
            (place / name).parent.mkdir(exist_ok=True, mode=0o700)
            shutil.copyfile(keys_from / name, place / name)
            (place / name).chmod(0o600)
    there = all((place / name).exists() for name in KEYS)
    if not there or (Keys.load(place).id, Signer.load(place).fingerprint) != (
        told["keys"],
        told["platform"],
    ):
        raise BackupTrouble(
            f"缺少这份备份的密钥，请先把 keys 目录放进 {keys_from}。 The keys of this backup are "
            f"not here; put the folder keys into {keys_from} first."
        )


def _sound(place: Path) -> None:
    """The database is whole and so is the audit trail in it; BackupTrouble."""
    with closing(sqlite3.connect(place / DATABASE)) as file:
        try:
            whole = file.execute("PRAGMA integrity_check").fetchall()
            whole += file.execute("PRAGMA foreign_key_check").fetchall()
        except sqlite3.DatabaseError:
            whole = []
    if whole != [("ok",)]:
        raise BackupTrouble(_unsound(DATABASE))
    ground = Ground.open(replace(Settings(), data_dir=place, database=""))
    try:
        with ground.read() as unit:
            findings = inspection.inspect(unit).findings
    finally:
        ground.close()
    if findings:
        first = findings[0]
        named = f"{first.row} {first.what}"
        raise BackupTrouble(
            f"审计链不完整：{named}。请用 hanma audit verify 查看。 "
            f"The audit trail is not whole: {named}; see hanma audit verify."
        )

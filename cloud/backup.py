"""Backups: one tar file of all that is kept, taken while the cloud runs, checked as it is made.

The database is of one moment (dumps.py); pictures and packages are never changed, and each
checkpoint in the file is older than the database in it. The keys stay outside unless asked for:
whoever has both can read everything.
"""

import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cloud import dumps
from cloud.base import keys, signing
from cloud.base.database import canonical
from cloud.base.files import FRESH
from cloud.base.keys import Keys, is_ours
from cloud.base.settings import Settings
from cloud.base.signing import FILES, Signer, fingerprint_of
from cloud.book import checkpoints
from cloud.dumps import BackupTrouble, Database, unsound

__all__ = ["BackupTrouble", "check", "left", "restore", "write"]

FORMAT = 1
KEYS = tuple(f"keys/{name}" for name in (keys.FIRST, signing.KEY))  # what came later lies beside
_FOLDERS = ("media", "packages", "registers")
_MANIFEST = "manifest.json"
_PIECE = 1 << 20


def write(settings: Settings, out: Path, now: int, *, with_keys: bool = False) -> dict[str, Any]:
    """A new checked backup at `out`; its manifest."""
    database, data = dumps.of(settings), Path(settings.data_dir)
    if out.exists():
        raise BackupTrouble(f"{out} 已经存在。 {out} is there already.")
    if not database.holds_data():
        raise BackupTrouble("数据库是空的，没有可备份的。 There is no data to back up.")
    key_id, fingerprint = Keys.load(data).id, Signer.load(data).fingerprint
    told = {"format": FORMAT, "made_at": now, "keys": key_id, "platform": fingerprint}
    with TemporaryDirectory(prefix=".hanma-backup-", dir=out.absolute().parent) as folder:
        points = checkpoints.files(data)  # before the database: none may be newer than it
        place, fresh = Path(folder) / "place", Path(folder) / "fresh"
        for name in (*_keys(data), *(str(one.relative_to(data)) for one in points)):
            (place / name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            shutil.copyfile(data / name, place / name)
        copy = Path(folder) / database.name
        database.dump(copy, place)
        others = {str(one.relative_to(data)): one for one in (*points, *_files(data))}
        if with_keys:
            others |= {name: data / name for name in _keys(data)}
        _packed(fresh, {database.name: copy} | others, told)
        made = check(database, fresh, data)
        fresh.replace(out)
    return made


def check(database: Database, file: Path, keys_from: Path) -> dict[str, Any]:
    """The manifest of a backup whose every byte, database and audit trail were found sound."""
    with TemporaryDirectory(prefix="hanma-check-") as folder:
        place = Path(folder)
        wanted = (database.name, "checkpoints/", "keys/")
        told = _unpacked(database, file, place, lambda name: name.startswith(wanted))
        _keys_in_place(place, keys_from, told)
        database.judge(place / database.name, place)
    return told


def restore(settings: Settings, file: Path) -> dict[str, Any]:
    """Put a backup where no data is yet, database and data directory; its manifest.

    Nothing is put in place before all of it was checked.
    """
    database, data = dumps.of(settings), Path(settings.data_dir)
    if database.holds_data() or (data / "checkpoints").exists():
        raise BackupTrouble(
            f"数据库或 {data} 里已有数据，请换一个空的。 There is data in the database or in "
            f"{data} already; restore into an empty one."
        )
    data.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".hanma-restore-", dir=data) as folder:
        place = Path(folder)
        told = _unpacked(database, file, place, lambda _name: True)
        _keys_in_place(place, data, told)
        database.judge(place / database.name, place)
        (place / _MANIFEST).unlink(missing_ok=True)
        # The database comes last: until it is there, nothing starts on half of the rest.
        others = shutil.ignore_patterns(f"{database.name}*")
        shutil.copytree(place, data, dirs_exist_ok=True, ignore=others)
        database.put(place / database.name, place)
    return told


def left(settings: Settings) -> list[str]:
    """What lies in the folder of keys and is none of ours: no backup takes it."""
    data = Path(settings.data_dir)
    every = {one.name for one in (data / "keys").iterdir() if not one.name.startswith(FRESH)}
    return sorted({f"keys/{name}" for name in every}.difference(_keys(data)))


def _keys(data: Path) -> list[str]:
    every = (one.name for one in (data / "keys").glob("*"))
    return sorted(f"keys/{name}" for name in every if is_ours(name) or name in FILES)


def _files(data: Path) -> Iterator[Path]:
    for name in _FOLDERS:
        for one in sorted((data / name).rglob("*")):
            if one.is_file() and not one.name.startswith(FRESH):
                yield one


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


def _unpacked(database: Database, file: Path, place: Path, wanted: Any) -> dict[str, Any]:
    """The manifest; the wanted files are under `place`, and every file was compared with it."""
    found = {}
    try:
        with tarfile.open(file, "r:") as tar:
            for one in tar:
                if not one.isfile():
                    raise unsound(one.name)
                if wanted(one.name) or one.name == _MANIFEST:
                    tar.extract(one, place, filter="data")
                body = tar.extractfile(one)
                if one.name != _MANIFEST and body is not None:
                    found[one.name] = _digest(body)
        told: dict[str, Any] = json.loads((place / _MANIFEST).read_text("utf-8"))
        right = told["files"]
        bad = sorted(name for name in {*found, *right} if found.get(name) != right.get(name))
        if told["format"] != FORMAT:
            bad.append(_MANIFEST)
    except (tarfile.TarError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise unsound(file.name) from error
    if bad:
        raise unsound(" ".join(bad[:5]))
    if database.name not in right:
        raise BackupTrouble(
            "这份备份属于另一种数据库。 This backup is of the other kind of database "
            "(SQLite, PostgreSQL): set HANMA_DATABASE as it was."
        )
    return told


def _digest(file: Any) -> str:
    with file:
        summed = hashlib.sha256()
        while piece := file.read(_PIECE):
            summed.update(piece)
    return summed.hexdigest()


def _keys_in_place(place: Path, keys_from: Path, told: dict[str, Any]) -> None:
    """The keys that are here if they are the ones it was made with, or later ones of the same
    installation; else those of the file."""
    here = all((keys_from / name).exists() for name in KEYS) and _opens(keys_from, told)
    for name in _keys(keys_from):
        if here or not (place / name).exists():
            (place / name).parent.mkdir(exist_ok=True, mode=0o700)
            shutil.copyfile(keys_from / name, place / name)
            (place / name).chmod(0o600)
    there = all((place / name).exists() for name in KEYS)
    if not there or not _opens(place, told):
        raise BackupTrouble(
            f"缺少这份备份的密钥，请先把 keys 目录放进 {keys_from}。 The keys of this backup are "
            f"not here; put the folder keys into {keys_from} first."
        )


def _opens(place: Path, told: dict[str, Any]) -> bool:
    signer = Signer.load(place)
    prints = {signer.fingerprint, *(fingerprint_of(one) for one in signer.earlier)}
    return told["keys"] in Keys.load(place).ids and told["platform"] in prints

"""Files that are written whole or not at all, and are there after a power cut once that is said.

They and the folders made for them can be read by their owner alone. What root makes belongs to
the owner of the folder it stands in: the cloud runs under an account of its own.
"""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

FRESH = "fresh-"  # begins the name of what is being written, or was left by a kill


def put(path: Path, raw: bytes) -> None:
    """Write a file, in place of one that is there."""
    with beside(path, raw) as fresh:
        fresh.replace(path)
        keep_names(path.parent)


@contextlib.contextmanager
def beside(path: Path, raw: bytes) -> Iterator[Path]:
    """The bytes on the disk under a name of their own, in the folder of `path`; whoever wants
    them there renames the file and calls `keep_names`, or they go at the end."""
    fresh = _written(path, raw)
    try:
        yield fresh
    finally:
        fresh.unlink(missing_ok=True)


def keep_names(folder: Path) -> None:
    """What a folder lists is on the disk as well."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def put_once(path: Path, raw: bytes) -> None:
    """Write a file unless there is one: of two that write at once, the first one's stays."""
    fresh = _written(path, raw)
    try:
        os.link(fresh, path)  # which never replaces
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    keep_names(path.parent)


def _written(path: Path, raw: bytes) -> Path:
    """The bytes under another name beside it, on the disk."""
    make_folder(path.parent)
    fresh = path.with_name(f"{FRESH}{secrets.token_hex(8)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            _give(fresh, path.parent)
            file.write(raw)
            file.flush()
            os.fsync(handle)
    except OSError:  # a full disk, above all: half a file would take the room of a whole one
        fresh.unlink(missing_ok=True)
        raise
    return fresh


def make_folder(folder: Path) -> None:
    """A folder for its owner alone, with those above it that are missing."""
    if folder.exists():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _give(folder, folder.parent)


def _give(made: Path, folder: Path) -> None:
    owner = folder.stat()
    if os.geteuid() == 0:
        with contextlib.suppress(PermissionError):  # on a share where root is nobody
            os.lchown(made, owner.st_uid, owner.st_gid)

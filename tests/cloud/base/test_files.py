"""A file is there whole or not at all (cloud/base/files.py)."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from cloud.base import files


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def test_a_file_and_its_folders_are_made_and_only_the_owner_reads_them(tmp_path: Path) -> None:
    place = tmp_path / "a" / "b" / "one"
    files.put(place, b"first")
    files.put(place, b"second")
    assert place.read_bytes() == b"second" and names(place.parent) == ["one"]
    for made in (place, place.parent, place.parent.parent):
        assert made.stat().st_mode & 0o077 == 0


def test_of_two_that_write_once_the_first_ones_stays(tmp_path: Path) -> None:
    for raw in (b"first", b"second"):
        files.put_once(tmp_path / "one", raw)
    assert (tmp_path / "one").read_bytes() == b"first" and names(tmp_path) == ["one"]


@pytest.mark.parametrize(
    ("put", "where", "fails"),
    [
        *((put, os, "fsync") for put in (files.put, files.put_once)),
        (files.put, Path, "replace"),
        (files.put_once, os, "link"),
    ],
)
def test_a_disk_without_room_keeps_what_was_there_and_no_half_of_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, put: Any, where: Any, fails: str
) -> None:
    def full(*_given: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    place = tmp_path / "one"
    files.put(place, b"before")
    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr(where, fails, full)
        put(place, b"after")
    assert place.read_bytes() == b"before" and names(tmp_path) == ["one"]


def test_the_name_is_on_the_disk_before_it_is_said_to_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a power cut a renamed file may else be gone although its bytes were written."""
    order: list[str] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        there = (tmp_path / "one").exists()
        order.append(f"{os.readlink(f'/proc/self/fd/{handle}')} {there}")
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    files.put(tmp_path / "one", b"x")
    assert len(order) == 2 and order[1] == f"{tmp_path} True"

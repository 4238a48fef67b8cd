"""What is known after the power was cut, on the NVS stand-in that replaces its files whole."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from terminal.board.store import Store
from terminal.memory import Memory

Names = st.lists(st.text("abcZ_-0", min_size=1, max_size=64), max_size=16)


class Cut(Exception):
    """The power went."""


@pytest.fixture
def flash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HANMA_NVS", str(tmp_path))
    return tmp_path


def test_an_empty_flash_means_nothing_ended_and_no_lock(flash: Path) -> None:
    memory = Memory(Store())
    assert (memory.ended, memory.number("locked"), memory.number("unlocked")) == ([], 0, 0)


def test_everything_is_there_after_a_restart(flash: Path) -> None:
    memory = Memory(Store())
    memory.ended = ["j1", "j2"]
    memory.set_number("locked", 1)
    memory.set_number("unlocked", 1 << 40)
    again = Memory(Store())
    assert (again.ended, again.number("locked"), again.number("unlocked")) == (
        ["j1", "j2"],
        1,
        1 << 40,
    )
    again.set_number("locked", 0)
    assert not Memory(Store()).number("locked")


def test_the_longest_ended_list_there_can_be_is_read_back(flash: Path) -> None:
    jobs = [chr(0x41 + n) * 64 for n in range(16)]
    Memory(Store()).ended = jobs
    assert Memory(Store()).ended == jobs


@given(jobs=Names)
@settings(deadline=None, max_examples=25)
def test_any_list_of_jobs_is_read_back(
    jobs: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    os.environ["HANMA_NVS"] = str(tmp_path_factory.mktemp("nvs"))
    try:
        Memory(Store()).ended = jobs
        assert Memory(Store()).ended == jobs
    finally:
        del os.environ["HANMA_NVS"]


def test_the_last_unlock_is_written_only_when_it_changes(flash: Path) -> None:
    memory = Memory(Store())
    memory.set_number("unlocked", 5)
    written = (flash / "hanma.unlocked").stat().st_ino
    memory.set_number("unlocked", 5)
    assert (flash / "hanma.unlocked").stat().st_ino == written


def test_a_cut_before_the_commit_leaves_the_old_value(flash: Path) -> None:
    store = Store()
    store.put("ended", b"j1")
    store._nvs.set_blob("ended", b"j1\nj2")
    assert Store().get("ended") == b"j1"


@pytest.mark.parametrize("written", range(6))
def test_a_cut_in_the_middle_of_the_writing_leaves_the_old_value(
    flash: Path, written: int
) -> None:
    memory = Memory(Store())
    memory.ended = ["j1"]
    (flash / "hanma.ended~").write_bytes(b"j1\nj2\n"[:written])
    assert Memory(Store()).ended == ["j1"]


def test_a_cut_between_writing_and_renaming_leaves_the_old_value_and_the_next_write_succeeds(
    flash: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Memory(Store())
    memory.set_number("locked", 1)

    def cut(*_: str) -> None:
        raise Cut

    with monkeypatch.context() as power:
        power.setattr(os, "rename", cut)
        with pytest.raises(Cut):
            memory.set_number("locked", 0)
    assert Memory(Store()).number("locked")
    Memory(Store()).set_number("locked", 0)
    assert not Memory(Store()).number("locked")


def test_a_name_too_long_for_the_nvs_is_refused(flash: Path) -> None:
    with pytest.raises(ValueError):
        Store().put("a-name-of-16-let", b"")


def test_a_value_larger_than_asked_for_is_not_given_cut(flash: Path) -> None:
    Store().put("blob", bytes(600))
    with pytest.raises(OSError, match="INVALID_LENGTH"):
        Store().get("blob")
    assert Store().get("blob", 600) == bytes(600)

"""How far slow work has come, told to other processes (cases/underway.py)."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.cases import underway
from cloud.cases.underway import Progress

WORKER = """
import sys
from pathlib import Path
from cloud.cases import underway
with underway.work(Path(sys.argv[1])) as steps:
    steps.begin(1000)
    steps.add(300)
    print("so far", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process in the middle of the work."""
    words = [sys.executable, "-c", WORKER, str(tmp_path / "mark")]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "so far\n"
        yield process
        process.kill()


def test_another_process_sees_how_far_it_has_come(
    tmp_path: Path, other: subprocess.Popen[str]
) -> None:
    assert underway.progress(tmp_path / "mark") == Progress(300, 1000)


def test_what_was_killed_is_no_longer_underway(
    tmp_path: Path, other: subprocess.Popen[str]
) -> None:
    other.kill()
    other.wait()
    assert underway.progress(tmp_path / "mark") is None


def test_whoever_comes_meanwhile_waits_for_the_end(
    tmp_path: Path, other: subprocess.Popen[str]
) -> None:
    at_work = threading.Event()

    def second() -> None:
        with underway.work(tmp_path / "mark"):
            at_work.set()

    thread = threading.Thread(target=second)
    thread.start()
    assert not at_work.wait(0.05)
    other.kill()
    thread.join()
    assert at_work.is_set()


def test_a_shorter_stretch_leaves_nothing_of_a_longer_ones_numbers(tmp_path: Path) -> None:
    with underway.work(tmp_path / "mark") as steps:
        steps.begin(123_456)
        steps.add(123_456)
        steps.begin(7)
        assert underway.progress(tmp_path / "mark") == Progress(0, 7)


def test_nobody_works_on_what_was_never_begun(tmp_path: Path) -> None:
    assert underway.progress(tmp_path / "mark") is None

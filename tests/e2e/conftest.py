"""The whole thing as its user starts it: programs, ports, a folder of data."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.demo import Demo, free_address
from tests import databases

# Of the firmware, after collection, on a busy machine: 155 at its usual worst, and what a
# collection takes for a pointer that is none. The limit of `hanma size` is 160.
HEAP_NOW_KB = 164
ROOT = Path(__file__).resolve().parents[2]


def hanma(*words: str, timeout_s: float = 240, **environment: str) -> subprocess.CompletedProcess:
    """Runs the `hanma` command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "cloud", *words],
        cwd=ROOT,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
    )


def addresses() -> list[str]:
    """Free ports as options of `hanma demo`."""
    words = []
    for option in ("--web", "--mqtt", "--bench"):
        host, port = free_address()
        words += [option, f"{host}:{port}"]
    return words


@pytest.fixture(autouse=True)
def _database_of_programs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The programs that a test starts on its folder use the folder's database, too."""
    if databases.CHOSEN != "sqlite" and "tmp_path" in request.fixturenames:
        told = databases.told(request.getfixturevalue("tmp_path"))
        monkeypatch.setenv("HANMA_DATABASE", told["HANMA_DATABASE"])


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Cloud, broker and three terminals with real MicroPython, up for one file of tests."""
    folder = tmp_path_factory.mktemp("data")
    with Demo(
        data=folder,
        web=free_address(),
        mqtt=free_address(),
        bench=free_address(),
        kind="micropython",
        quiet=True,
        yard=("--speech-rate", "10"),
        HANMA_DATABASE=databases.told(folder)["HANMA_DATABASE"],
        HANMA_PRESENCE_OFTEN="1000000",  # many jobs in a few minutes
        HANMA_PRESENCE_S="600",  # a busy machine may stand still between two presses
    ) as running:
        yield running

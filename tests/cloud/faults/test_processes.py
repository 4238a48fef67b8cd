"""A program of a trial is killed with what it started itself."""

import time
from pathlib import Path

from cloud.faults.processes import Process

_SOON_S = 60.0


def test_nothing_that_it_started_outlives_the_kill(tmp_path: Path) -> None:
    told = tmp_path / "child"
    words = f"sleep 600 & echo $! > {told}.new && mv {told}.new {told}; wait"
    process = Process(["sh", "-c", words], tmp_path / "log")
    process.start()
    try:
        until(told.exists)
        child = int(told.read_text())
        assert runs(child)
        process.kill()
        until(lambda: not runs(child))
        assert process.ended
    finally:
        process.kill()


def runs(pid: int) -> bool:
    """Dead and not yet buried is not running."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def until(done: object) -> None:
    end = time.monotonic() + _SOON_S
    while not done():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.01)

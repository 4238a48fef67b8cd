"""What processes of ours take of the machine, from /proc (Linux), and starting them."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_STOP_S = 20


@dataclass(frozen=True)
class Usage:
    """CPU time so far, s, and memory, MB, of some processes; `at` = monotonic."""

    cpu_s: float
    rss_mb: float
    at: float

    @classmethod
    def of(cls, pids: list[int]) -> "Usage":
        return cls(sum(map(_cpu_s, pids)), sum(map(_rss_mb, pids)), time.monotonic())

    def percent_since(self, before: "Usage") -> float:
        """Of the whole machine: 100 = every core busy."""
        span = (self.at - before.at) * (os.cpu_count() or 1)
        return 100 * (self.cpu_s - before.cpu_s) / span


def family(pid: int) -> list[int]:
    """The process and those that it started."""
    told = _of(pid, f"task/{pid}/children").split()
    return [pid, *(one for child in told for one in family(int(child)))]


def _cpu_s(pid: int) -> float:
    fields = _of(pid, "stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK if fields else 0.0


def _rss_mb(pid: int) -> float:
    for line in _of(pid, "status").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _of(pid: int, name: str) -> str:
    """What /proc says of it; nothing once it has ended, as some of a database's do."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except OSError:
        return ""


@contextmanager
def running(
    words: list[str], environment: Mapping[str, str] | None = None, log: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A program, ended afterwards; its output goes to `log`."""
    with open(log or os.devnull, "ab") as out:
        process = subprocess.Popen(
            words,
            env=os.environ | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def python(*words: str) -> list[str]:
    return [sys.executable, "-m", *words]

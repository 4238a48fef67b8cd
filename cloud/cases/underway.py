"""How far slow work has come, for every process that shares the data folder.

Whoever works holds a lock on the work's file and writes two numbers into it. The lock goes with
its holder, however that ends: what nobody holds, nobody works on.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_EVERY = 200  # rows between two notes
_FORM = "{:>12} {:>12}\n"  # always as long, so that a later note covers an earlier one


@dataclass(frozen=True)
class Progress:
    """So many of so many are done; `whole` is a good guess, and may be 0."""

    done: int
    whole: int


class Steps:
    """For whoever works: `add` tells that more is done."""

    def __init__(self, handle: int) -> None:
        self._handle, self._done, self._noted, self._whole = handle, 0, 0, 0

    def begin(self, whole: int) -> None:
        """A new stretch of the work, of this length."""
        self._done, self._whole = 0, whole
        self._note()

    def add(self, more: int) -> None:
        self._done += more
        if self._done >= self._noted + _EVERY:
            self._note()

    def _note(self) -> None:
        self._noted = self._done
        os.pwrite(self._handle, _FORM.format(self._done, self._whole).encode(), 0)


@contextmanager
def work(path: Path) -> Iterator[Steps]:
    """Alone at the work whose file this is; whoever comes meanwhile waits for its end."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        steps = Steps(handle)
        steps.begin(0)
        yield steps
    finally:
        os.close(handle)


def progress(path: Path) -> Progress | None:
    """How far it has come; None if nobody works on it."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        numbers = os.pread(handle, 64, 0).split()
        return Progress(*map(int, numbers)) if len(numbers) == 2 else Progress(0, 0)
    finally:
        os.close(handle)

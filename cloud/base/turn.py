"""Word from process to process that the one writer of a SQLite database has finished.

A hint and nothing more: SQLite's own lock says whose turn it is. Whoever waits is woken by a byte
in a pipe beside the database; where none comes, because its writer was killed or the pipe cannot
be made, waiting ends by itself a little later.
"""

import contextlib
import os
import select
import stat
import threading
from pathlib import Path

ENDING = "-turn"
_ALL = 1 << 16


class Turn:
    """The pipe of one database. It is made by the first who has to wait, and stays."""

    def __init__(self, database: str) -> None:
        self._path = Path(f"{database}{ENDING}")
        self._opening = threading.Lock()
        self._pipe: int | None = None

    def wait(self, seconds: float) -> bool:
        """Wait until somebody has finished, at most so long; whether somebody has."""
        pipe = self._kept()
        waiting = select.poll()
        if pipe is not None:
            waiting.register(pipe, select.POLLIN)
        told = bool(waiting.poll(seconds * 1000))
        if told and pipe is not None:
            with contextlib.suppress(OSError):  # another one was quicker: it tells when it is done
                os.read(pipe, _ALL)
        return told

    def over(self) -> None:
        """This process has finished: whoever waits may try."""
        pipe = self._pipe
        with contextlib.suppress(OSError):  # nobody has ever waited, or there are words enough
            if pipe is not None:
                os.write(pipe, b".")
                return
            once = self._opened(os.O_WRONLY)
            try:
                os.write(once, b".")
            finally:
                os.close(once)

    def close(self) -> None:
        """Let go of the pipe; whoever goes on opens it again."""
        with self._opening:
            if self._pipe is not None:
                os.close(self._pipe)
                self._pipe = None

    def _kept(self) -> int | None:
        with self._opening:
            if self._pipe is None:
                with contextlib.suppress(OSError):
                    with contextlib.suppress(FileExistsError):
                        os.mkfifo(self._path, 0o600)
                    self._pipe = self._opened(os.O_RDWR)
            return self._pipe

    def _opened(self, how: int) -> int:
        """OSError where there is none, or something else bears its name."""
        pipe = os.open(self._path, how | os.O_NONBLOCK | os.O_NOFOLLOW)
        if stat.S_ISFIFO(os.fstat(pipe).st_mode):
            return pipe
        os.close(pipe)
        raise FileExistsError(self._path)

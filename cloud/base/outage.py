"""What is nobody's fault inside: the database does not answer, or there is no room left to write.

Whoever asks is told to come again; what was acknowledged before is there. The log gets one line
for many of them.
"""

import errno
import logging
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, TimeoutError

AWAY, FULL = "database-away", "storage-full"
AGAIN_S = {AWAY: 10, FULL: 60}  # when to come again
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}
# So many are at work that no file can be opened, a database's neither.
_NO_HANDLE = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN}
_SQLITE = {  # primary result codes
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_IOERR: FULL,  # a file that may not grow; a disk that is broken
    sqlite3.SQLITE_BUSY: AWAY,
    sqlite3.SQLITE_LOCKED: AWAY,
    sqlite3.SQLITE_CANTOPEN: AWAY,
    sqlite3.SQLITE_PROTOCOL: AWAY,  # its locks were not had in time, among many that open
}
_DISK_FULL, _OF_A_SERVER = "53100", ("08", "53", "57P")  # SQLSTATE


def kind(error: BaseException) -> str:
    """AWAY, FULL, or empty: it is a fault of ours."""
    if isinstance(error, OSError):
        away = AWAY if error.errno in _NO_HANDLE else ""
        return FULL if error.errno in _NO_ROOM else away
    if isinstance(error, TimeoutError):  # of the pool: every connection is waiting
        return AWAY
    if not isinstance(error, DBAPIError):
        return ""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return _SQLITE.get(code & 0xFF, "")
    state = getattr(error.orig, "sqlstate", None)
    if state == _DISK_FULL:
        return FULL
    gone = error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    return AWAY if gone and (state is None or state.startswith(_OF_A_SERVER)) else ""


class Teller:
    """Says it in one line, then what came meanwhile at most once in `every_s`. Thread-safe."""

    def __init__(
        self,
        log: logging.Logger,
        every_s: float = 10,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log, self._every_s, self._clock = log, every_s, clock
        self._count: Counter[str] = Counter()
        self._said: dict[str, float] = {}
        self._lock = threading.Lock()

    def tell(self, what: str, error: BaseException) -> None:
        """Count one; its kind and never its words, which may quote a row."""
        with self._lock:
            self._count[what] += 1
            now = self._clock()
            if now - self._said.get(what, -self._every_s) < self._every_s:
                return
            self._said[what] = now
            count = self._count.pop(what)
        cause = getattr(error, "orig", None) or error
        self._log.error("%s: %s refused, %s", what, count, type(cause).__name__)

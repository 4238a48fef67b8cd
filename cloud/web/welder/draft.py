"""What somebody ticked before the machine spoke, kept for the page that comes back.

Only a comfort for phones without script: with it the form stays where it is. It lives in this
process, for one session and job, and is never taken for a confirmation.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

_KEPT = 1_000


class Drafts:
    """The ticks per session and job; the oldest are forgotten."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ticks: OrderedDict[tuple[str, str | None], frozenset[str]] = OrderedDict()

    def keep(self, session: str, job: str | None, ticks: set[str]) -> None:
        """Remember what is ticked now."""
        with self._lock:
            self._ticks[session, job] = frozenset(ticks)
            self._ticks.move_to_end((session, job))
            while len(self._ticks) > _KEPT:
                self._ticks.popitem(last=False)

    def of(self, session: str, job: str | None) -> frozenset[str]:
        """What was ticked; nothing if nothing is known."""
        with self._lock:
            return self._ticks.get((session, job), frozenset())

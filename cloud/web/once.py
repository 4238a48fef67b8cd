"""A form is acted on once: a double click or a resend gets the answer of the first.

Every form carries a fresh number (`once`). The answers are kept in this process; where several
web processes share the work, or one was killed, the rooms' own idempotence stands behind this, and
for what has none `fields.once_in`.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

_KEPT = 10_000
LENGTH = 32
Answer = TypeVar("Answer")


@dataclass
class _Turn:
    """One form: whoever holds the lock acts; whoever waited finds the answer."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    answer: Any = None
    done: bool = False


class Once:
    """The answers already given, by session and form; the oldest are forgotten."""

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._turns: OrderedDict[tuple[str, str], _Turn] = OrderedDict()

    def run(self, session: str, number: str, act: Callable[[], Answer]) -> Answer:
        """The answer of `act`, called once per form; after an exception the next one may act."""
        if not number:
            return act()
        turn = self._turn((session, number))
        with turn.lock:
            if not turn.done:
                turn.answer, turn.done = act(), True
            return turn.answer

    def _turn(self, key: tuple[str, str]) -> _Turn:
        with self._lock:
            turn = self._turns.setdefault(key, _Turn())
            while len(self._turns) > self._kept:
                self._turns.popitem(last=False)
            return turn


def number() -> str:
    """A fresh form number."""
    return secrets.token_hex(LENGTH // 2)

"""Figures that cost something are made for all who look, not for each: kept a while, then again.

A province's count takes as long as a hundred presses of ON, so making one may use only a share
of a core: a figure that took long is kept longer, though never above four minutes (perhaps the
machine stood still), and is made anew behind who asks, not before.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

SHARE = 0.005  # of a core, for each figure that is made behind
LONGEST_S = 240.0
Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass
class _Made(Generic[Value]):
    value: Value
    until: float
    keep_s: float


class Kept(Generic[Key, Value]):
    """`get(key)` gives what `make(key)` made at most about `keep_s` ago; 0 = made each time.

    behind: who finds it too old gets it all the same, and a thread makes the next one. most: so
    many are kept, the last ones that were made.
    """

    def __init__(
        self, make: Callable[[Key], Value], keep_s: float, behind: bool = False, most: int = 1000
    ) -> None:
        self._make, self._keep_s, self._behind, self._most = make, keep_s, behind, most
        self._lock = threading.Lock()
        self._made: OrderedDict[Key, _Made[Value]] = OrderedDict()
        self._turns: dict[Key, threading.Lock] = {}

    def get(self, key: Key) -> Value:
        if not self._keep_s:
            return self._make(key)
        with self._lock:
            known = self._made.get(key)
            turn = self._turns.setdefault(key, threading.Lock())
        if known and time.monotonic() < known.until:
            return known.value
        if known and self._behind:
            if turn.acquire(blocking=False):
                threading.Thread(
                    target=self._anew, args=(key, turn), name="figures", daemon=True
                ).start()
            return known.value
        with turn:
            with self._lock:
                known = self._made.get(key)
            if known and time.monotonic() < known.until:  # made while we waited for our turn
                return known.value
            return self._fresh(key)

    def at_hand(self, key: Key) -> Value | None:
        """As `get`, but nobody waits for the very first one: None until it was made."""
        with self._lock:
            made = key in self._made
        return self.get(key) if made or not self._keep_s else None

    def last(self, key: Key) -> Value | None:
        """What was made last, however old: for who would make the same again."""
        with self._lock:
            known = self._made.get(key)
        return known.value if known else None

    def slow(self, key: Key) -> bool:
        """Whether it took so long that it is kept longer than it was asked to be."""
        with self._lock:
            known = self._made.get(key)
        return known is not None and known.keep_s > self._keep_s

    def forget(self) -> None:
        """Something was done that the next look must show."""
        with self._lock:
            self._made.clear()

    def _anew(self, key: Key, turn: threading.Lock) -> None:
        try:
            self._fresh(key)
        except Exception:  # the next who asks tries again
            log.exception("figures")
        finally:
            turn.release()

    def _fresh(self, key: Key) -> Value:
        began = time.monotonic()
        value = self._make(key)
        now = time.monotonic()
        longer_s = min((now - began) / SHARE, LONGEST_S) if self._behind else 0.0
        keep_s = max(self._keep_s, longer_s)
        with self._lock:
            self._made[key] = _Made(value, now + keep_s, keep_s)
            self._made.move_to_end(key)
            while len(self._made) > self._most:
                gone, _ = self._made.popitem(last=False)
                self._turns.pop(gone, None)
        return value

"""A circuit breaker: who failed thrice in a row is left alone for a while, so nobody waits."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from cloud.base.clock import Clock

Question = TypeVar("Question")
Answer = TypeVar("Answer")

FAILURES = 3
PAUSE_MS = 30_000
PAUSE_MAX_MS = 600_000


class SourceDown(Exception):
    """No answer now: unreachable, too slow, not understood, or left alone for a while."""


class LeftAlone(SourceDown):
    """It was not even asked: it is left alone for so many ms more (`for_ms`)."""

    def __init__(self, for_ms: int) -> None:
        super().__init__("left alone after it failed")
        self.for_ms = for_ms


class Breaker(Generic[Question, Answer]):
    """Asks `ask`, unless it failed FAILURES times in a row; then one try after each pause.

    The pause doubles with each try that fails, up to PAUSE_MAX_MS. Safe for many threads.
    """

    def __init__(self, ask: Callable[[Question], Answer], clock: Clock) -> None:
        self._ask, self._clock = ask, clock
        self._failed, self._closed_until = 0, 0
        self._lock = threading.Lock()

    def __call__(self, question: Question) -> Answer:
        self._may_try()
        try:
            answer = self._ask(question)
        except SourceDown:
            self._fail()
            raise
        with self._lock:
            self._failed = self._closed_until = 0
        return answer

    def _may_try(self) -> None:
        with self._lock:
            if self._failed < FAILURES:
                return
            left = self._closed_until - self._clock()
            if left > 0:
                raise LeftAlone(left)
            # One thread tries; the others are told no until its answer is here.
            self._closed_until = self._clock() + self._pause()

    def _fail(self) -> None:
        with self._lock:
            self._failed += 1
            self._closed_until = self._clock() + self._pause()

    def _pause(self) -> int:
        doublings = min(max(self._failed - FAILURES, 0), 10)
        return min(PAUSE_MS * 2**doublings, PAUSE_MAX_MS)

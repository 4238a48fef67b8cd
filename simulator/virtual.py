"""A world that owns the time: weeks pass in a minute, and nothing is ever late.

`run(work)` runs a coroutine in an event loop whose clock stands still while anybody has anything
to do. When nobody has, it leaps to the next timer; the simulated boards (`Lockstep`) get the
stretch up to there, one at a time, and what they do inside it happens at its own moment.

    async def work(clock):
        async with simulated(tmp_path, server="cloud:1883", network=network) as terminal:
            await asyncio.sleep(24 * 3600)

    virtual.run(work)
"""

import asyncio
import math
import selectors
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, Protocol

BEGINNING = datetime(2026, 11, 1, tzinfo=UTC)
_FAR_US = 1 << 60


class Board(Protocol):
    """Something with a clock of its own, which is given time in turns."""

    next_us: int  # when it wants its next turn at the latest
    news: bool  # whether it must be given one now

    def turn(self, at_us: int, until_us: int) -> int:
        """It is `at_us`; runs until it has something to say, at most to `until_us`: the moment
        that its clock then shows."""


class Clock:
    """Microseconds since the beginning, and what clocks of every kind show."""

    def __init__(self, beginning: datetime = BEGINNING) -> None:
        self.now_us = 0
        self.beginning = beginning
        self.begins_us = int(beginning.timestamp()) * 1_000_000

    def monotonic_ns(self) -> int:
        return self.now_us * 1000

    def utc_ms(self) -> int:
        return (self.begins_us + self.now_us) // 1000

    def utc(self) -> datetime:
        return datetime.fromtimestamp((self.begins_us + self.now_us) / 1e6, UTC)


class Stalled(AssertionError):
    """Everybody waits, and nothing is left that could wake anybody."""


class _Selector(selectors.DefaultSelector):
    """Where the loop would sleep, the boards have their turns and the clock leaps."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.boards: list[Board] = []

    def select(self, timeout: float | None = None) -> list:
        if timeout is not None and timeout <= 0:
            return []
        if ready := super().select(0):  # real files, where somebody has some
            return ready
        self._pass(_FAR_US if timeout is None else self.clock.now_us + _whole_us(timeout))
        return []

    def _pass(self, due_us: int) -> None:
        """Time goes on to `due_us`, or to where a board says something."""
        board = self._whose_turn(due_us)
        if board is None:
            if due_us >= _FAR_US:
                raise Stalled("nothing is left that could happen")
            self.clock.now_us = due_us
            return
        others = [b.next_us for b in self.boards if b is not board]
        self.clock.now_us = board.turn(self.clock.now_us, min([due_us, *others]))

    def _whose_turn(self, due_us: int) -> Board | None:
        for board in self.boards:
            if board.news:
                return board
        board = min(self.boards, key=lambda b: b.next_us, default=None)
        return board if board and board.next_us < due_us else None


def _whole_us(seconds: float) -> int:
    """Rounded up, but for what comes from adding in floating point."""
    return max(1, math.ceil(seconds * 1e6 - 1e-3))


class Loop(asyncio.SelectorEventLoop):
    """An event loop with a made-up clock. What it would give to threads it does itself."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._turns = _Selector(clock)
        super().__init__(self._turns)

    def time(self) -> float:
        return self.clock.now_us / 1e6

    def add_board(self, board: Board) -> None:
        self._turns.boards.append(board)

    def remove_board(self, board: Board) -> None:
        if board in self._turns.boards:
            self._turns.boards.remove(board)

    def run_in_executor(  # type: ignore[override]
        self, executor: object, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done


def run(
    work: Callable[[Clock], Coroutine[Any, Any, Any]], *, beginning: datetime = BEGINNING
) -> Any:
    """The result of `work(clock)`, in made-up time from `beginning` on."""
    clock = Clock(beginning)
    with asyncio.Runner(loop_factory=lambda: Loop(clock)) as runner:
        return runner.run(work(clock))

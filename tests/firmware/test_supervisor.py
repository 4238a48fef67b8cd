"""Tasks that die are started again; only a loop that turns feeds the watchdog."""

import asyncio
import gc
import itertools
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from terminal.supervisor import WATCHDOG_MS, Supervisor

from .virtual_time import now_ms, run


class Clock:
    def up_ms(self) -> int:
        return now_ms()


class Board:
    def __init__(self) -> None:
        self.clock = Clock()
        self.timeout_ms = 0
        self.fed_ms: list[int] = []
        self.relay = SimpleNamespace(driven=0)

    def start_watchdog(self, timeout_ms: int) -> None:
        self.timeout_ms = timeout_ms

    def feed_watchdog(self) -> None:
        self.fed_ms.append(now_ms())


def watched(
    script: Callable[[Supervisor, Board], Any],
    connecting: Callable[[], bool] = lambda: False,
    **more: Any,
) -> Supervisor:
    async def work() -> Supervisor:
        board = Board()
        supervisor = Supervisor(board, connecting, **more)
        task = asyncio.create_task(supervisor.run())
        await script(supervisor, board)
        assert not task.done()
        return supervisor

    return run(work(), limit_s=10**7)


@pytest.mark.parametrize("error", [OSError("gone"), ValueError("odd"), MemoryError(), None])
def test_a_task_that_ends_is_started_again_after_a_second_then_two_then_four(
    error: Exception | None, capsys: pytest.CaptureFixture[str]
) -> None:
    began: list[int] = []
    told: list[tuple[str, str]] = []

    async def dying() -> None:
        began.append(now_ms())
        if error:
            raise error

    async def script(supervisor: Supervisor, board: Board) -> None:
        supervisor.watch("dying", dying)
        await asyncio.sleep(7.5)
        assert supervisor.deaths == 4
        assert [ms - began[0] for ms in began] == [0, 1000, 3000, 7000]

    watched(script, died=lambda *said: told.append(said))
    why = f"{type(error).__name__}: {error}" if error else "ended"
    assert f"hanma task dying {why}" in capsys.readouterr().out
    assert told == [("dying", why)] * 4


def test_a_task_that_dies_leaves_the_others_and_the_watchdog_alone() -> None:
    beats: list[int] = []

    async def dying() -> None:
        raise RuntimeError("at once")

    async def living() -> None:
        while True:
            beats.append(now_ms())
            await asyncio.sleep(0.1)

    async def script(supervisor: Supervisor, board: Board) -> None:
        supervisor.watch("dying", dying)
        supervisor.watch("living", living)
        await asyncio.sleep(10)
        assert len(beats) == pytest.approx(100, abs=2)
        assert board.timeout_ms == WATCHDOG_MS
        assert 9 <= len(board.fed_ms) <= 11

    watched(script)


def test_a_loop_that_is_held_up_feeds_nobody_and_shows_in_the_lag() -> None:
    async def script(supervisor: Supervisor, board: Board) -> None:
        await asyncio.sleep(2.01)
        fed = len(board.fed_ms)
        asyncio.get_running_loop().leap(40)
        assert len(board.fed_ms) == fed
        await asyncio.sleep(1)
        assert supervisor.lag_ms == pytest.approx(40_000, abs=25)
        assert supervisor.lag_connect_ms <= 1

    watched(script)


def test_while_connecting_the_lag_is_counted_apart() -> None:
    async def script(supervisor: Supervisor, board: Board) -> None:
        await asyncio.sleep(0.5)
        asyncio.get_running_loop().leap(1.5)
        await asyncio.sleep(0.5)
        assert supervisor.lag_connect_ms == pytest.approx(1500, abs=25)
        assert supervisor.lag_ms <= 1

    watched(script, lambda: True)


def test_the_report_is_one_line_that_the_bench_reads(capsys: pytest.CaptureFixture[str]) -> None:
    async def script(supervisor: Supervisor, board: Board) -> None:
        await asyncio.sleep(5.5)

    watched(script)
    (line,) = capsys.readouterr().out.splitlines()
    assert line == "hanma watch heap_kb=0 lag_ms=0 lag_connect_ms=0 deaths=0"


def test_the_ticks_wrap_without_a_lag() -> None:
    async def script(supervisor: Supervisor, board: Board) -> None:
        loop = asyncio.get_running_loop()
        loop.leap((1 << 30) / 1000 - time.ticks_ms() / 1000 - 1)
        await asyncio.sleep(0.1)
        supervisor.lag_ms = 0
        await asyncio.sleep(3)
        assert time.ticks_ms() < 3000
        assert supervisor.lag_ms <= 1

    watched(script)


class Worker:
    """A task that checks in until it hangs; `stubborn`: not even a cancellation ends it."""

    def __init__(self, rounds: int, stubborn: bool = False) -> None:
        self.rounds = 0
        self.starts: list[int] = []
        self._rounds, self._stubborn = rounds, stubborn

    async def run(self) -> None:
        self.starts.append(now_ms())
        for _ in range(self._rounds):
            self.rounds += 1
            await asyncio.sleep(5)
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if not self._stubborn:
                    raise


def test_a_task_that_hangs_is_noticed_and_started_again() -> None:
    told: list[tuple[str, str]] = []
    worker = Worker(4)

    async def script(supervisor: Supervisor, board: Board) -> None:
        supervisor.watch("worker", worker.run, 30_000, lambda: worker.rounds)
        await asyncio.sleep(100)
        assert supervisor.deaths == 2
        assert worker.starts[1] - worker.starts[0] == pytest.approx(47_000, abs=2100)
        assert now_ms() - board.fed_ms[-1] < 1100

    watched(script, died=lambda *said: told.append(said))
    assert told == [("worker", "hung")] * 2


def test_a_task_that_checks_in_lives_on_and_one_without_a_limit_may_take_its_time() -> None:
    worker, slow = Worker(10_000), Worker(0)

    async def script(supervisor: Supervisor, board: Board) -> None:
        supervisor.watch("worker", worker.run, 30_000, lambda: worker.rounds)
        supervisor.watch("slow", slow.run)
        await asyncio.sleep(1000)
        assert supervisor.deaths == 0
        assert len(worker.starts) == len(slow.starts) == 1

    watched(script)


def test_waiting_to_be_started_again_is_no_hanging() -> None:
    starts: list[int] = []

    async def dying() -> None:
        starts.append(now_ms())
        raise OSError("again")

    async def script(supervisor: Supervisor, board: Board) -> None:
        supervisor.watch("dying", dying, 2000, lambda: 0)
        await asyncio.sleep(200)

    watched(script)
    pauses = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert pauses == [1000, 2000, 4000, 8000, 16000, 32000, 64000, 64000][: len(pauses)]
    assert len(pauses) >= 7


@pytest.mark.parametrize("vital", [False, True])
def test_after_eight_deaths_in_a_row_everything_is_restarted_once_the_relay_is_open(
    vital: bool,
) -> None:
    asked: list[tuple[str, int]] = []

    async def dying() -> None:
        raise ValueError("again")

    async def script(supervisor: Supervisor, board: Board) -> None:
        board.relay.driven = 1
        supervisor.watch("dying", dying, vital=vital)
        await asyncio.sleep(126)
        assert (supervisor.deaths, asked) == (7, [])
        await asyncio.sleep(100)
        assert len(asked) == vital
        board.relay.driven = 0
        await asyncio.sleep(3)
        fed = board.fed_ms[-1]
        await asyncio.sleep(60)
        assert [name for name, _ in asked] == ["dying"]
        assert board.fed_ms[-1] == fed  # the watchdog helps where the restart does not come

    watched(script, give_up=lambda name: asked.append((name, now_ms())))


def test_a_task_that_lived_well_begins_its_row_of_deaths_anew() -> None:
    asked: list[str] = []
    lives = iter([1] * 7 + [700] + [1] * 6 + [10_000])

    async def dying() -> None:
        await asyncio.sleep(next(lives))

    async def script(supervisor: Supervisor, board: Board) -> None:
        supervisor.watch("dying", dying)
        await asyncio.sleep(1200)
        assert (supervisor.deaths, asked) == (14, [])

    watched(script, give_up=asked.append)


def test_a_task_that_cannot_be_cancelled_ends_in_a_restart() -> None:
    asked: list[str] = []
    worker = Worker(1, stubborn=True)

    async def script(supervisor: Supervisor, board: Board) -> None:
        supervisor.watch("worker", worker.run, 10_000, lambda: worker.rounds)
        await asyncio.sleep(30)
        assert asked == ["worker"]
        worker._stubborn = False

    watched(script, give_up=asked.append)


def test_the_death_of_a_task_that_nobody_watches_is_told() -> None:
    told: list[tuple[str, str]] = []

    async def stray() -> None:
        raise KeyError("x")

    async def script(supervisor: Supervisor, board: Board) -> None:
        await asyncio.sleep(0.1)
        asyncio.create_task(stray())  # noqa: RUF006
        await asyncio.sleep(1)
        gc.collect()
        assert supervisor.deaths == 1

    watched(script, died=lambda *said: told.append(said))
    assert told == [("stray", "KeyError: 'x'")]

"""Tasks that die are started again; only a loop that turns feeds the watchdog."""

import asyncio
import time
from collections.abc import Callable
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

    def start_watchdog(self, timeout_ms: int) -> None:
        self.timeout_ms = timeout_ms

    def feed_watchdog(self) -> None:
        self.fed_ms.append(now_ms())


def watched(
    script: Callable[[Supervisor, Board], Any], connecting: Callable[[], bool] = lambda: False
) -> Supervisor:
    async def work() -> Supervisor:
        board = Board()
        supervisor = Supervisor(board, connecting)
        task = asyncio.create_task(supervisor.run())
        await script(supervisor, board)
        assert not task.done()
        return supervisor

    return run(work(), limit_s=10**7)


@pytest.mark.parametrize("error", [OSError("gone"), ValueError("odd"), MemoryError(), None])
def test_a_task_that_ends_is_started_again_after_a_second(
    error: Exception | None, capsys: pytest.CaptureFixture[str]
) -> None:
    began: list[int] = []

    async def dying() -> None:
        began.append(now_ms())
        if error:
            raise error

    async def script(supervisor: Supervisor, board: Board) -> None:
        supervisor.watch("dying", dying)
        await asyncio.sleep(3.5)
        assert supervisor.deaths == 4
        assert [ms - began[0] for ms in began] == [0, 1000, 2000, 3000]

    watched(script)
    assert "hanma task dying ended" in capsys.readouterr().out


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

"""The world that owns the time, its loop, and boards that are given turns."""

import asyncio
from datetime import UTC, datetime

import pytest

from simulator import virtual
from simulator.virtual import Clock, Loop, Stalled


def test_days_pass_without_waiting_and_clocks_of_every_kind_agree() -> None:
    async def work(clock: Clock) -> tuple[float, int, datetime]:
        before = asyncio.get_running_loop().time()
        await asyncio.sleep(30 * 86_400)
        passed = asyncio.get_running_loop().time() - before
        assert clock.utc_ms() == round(clock.utc().timestamp() * 1000)
        return passed, clock.monotonic_ns(), clock.utc()

    passed, ns, utc = virtual.run(work, beginning=datetime(2026, 1, 1, tzinfo=UTC))
    assert passed == pytest.approx(30 * 86_400)
    assert ns == pytest.approx(30 * 86_400e9)
    assert utc.replace(microsecond=0) == datetime(2026, 1, 31, tzinfo=UTC)


def test_timers_ring_in_their_order_each_at_its_moment() -> None:
    async def work(clock: Clock) -> list[tuple[str, int]]:
        rung = []
        loop = asyncio.get_running_loop()
        for name, after_s in (("late", 7_200.5), ("soon", 0.001), ("middle", 60.25)):
            loop.call_later(after_s, lambda n=name: rung.append((n, clock.now_us)))
        await asyncio.sleep(10_000)
        return rung

    assert virtual.run(work) == [("soon", 1_000), ("middle", 60_250_000), ("late", 7_200_500_000)]


def test_what_would_go_to_a_thread_is_done_at_once() -> None:
    async def work(clock: Clock) -> tuple[int, int]:
        found = await asyncio.get_running_loop().run_in_executor(None, sum, [1, 2, 3])
        return found, clock.now_us

    assert virtual.run(work) == (6, 0)


def test_a_world_in_which_nothing_can_happen_any_more_says_so() -> None:
    async def work(clock: Clock) -> None:
        await asyncio.Event().wait()

    with pytest.raises(Stalled):
        virtual.run(work)


class Ticker:
    """A board that says something every `every_us`."""

    news = False

    def __init__(self, every_us: int, said: list) -> None:
        self.every_us, self.next_us, self.said = every_us, every_us, said
        self.granted: list[tuple[int, int]] = []

    def turn(self, at_us: int, until_us: int) -> int:
        self.granted.append((at_us, until_us))
        assert self.next_us <= until_us
        now_us, self.next_us = self.next_us, self.next_us + self.every_us
        self.said.append((now_us, self.every_us))
        return now_us


def test_several_boards_never_run_ahead_of_each_other() -> None:
    said: list[tuple[int, int]] = []

    async def work(clock: Clock) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, Loop)
        boards = [Ticker(30_000, said), Ticker(70_000, said)]
        for board in boards:
            loop.add_board(board)
        await asyncio.sleep(0.5)
        for board in boards:
            loop.remove_board(board)

    virtual.run(work)
    assert [at for at, _ in said] == sorted(at for at, _ in said)
    assert len(said) == 16 + 7

"""MicroPython's names on CPython, and an event loop whose time passes only when nobody is busy."""

import asyncio
import gc
import importlib
import os
import selectors
import sys
import time
from collections.abc import Coroutine, Iterable
from typing import Any

TICKS_PERIOD = 1 << 30  # as on the ESP32


class Stalled(AssertionError):
    """Everybody waits, and nothing is left that could wake anybody."""


class _Selector(selectors.DefaultSelector):
    """Looks at no file: all that happens here is made up."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def select(self, timeout: float | None = None) -> list:
        if timeout is None:
            raise Stalled("nothing is left that could happen")
        self.now += max(timeout, 0)
        return []


class Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now

    def leap(self, seconds: float) -> None:
        """So much time passes at once, as while somebody holds the loop up."""
        self._virtual.now += seconds


async def long_sleep(seconds: float, step_s: float = 5.0) -> None:
    """Time passes in leaps with a breath between them: quick where much goes on in a second."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() + step_s < end:
        loop.leap(step_s - 0.02)
        await asyncio.sleep(0.02)
    await asyncio.sleep(end - loop.time())


def run(work: Coroutine[Any, Any, Any], limit_s: float = 100_000) -> Any:
    """The result of `work`; TimeoutError when it takes more than `limit_s` of made-up time."""
    loop = Loop()
    gc.freeze()  # the firmware collects every second; pytest's own heap is not its business
    try:
        return loop.run_until_complete(asyncio.wait_for(work, limit_s))
    finally:
        loop.run_until_complete(end_all())
        loop.close()
        gc.unfreeze()


async def end_all(kept: Iterable[asyncio.Task] = ()) -> None:
    """Cancels all tasks but the caller's, and again: CPython 3.11 may miss a cancellation."""
    spared = {asyncio.current_task(), *kept}
    while others := asyncio.all_tasks() - spared:
        for task in others:
            task.cancel()
        await asyncio.wait(others, timeout=0.01)


def now_ms() -> int:
    return int(asyncio.get_running_loop().time() * 1000 + 0.001)


def _ticks_ms() -> int:
    try:
        return now_ms() % TICKS_PERIOD
    except RuntimeError:  # no loop runs
        return int(time.monotonic() * 1000) % TICKS_PERIOD


def _borrow() -> dict[tuple[Any, str], Any]:
    """What `simulator/board/cpython.py` adds to asyncio, time and sys, which stay as they were."""
    places = (asyncio, time, sys)
    before = {place: dict(vars(place)) for place in places}
    unbuffered = os.environ.get("PYTHONUNBUFFERED")
    importlib.import_module("cpython")
    lent = {}
    for place in places:
        for name, value in dict(vars(place)).items():
            if name not in before[place]:
                lent[place, name] = value
                delattr(place, name)
            elif before[place][name] is not value:
                lent[place, name] = value
                setattr(place, name, before[place][name])
    if unbuffered is None:
        os.environ.pop("PYTHONUNBUFFERED", None)
    return lent


LENT = _borrow() | {(time, "ticks_ms"): _ticks_ms}

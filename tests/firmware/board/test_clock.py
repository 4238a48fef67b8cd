"""The clock since boot, across the wrap of the ESP32's ticks."""

import time

import pytest
from terminal.board.clock import UpClock

from ..virtual_time import TICKS_PERIOD


class Ticks:
    """Ticks that are put forward by hand and wrap as on the board."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now % TICKS_PERIOD


@pytest.mark.parametrize("start", [0, 5, TICKS_PERIOD - 10, TICKS_PERIOD // 2])
def test_the_clock_starts_at_zero_and_never_wraps(
    start: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = Ticks(start)
    monkeypatch.setattr(time, "ticks_ms", ticks)
    clock = UpClock()
    assert clock.up_ms() == 0
    for days in range(1, 61):
        ticks.now = start + days * 86_400_000
        assert clock.up_ms() == days * 86_400_000
    assert clock.up_ms() == 60 * 86_400_000

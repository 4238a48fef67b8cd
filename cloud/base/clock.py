"""Time is handed in: whoever needs it takes `now` (epoch milliseconds, UTC) or a `Clock`."""

import time
from collections.abc import Callable

Clock = Callable[[], int]


def now_ms() -> int:
    """The wall clock, epoch milliseconds, UTC."""
    return time.time_ns() // 1_000_000

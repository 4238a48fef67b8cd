"""Time is handed in: whoever needs it takes `now` (epoch milliseconds, UTC) or a `Clock`."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

Clock = Callable[[], int]
CHINA = timezone(timedelta(hours=8))  # one from Kashgar to Harbin, no summer time


def now_ms() -> int:
    """The wall clock, epoch milliseconds, UTC."""
    return time.time_ns() // 1_000_000


def in_china(ms: int) -> datetime:
    """This moment by the clocks of China."""
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(CHINA)


def china_day(ms: int) -> date:
    """The day in China at this moment."""
    return in_china(ms).date()

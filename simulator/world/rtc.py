"""The modem's own clock: 1970 until network, NTP or terminal set it; needs only the supply."""

from collections.abc import Callable
from datetime import datetime, timedelta

START = datetime(1970, 1, 1)
QUARTER = timedelta(minutes=15)


class Rtc:
    """Local time and zone. The zone is counted in quarter hours: +32 is UTC+8."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self.lose()

    def lose(self) -> None:
        """The supply was taken away."""
        self.set(START, 0)

    def set(self, local: datetime, zone_quarters: int) -> None:
        self._local, self._at_ns, self.zone_quarters = local, self._clock(), zone_quarters

    def set_utc(self, utc: datetime, zone_quarters: int) -> None:
        self.set(utc.replace(tzinfo=None) + zone_quarters * QUARTER, zone_quarters)

    @property
    def local(self) -> datetime:
        return self._local + timedelta(microseconds=(self._clock() - self._at_ns) // 1000)

    def text(self) -> str:
        """As +CCLK writes it: `26/01/31,08:15:00+32`."""
        return f"{self.local:%y/%m/%d,%H:%M:%S}{self.zone_quarters:+03d}"

from datetime import UTC, datetime

from simulator.world.rtc import Rtc


class Clock:
    ns = 0

    def __call__(self) -> int:
        return self.ns


def test_an_unset_clock_counts_from_1970():
    clock = Clock()
    rtc = Rtc(clock)
    clock.ns = 75 * 10**9
    assert rtc.text() == "70/01/01,00:01:15+00"


def test_it_shows_local_time_and_the_zone_in_quarter_hours():
    rtc = Rtc(Clock())
    rtc.set_utc(datetime(2026, 1, 31, 23, 30, tzinfo=UTC), 32)
    assert rtc.text() == "26/02/01,07:30:00+32"
    rtc.set_utc(datetime(2026, 1, 31, 23, 30, tzinfo=UTC), -14)
    assert rtc.text() == "26/01/31,20:00:00-14"


def test_without_supply_it_is_lost():
    rtc = Rtc(Clock())
    rtc.set_utc(datetime(2026, 1, 31, tzinfo=UTC), 32)
    rtc.lose()
    assert rtc.text() == "70/01/01,00:00:00+00"

"""How values are shown."""

import pytest

from cloud.web.shown import clock_time, duration, grouped, iso_time

EIGHT_UTC = 1_800_000_000_000  # 2027-01-15 16:00 in China
HOUR = 3_600_000


def test_times_are_on_the_clocks_of_china():
    assert clock_time(EIGHT_UTC, EIGHT_UTC) == "16:00"
    assert iso_time(EIGHT_UTC) == "2027-01-15T08:00:00Z"


def test_a_time_of_another_day_names_the_day():
    assert clock_time(EIGHT_UTC - 20 * HOUR, EIGHT_UTC) == "01-14 20:00"


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0:00"), (-5, "0:00"), (1, "0:01"), (61_000, "1:01"), (12 * HOUR, "12:00:00")],
)
def test_what_is_left_reads_like_a_clock(ms, text):
    assert duration(ms) == text


def test_a_code_is_shown_in_pieces():
    assert grouped("9901017KQ2M8XA") == "990101 7KQ2 M8XA"

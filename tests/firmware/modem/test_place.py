"""Times and places as modules write them; what is no time or place is told apart, never raised."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from terminal.modem.place import position, utc_ms


@pytest.mark.parametrize("quarters", [-48, 0, 22, 32, 56])
@pytest.mark.parametrize("moment", ["26/01/31,08:15:00", "28/02/29,23:59:59", "31/12/31,00:00:01"])
def test_the_clock_of_the_module_is_the_calendars(moment: str, quarters: int) -> None:
    zone = timezone(timedelta(minutes=15 * quarters))
    wanted = datetime.strptime(moment, "%y/%m/%d,%H:%M:%S").replace(tzinfo=zone)
    line = f'+CCLK:"{moment}{quarters:+03d}"'.encode()
    assert utc_ms(line) == int(wanted.astimezone(UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    "line",
    [
        b"+CCLK:",
        b'+CCLK:"70/01/01,00:00:00+32"',  # nobody set it
        b'+CCLK:"26/13/01,00:00:00+32"',
        b'+CCLK:"26/01/31,24:00:00+32"',
        b'+CCLK:"26/01/31,08:60:00+32"',
        b'+CCLK:"26/01/31,-1:15:00+32"',
        b'+CCLK:"26/01,08:15:00+32"',
        b'+CCLK:"26/0\xb2/31,08:15:00+32"',  # found by tests/fuzz: it ended the task
        b'+CCLK:"',
    ],
)
def test_what_is_no_time_is_zero(line: bytes) -> None:
    assert utc_ms(line) == 0


@pytest.mark.parametrize(
    ("lat", "lng", "wanted"),
    [
        (b"29.563010", b"106.551556", (29_563_010, 106_551_556, 550)),
        (b"29.5", b" 106", (29_500_000, 106_000_000, 550)),
        (b"0.000000", b"0.000000", None),
        (b"-29.5", b"106.5", None),
        (b"29.5", b"206.5", None),
        (b"29.\xff", b"106.5", None),
        (b"", b"", None),
    ],
)
def test_a_place_outside_the_country_or_without_figures_is_none(
    lat: bytes, lng: bytes, wanted: tuple | None
) -> None:
    assert position(lat, lng, 550) == wanted

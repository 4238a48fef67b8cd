"""Place and time as modules write them, and the time that a server tells."""

import struct
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from terminal.modem import ntp, place


@pytest.mark.parametrize(
    ("lat", "lng", "wanted"),
    [
        (b"29.489428", b"106.638084", (29_489_428, 106_638_084, 550)),
        (b"034.7983328", b"114.3214505", (34_798_332, 114_321_450, 550)),  # Air780E pads
        (b" 29.5", b"106", (29_500_000, 106_000_000, 550)),
        (b"0.000000", b"0.000000", None),
        (b"106.638084", b"29.489428", None),  # the wrong way round
        (b"-29.4", b"106.6", None),
        (b"", b"", None),
        (b"x", b"1.5.2", None),
    ],
)
def test_a_place_is_in_china_or_none(lat: bytes, lng: bytes, wanted: tuple | None) -> None:
    assert place.position(lat, lng, 550) == wanted


@given(st.datetimes(datetime(2025, 1, 1), datetime(2069, 12, 31)), st.integers(-48, 56))
def test_a_time_is_the_calendars(local: datetime, quarters: int) -> None:
    local = local.replace(microsecond=0)
    line = f'+CCLK:"{local:%y/%m/%d,%H:%M:%S}{quarters:+03d}"'.encode()
    wanted = int(local.replace(tzinfo=UTC).timestamp()) - quarters * 900
    assert place.utc_ms(line) == wanted * 1000


@pytest.mark.parametrize(
    "text", ["70/01/01,00:00:12+00", "80/01/06,08:00:00+32", "26/13/01,00:00:00+32", "26", "", "x"]
)
def test_a_clock_that_nobody_set_tells_nothing(text: str) -> None:
    assert place.utc_ms(f'+CCLK:"{text}"'.encode()) == 0
    assert place.utc_ms(text.encode()) == 0


TOKEN = b"12345678"


def answer(**other: object) -> bytes:
    said = {"mode": 0x24, "stratum": 2, "token": TOKEN, "seconds": 4_000_000_000} | other
    head = bytes([said["mode"], said["stratum"]]) + bytes(22) + said["token"] + bytes(8)
    return head + struct.pack("!II", said["seconds"], 1 << 30)


def test_a_server_tells_the_time_to_the_millisecond_also_after_2036() -> None:
    assert ntp.read(answer(), TOKEN) == (4_000_000_000 - 2_208_988_800) * 1000 + 250
    assert ntp.read(answer(seconds=5), TOKEN) == ((1 << 32) + 5 - 2_208_988_800) * 1000 + 250


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        answer()[:47],
        answer(mode=0x23),
        answer(mode=0xE4),  # its own clock is not set
        answer(stratum=0),  # kiss of death
        answer(stratum=16),
        answer(token=b"somebody"),
    ],
)
def test_what_is_no_answer_to_our_question_is_no_time(bad: bytes) -> None:
    with pytest.raises(OSError):
        ntp.read(bad, TOKEN)

"""Where terminals were (cloud/link/positions.py)."""

import json
from typing import Any

import pytest

from cloud.link import positions
from tests.cloud.link.conftest import DEVICE, Line


def tell(line: Line, **content: Any) -> str:
    return line.up(json.dumps({"actionCode": "EF", "content": content}).encode())


def latest(line: Line) -> Any:
    return line.county.ask(positions.latest, DEVICE)


def test_a_position_is_kept_with_datum_source_accuracy_and_time(online: Line) -> None:
    told = {"lat": 29.5630, "lng": 106.5516, "datum": "GCJ02", "source": "gnss"}
    assert tell(online, **told, accuracy=8, at=1_799_999_999_000) == "position"
    one = latest(online)
    assert (one.lat_e6, one.lng_e6, one.datum, one.source) == (
        29_563_000,
        106_551_600,
        "GCJ02",
        "gnss",
    )
    assert (one.accuracy_m, one.at, one.arrived_at) == (8, 1_799_999_999_000, online.clock.now)


def test_what_is_not_told_is_filled_in_or_left_out(online: Line) -> None:
    tell(online, lat="29.5", lng="106.5", datum="made-up")
    one = latest(online)
    assert (one.lat_e6, one.datum, one.source) == (29_500_000, "WGS84", "")
    assert (one.accuracy_m, one.at) == (None, online.clock.now)


@pytest.mark.parametrize(
    "content",
    [{}, {"lat": 91, "lng": 0}, {"lat": 1, "lng": "east"}, {"lat": True, "lng": 1}, {"lat": 1}],
)
def test_what_is_no_place_on_earth_is_counted_as_odd(online: Line, content: dict) -> None:
    assert tell(online, **content) == "position-form"
    assert latest(online) is None


def test_the_same_position_twice_is_kept_once_and_only_the_latest_stay(online: Line) -> None:
    for number in range(positions.KEPT + 5):
        for _ in range(2):
            tell(online, lat=29, lng=100 + number / 1000, at=1_800_000_000_000 + number)
    rows = online.county.ask(positions.of, DEVICE, 1000)
    assert len(rows) == positions.KEPT
    assert rows[0].lng_e6 == 100_054_000

"""A short one of what `hanma soak` plays: two days of the real firmware with the real cloud."""

import pytest

from cloud import soak


@pytest.mark.slow
def test_two_virtual_days_lose_nothing_and_leave_the_heap_flat() -> None:
    told = soak.run(2, heap_kb=384)
    assert told["journal_lost"] == 0
    assert told["reboots"] == told["power_cuts"] + told["upgrades"]
    assert told["jobs"] >= 4
    assert (told["power_cuts"], told["outages"], told["upgrades"]) == (1, 1, 1)
    assert told["deaths"] == 0
    assert told["ticks_wrapped"] >= 1
    assert told["heap_grown_kb"] <= 4
    assert told["ok"], told


@pytest.mark.parametrize(
    ("readings", "kb"),
    [
        ([183, 183, 184, 185, 185, 185, 185, 185], 0),  # loaded when first wanted
        ([183, 184, 185, 185, 207, 208, 185, 185], 0),  # an upgrade in between
        ([183, 184, 185, 185, 186, 207, 208, 209], 1),
        ([180, 181, 182, 183, 188, 189, 190, 191], 5),
        ([183, 200, 220, 240], 0),  # not a day
    ],
)
def test_what_grew_is_what_stays_above_all_that_was_before(readings, kb):
    assert soak.grown(readings) == kb


GOOD = {"days": 30, "beats": 20_000, "heap_grown_kb": 0, "mb_sent": 4.0, "mb_received": 4.0,
        "mb_limit": 10.0, "journal_lost": 0, "upgrades": 3, "ticks_wrapped": 1, "jobs": 60,
        "outages": 15, "sims": 4, "broker_restarts": 6, "power_cuts": 8}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "figure"),
    [("beats", 19_999), ("heap_grown_kb", 5), ("mb_sent", 6.1), ("journal_lost", 1),
     ("upgrades", 2), ("ticks_wrapped", 0), ("jobs", 0), ("outages", 0), ("sims", 0),
     ("broker_restarts", 0), ("power_cuts", 0)],
)  # fmt: skip
def test_a_month_is_good_only_with_every_figure(name: str, figure: float) -> None:
    assert soak._good(GOOD)
    assert not soak._good(GOOD | {name: figure})

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
    assert told["ok"], told

"""Against places computed apart, and there and back."""

import pytest

from cloud.base.datum import to_gcj02, to_wgs84


def test_a_place_in_chongqing_moves_by_half_a_kilometre():
    assert to_gcj02(29.489428, 106.638084) == pytest.approx((29.486536, 106.641828), abs=1e-6)


@pytest.mark.parametrize("place", [(29.489428, 106.638084), (28.9, 119.8), (40.4, 110.0)])
def test_back_again_is_where_it_was(place):
    assert to_wgs84(*to_gcj02(*place)) == pytest.approx(place, abs=1e-7)


def test_outside_china_nothing_moves():
    assert to_gcj02(48.0, 11.0) == (48.0, 11.0)

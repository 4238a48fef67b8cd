"""Amperes and the arc, from made-up samples."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from terminal.policy import Policy
from terminal.sensing import AMPS_PER_MV, SAMPLES, Arc, Lasting, gas_percent, rms_amps


def wave(rms_mv: float, middle: float = 1650, phase: float = 0.0) -> list[float]:
    """Two cycles of 50 Hz, a sample a millisecond."""
    peak = rms_mv * math.sqrt(2)
    return [middle + peak * math.sin(2 * math.pi * n / 20 + phase) for n in range(SAMPLES)]


@pytest.mark.parametrize("amps", [0, 15, 120, 400])
@pytest.mark.parametrize("phase", [0.0, 0.7, 3.0])
def test_a_sine_is_measured_wherever_the_samples_begin(amps: float, phase: float) -> None:
    samples = wave(amps / AMPS_PER_MV, phase=phase)
    assert rms_amps(samples) == pytest.approx(amps, abs=0.01)


@given(st.floats(0, 3300))
def test_an_offset_is_no_current(middle: float) -> None:
    assert rms_amps([middle] * SAMPLES) == pytest.approx(0, abs=0.001)


@given(st.lists(st.integers(0, 3300), min_size=1, max_size=80))
def test_any_samples_give_a_current_within_the_converters_range(samples: list[int]) -> None:
    assert 0 <= rms_amps(samples) <= 3300 * AMPS_PER_MV


def test_an_arc_is_struck_at_the_upper_and_goes_out_below_the_lower_limit() -> None:
    arc = Arc(Policy())
    felt = [(amps, arc.feel(amps), arc.burning) for amps in (0, 14, 15, 12, 10, 9, 14, 200, 0)]
    assert felt == [
        (0, False, False),
        (14, False, False),
        (15, True, True),
        (12, False, True),
        (10, False, True),
        (9, True, False),
        (14, False, False),
        (200, True, True),
        (0, True, False),
    ]


@given(st.lists(st.integers(10, 14)))
def test_a_current_between_the_limits_changes_nothing(amps: list[int]) -> None:
    for burning in (False, True):
        arc = Arc(Policy())
        arc.burning = burning
        assert not any(arc.feel(value) for value in amps)


@pytest.mark.parametrize(
    ("mv", "percent"), [(0, None), (49, None), (50, 1), (1650, 50), (3300, 100)]
)
def test_gas_is_read_in_percent_and_an_absent_sensor_is_none(mv: int, percent: int | None) -> None:
    assert gas_percent([mv] * 3) == percent


def test_one_sample_that_an_arc_disturbed_is_not_taken_for_gas() -> None:
    assert gas_percent([100, 3300, 110]) == gas_percent([0, 100, 100]) == 3
    assert gas_percent([1700, 100, 1650]) == 50


def test_what_must_last_counts_looks_and_time_and_begins_anew_when_it_stops() -> None:
    three = Lasting(looks=3)
    assert [three.feel(True, up) for up in range(4)] == [False, False, True, True]
    assert not three.feel(False, 4) and not three.feel(True, 5)
    long = Lasting(ms=1000)
    assert [long.feel(True, up) for up in (0, 999, 1000)] == [False, False, True]
    assert not long.feel(False, 1001) and not long.feel(True, 1002)

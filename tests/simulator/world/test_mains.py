import random
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.world.mains import IDLE_A, MS, Contactor, Mains


def events(mains: Mains, what: str) -> list[tuple[int, object]]:
    return [(at, value) for at, name, value in mains.events if name == what]


def switched_on(**options) -> Mains:
    mains = Mains(random.Random(1), **options)
    mains.set_relay(True, 0)
    mains.step(100 * MS)
    return mains


def test_the_contactor_pulls_in_after_15_ms_and_drops_out_after_10():
    mains = Mains()
    mains.set_relay(True, 0)
    assert mains.next_ns == 15 * MS and not mains.contact
    mains.step(15 * MS - 1)
    assert not mains.powered
    mains.step(40 * MS)
    assert mains.powered
    mains.set_relay(False, 100 * MS)
    mains.step(500 * MS)
    assert events(mains, "contact") == [(15 * MS, True), (110 * MS, False)]


def test_a_pulse_shorter_than_the_pull_in_moves_nothing():
    mains = Mains()
    mains.set_relay(True, 0)
    mains.set_relay(False, 14 * MS)
    mains.step(1_000 * MS)
    assert events(mains, "contact") == []


def test_the_readback_chatters_after_a_change_and_then_tells_the_truth():
    mains = Mains()
    mains.set_relay(True, 0)
    seen = set()
    for tenth in range(150, 170):
        mains.step(tenth * MS // 10)
        seen.add(mains.readback)
    assert seen == {True, False}
    mains.step(20 * MS)
    assert mains.readback


def test_an_idle_machine_draws_a_little_and_an_arc_what_the_welder_sets():
    mains = switched_on()
    assert mains.amps == pytest.approx(IDLE_A, rel=0.2)
    mains.strike(140.0, 200 * MS)
    readings = []
    for cycle in range(200):
        mains.step((200 + 20 * cycle) * MS)
        readings.append(mains.amps)
    assert fmean(readings) == pytest.approx(140, rel=0.02)
    assert 0 < max(readings) - min(readings) < 50
    mains.lift(5_000 * MS)
    assert not mains.arc and mains.amps < 1


def test_one_mains_cycle_has_one_reading():
    mains = switched_on()
    mains.strike(100.0, 200 * MS)
    first = mains.amps
    mains.step(219 * MS)
    assert mains.amps == first


def test_without_power_there_is_neither_arc_nor_current():
    mains = Mains()
    mains.strike(140.0, 0)
    assert not mains.arc and mains.amps == 0.0
    mains.set_relay(True, 10 * MS)
    mains.step(30 * MS)
    assert mains.arc
    assert events(mains, "arc") == [(25 * MS, True)]


def test_a_bypass_gives_current_with_the_relay_open():
    mains = Mains()
    mains.set_bypass(True, 5 * MS)
    mains.strike(90.0, 6 * MS)
    assert mains.arc and not mains.readback


def test_a_welded_contactor_ignores_the_relay_until_it_is_mended():
    mains = switched_on()
    mains.set_contactor(Contactor.WELDED, 200 * MS)
    mains.set_relay(False, 300 * MS)
    mains.step(900 * MS)
    assert mains.readback and mains.powered
    mains.set_contactor(Contactor.GOOD, 1_000 * MS)
    mains.step(1_100 * MS)
    assert not mains.readback


def test_a_refusing_contactor_never_closes():
    mains = Mains()
    mains.set_contactor(Contactor.REFUSES, 0)
    mains.set_relay(True, 1 * MS)
    mains.step(900 * MS)
    assert not mains.readback and not mains.powered


@pytest.mark.parametrize(("coil_on_mains", "closed"), [(True, False), (False, True)])
def test_the_contactor_drops_with_the_mains_when_its_coil_hangs_there(coil_on_mains, closed):
    mains = switched_on(coil_on_mains=coil_on_mains)
    mains.set_mains(False, 200 * MS)
    assert not mains.powered
    mains.step(300 * MS)
    assert mains.readback is closed
    mains.set_mains(True, 400 * MS)
    mains.step(500 * MS)
    assert mains.powered


def test_the_current_transformer_gives_volts_around_a_bias():
    mains = switched_on(noise=0.0)
    mains.strike(200.0, 200 * MS)
    assert mains.adc_rms == pytest.approx(0.8)
    samples = []
    for step in range(40):
        mains.step(200 * MS + step * MS // 2)
        samples.append(mains.adc_v)
    assert fmean(samples) == pytest.approx(1.65, abs=0.01)
    assert (fmean((v - 1.65) ** 2 for v in samples)) ** 0.5 == pytest.approx(0.8, rel=0.02)


def test_gas_lid_and_warmth_are_as_set_and_written_down():
    mains = Mains()
    mains.set_gas(12.5, 1 * MS)
    mains.set_lid(True, 2 * MS)
    mains.set_board(81.0, 3 * MS)
    assert (mains.gas_lel, mains.lid_open, mains.board_c) == (12.5, True, 81.0)
    assert list(mains.events) == [
        (1 * MS, "gas_lel", 12.5),
        (2 * MS, "lid_open", True),
        (3 * MS, "board_c", 81.0),
    ]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from("rmbs"), st.booleans())))
def test_there_is_never_power_without_mains_nor_a_contact_without_cause(course):
    mains, at = Mains(), 0
    for wait, what, on in course:
        at += wait * MS
        if what == "r":
            mains.set_relay(on, at)
        elif what == "m":
            mains.set_mains(on, at)
        elif what == "b":
            mains.set_bypass(on, at)
        else:
            mains.step(at)
        assert not (mains.powered and not mains.mains)
        assert not (mains.arc and not mains.powered)
    times = [event[0] for event in mains.events]
    assert times == sorted(times)
    mains.set_relay(False, at)
    mains.set_bypass(False, at)
    mains.step(at + 5_000 * MS)
    assert not mains.powered and mains.next_ns is None


def test_the_terminal_outlives_the_mains_by_its_capacitor_and_the_machine_does_not():
    mains = switched_on(holdup_ms=2_000)
    mains.set_mains(False, 1_000 * MS)
    assert not mains.powered and mains.supplied and mains.next_ns == 1_010 * MS
    mains.step(2_999 * MS)
    assert mains.supplied and not mains.contact
    mains.step(3_000 * MS)
    assert not mains.supplied and mains.next_ns is None
    mains.set_mains(True, 9_000 * MS)
    assert mains.supplied
    assert events(mains, "supplied") == [(3_000 * MS, False), (9_000 * MS, True)]


def test_mains_that_comes_back_in_time_is_no_power_loss():
    mains = Mains(holdup_ms=2_000)
    mains.set_mains(False, 0)
    mains.set_mains(False, 1_500 * MS)
    mains.set_mains(True, 1_999 * MS)
    mains.step(60_000 * MS)
    assert mains.supplied and events(mains, "supplied") == []


def test_the_arc_input_goes_high_above_8_a_and_low_below_6():
    mains = switched_on(noise=0.0)
    seen = []
    for amps in (5, 7, 9, 7, 5, 7, 0):
        mains.strike(amps, mains.now_ns + 100 * MS)
        seen.append(mains.comparator)
    assert seen == [False, False, True, True, False, False, False]


def test_the_gas_sensor_is_never_quite_at_zero_and_a_missing_one_is():
    mains = Mains()
    assert mains.gas_mv > 50
    for lel, mv in ((10, 330), (50, 1_650), (100, 3_300), (250, 3_300)):
        mains.set_gas(lel, 0)
        assert mains.gas_mv == mv
    mains.set_gas_sensor(False, 0)
    assert mains.gas_mv == 0

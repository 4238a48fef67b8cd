"""A day in quarters of an hour, in one small row."""

from types import SimpleNamespace

from cloud.link import traces


def told(relay=0, arc=False, amps=0, rssi=-70):
    return SimpleNamespace(device="T1", relay=relay, arc=arc, amps=amps, rssi=rssi)


def test_a_quarter_keeps_the_most_and_the_day_keeps_96(unit):
    traces.keep(unit, told())
    traces.keep(unit, told(relay=1, arc=True, amps=128))
    traces.keep(unit, told(amps=5))
    (slot,) = traces.of(unit, "T1")
    assert slot[1:] == [1, 1, 120, -70]
    for _ in range(200):
        unit.now += traces.SLOT_MS
        traces.keep(unit, told())
    assert len(traces.of(unit, "T1")) == traces.KEPT
    unit.now += 10 * traces.SLOT_MS
    assert len(traces.of(unit, "T1")) == traces.KEPT - 10
    unit.now += 1000 * traces.SLOT_MS
    assert traces.of(unit, "T1") == []

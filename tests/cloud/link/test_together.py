"""Many terminals' words in one unit: as if each had come by itself (cloud/link/terminals.hold)."""

from cloud.base.unit import Ground
from cloud.link import intake, terminals
from simulator.light import LightTerminal

DEVICES = ["HM-990101-000001", "HM-990101-000002"]


def test_words_in_one_unit_are_taken_in_order_on_both_databases(either: Ground) -> None:
    with either.write() as unit:
        secrets = [terminals.provision(unit, device) for device in DEVICES]
    now = either.clock()
    one, two = (LightTerminal(*known, now) for known in zip(DEVICES, secrets, strict=True))
    said = [(one, one.login(now)), (two, two.login(now)), (one, one.beat(now + 1))]
    with either.write() as unit:
        intake.hold(unit, [*DEVICES, "HM-990101-009999"])
        words = [intake.receive(unit, who.device, body) for who, body in said]
        assert intake.receive(unit, "HM-990101-009999", said[0][1]) == "stranger"
    assert words == ["login", "login", "beat"]
    with either.read() as unit:
        rows = [terminals.get(unit, device) for device in DEVICES]
    assert [row.online for row in rows if row] == [True, True]
    assert [row.beat_up for row in rows if row] == [9_001, -1]

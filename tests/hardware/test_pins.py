"""The one pin map fits chip, schematic, firmware and simulator; each conflict is named."""

import pytest

from hardware import pins
from hardware.circuit import carrier


def test_the_map_has_no_conflict() -> None:
    assert pins.faults(pins.read(), carrier()) == []


@pytest.mark.parametrize(
    ("name", "change", "fault"),
    [
        ("LAMP", {"gpio": 21}, "LAMP: GPIO21 is RELAY's"),
        ("LAMP", {"gpio": 7}, "LAMP: GPIO7 belongs to flash or PSRAM"),
        ("LAMP", {"gpio": 16}, "LAMP: GPIO16 belongs to flash or PSRAM"),
        ("READBACK", {"way": "out"}, "READBACK: GPIO34 can only listen"),
        ("READBACK", {"idle": ""}, "READBACK: GPIO34 has no pull inside and none is said"),
        ("BOARD_POWER", {"idle": "high"}, "BOARD_POWER: GPIO12 must be low at start"),
        ("BOARD_POWER", {"idle": "high"}, "BOARD_POWER: no resistor holds it high"),
        ("GAS", {"gpio": 36}, "GAS: IO36 of U8 is on CURRENT"),
        ("RELAY", {"gpio": 22}, "RELAY: 21 in the firmware, 22 in pins.toml"),
        ("RELAY", {"gpio": 22}, "RELAY: 21 in the simulator, 22 in pins.toml"),
    ],
)
def test_a_conflict_is_named(name: str, change: dict, fault: str) -> None:
    known = pins.read()
    known[name] = {**known[name], **change}
    assert fault in pins.faults(known, carrier())

"""The one pin map fits chip, schematic, firmware and simulator; each conflict is named."""

from pathlib import Path

import pytest

from hardware import pins
from hardware.circuit import carrier


def test_only_the_map_of_the_firmware_names_a_pin_by_its_number_and_the_relay_before_it_is_read(
    tmp_path: Path,
) -> None:
    assert pins.spelled_out() == {"boot.py": [pins.read()["RELAY"]["gpio"]]}
    (tmp_path / "other.py").write_text(
        "led = machine.Pin(2, OUT)\nuart = UART(1, tx=26, rx=pins.RX)"
    )
    assert pins.spelled_out(tmp_path) == {"other.py": [2, 26]}


def test_the_documents_call_a_pin_by_the_name_and_number_of_the_map() -> None:
    assert pins.in_words("RELAY（21 脚）、LAMP（21 脚）", pins.read()) == ["LAMP is 22, not 21"]
    for name in ("bring-up.md", "compliance.md", "manual.zh-CN.md"):
        text = (pins.HERE / name).read_text("utf-8")
        assert pins.in_words(text, pins.read()) == [], name


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
        ("RELAY", {"gpio": 22}, "GPIO21: spelled out in boot.py"),
        ("RELAY", {"gpio": 22}, "bring-up.md: RELAY is 22, not 21"),
    ],
)
def test_a_conflict_is_named(name: str, change: dict, fault: str) -> None:
    known = pins.read()
    known[name] = {**known[name], **change}
    assert fault in pins.faults(known, carrier())

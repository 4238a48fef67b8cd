"""The pin map (`pins.toml`) against the chip, the firmware, the simulator and the schematic."""

import re
import tomllib
from pathlib import Path

from hardware.circuit import Circuit
from hardware.parts import HERE

ROOT = HERE.parent
FIRMWARE = ROOT / "firmware" / "terminal" / "board" / "pins.py"
SIMULATOR = ROOT / "simulator" / "pins.py"

# ESP32 Series Datasheet (strapping pins, pin list); WROVER-E datasheet (PSRAM).
_FLASH = range(6, 12)
_PSRAM = (16, 17)
_INPUT_ONLY = (34, 35, 36, 37, 38, 39)
_STRAPPING = {0: "high", 2: "low", 12: "low"}  # 5 and 15 only choose timing and the boot messages
_CHIP = "U8"  # of carrier.txt


def read(path: Path = HERE / "pins.toml") -> dict[str, dict]:
    """Name → {gpio, way, idle, what}."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def constants(path: Path) -> dict[str, int]:
    """The pins that a module of constants names, with its `const(…)` or without."""
    found = re.findall(r"^([A-Z_]+) = (?:const\()?(\d+)", path.read_text(), re.MULTILINE)
    return {name: int(number) for name, number in found}


def _of_the_chip(pins: dict[str, dict]) -> list[str]:
    found = []
    users: dict[int, str] = {}
    for name, pin in pins.items():
        gpio = pin["gpio"]
        if gpio in users:
            found.append(f"{name}: GPIO{gpio} is {users[gpio]}'s")
        users[gpio] = name
        if gpio in _FLASH or gpio in _PSRAM:
            found.append(f"{name}: GPIO{gpio} belongs to flash or PSRAM")
        if gpio in _INPUT_ONLY and pin["way"] != "in":
            found.append(f"{name}: GPIO{gpio} can only listen")
        if gpio in _STRAPPING and pin["idle"] != _STRAPPING[gpio]:
            found.append(f"{name}: GPIO{gpio} must be {_STRAPPING[gpio]} at start")
        if pin["way"] == "in" and gpio in _INPUT_ONLY and not pin["idle"]:
            found.append(f"{name}: GPIO{gpio} has no pull inside and none is said")
    return found


def _of_the_board(pins: dict[str, dict], circuit: Circuit) -> list[str]:
    found = []
    chip = circuit.placed[_CHIP]
    ios = {pin.name: net for pin, net in zip(chip.part.pins, chip.nets, strict=True)}
    for name, pin in pins.items():
        net = ios.get(f"IO{pin['gpio']}")
        if net != name:
            found.append(f"{name}: IO{pin['gpio']} of {_CHIP} is on {net}")
        wanted = {"low": {"GND"}, "high": {"V33"}}.get(pin["idle"])
        if wanted and not any(
            placed.part.name.startswith("res-") and wanted <= set(placed.nets)
            for placed, _ in circuit.on(name)
        ):
            found.append(f"{name}: no resistor holds it {pin['idle']}")
    return found


def _of_the_programs(pins: dict[str, dict]) -> list[str]:
    ours = {name: pin["gpio"] for name, pin in pins.items()}
    firmware, simulator = constants(FIRMWARE), constants(SIMULATOR)
    found = [
        f"{name}: {firmware.get(name)} in the firmware, {ours.get(name)} in pins.toml"
        for name in sorted(set(ours) | set(firmware))
        if firmware.get(name) != ours.get(name)
    ]
    return found + [
        f"{name}: {number} in the simulator, {ours.get(name)} in pins.toml"
        for name, number in simulator.items()
        if ours.get(name) != number
    ]


def faults(pins: dict[str, dict], circuit: Circuit) -> list[str]:
    """One sentence for each conflict."""
    return _of_the_chip(pins) + _of_the_board(pins, circuit) + _of_the_programs(pins)

"""The pin map (`pins.toml`) against the chip, the firmware, the simulator and the schematic."""

import re
import tomllib
from pathlib import Path

from hardware.circuit import Circuit
from hardware.parts import HERE

ROOT = HERE.parent
FIRMWARE = ROOT / "firmware" / "terminal" / "board" / "pins.py"
BOOT = ROOT / "firmware" / "boot.py"  # opens the relay before any of the application is read
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


def spelled_out(firmware: Path = ROOT / "firmware") -> dict[str, list[int]]:
    """Pins that a file of the firmware names by their number, by its path in it."""
    found = {}
    for path in sorted(firmware.rglob("*.py")):
        numbers = re.findall(r"\b(?:Pin|tx=|rx=|sck=|ws=|sd=)\(?(\d+)", path.read_text("utf-8"))
        if numbers:
            found[str(path.relative_to(firmware))] = [int(number) for number in numbers]
    return found


def in_words(text: str, pins: dict[str, dict]) -> list[str]:
    """What a document says wrongly of a pin, where it names one as `RELAY（21 脚）`."""
    return [
        f"{name} is {pins[name]['gpio']}, not {number}"
        if name in pins
        else f"{name} is in no pin map"
        for name, number in re.findall(r"\b([A-Z_]+)（(\d+) 脚）", text)
        if pins.get(name, {}).get("gpio") != int(number)
    ]


def _of_the_documents(pins: dict[str, dict]) -> list[str]:
    """Only by name and number together; a bare number could be anybody's."""
    found = []
    for path in sorted(HERE.glob("*.md")):
        text = path.read_text("utf-8")
        found += [f"{path.name}: {fault}" for fault in in_words(text, pins)]
        bare = re.findall(r"(?<!（)\b\d+ 脚", text)
        found += [f"{path.name}: {words} without its name" for words in bare]
    return found


def _of_the_programs(pins: dict[str, dict]) -> list[str]:
    ours = {name: pin["gpio"] for name, pin in pins.items()}
    firmware, simulator = constants(FIRMWARE), constants(SIMULATOR)
    found = [
        f"{name}: {firmware.get(name)} in the firmware, {ours.get(name)} in pins.toml"
        for name in sorted(set(ours) | set(firmware))
        if firmware.get(name) != ours.get(name)
    ]
    relay = ours.get("RELAY")
    found += [
        f"GPIO{number}: spelled out in {path}"
        for path, numbers in spelled_out().items()
        for number in numbers
        if (path, number) != (BOOT.name, relay)
    ]
    return found + [
        f"{name}: {number} in the simulator, {ours.get(name)} in pins.toml"
        for name, number in simulator.items()
        if ours.get(name) != number
    ]


def faults(pins: dict[str, dict], circuit: Circuit) -> list[str]:
    """One sentence for each conflict."""
    told = _of_the_programs(pins) + _of_the_documents(pins)
    return _of_the_chip(pins) + _of_the_board(pins, circuit) + told

"""The world's pin numbers are the firmware's; neither imports the other: both are read as text."""

import ast
from pathlib import Path

from simulator import pins

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware" / "terminal" / "board" / "pins.py"


def constants(path: Path) -> dict[str, int]:
    found = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign):
            call = node.value
            value = call.args[0] if isinstance(call, ast.Call) else call
            found[node.targets[0].id] = ast.literal_eval(value)
    return found


def test_the_worlds_pins_are_the_firmwares() -> None:
    ours = {name: value for name, value in vars(pins).items() if name.isupper()}
    theirs = constants(FIRMWARE)
    assert ours == {name: theirs[name] for name in ours}


def test_no_two_parts_share_a_pin() -> None:
    numbers = list(constants(FIRMWARE).values())
    assert len(numbers) == len(set(numbers))


def test_the_loader_opens_the_same_relay_without_the_applications_pins() -> None:
    boot = (FIRMWARE.parents[2] / "boot.py").read_text()
    assert f"Pin({pins.RELAY}, Pin.OUT, value=0)" in boot
    assert boot.index(f"Pin({pins.RELAY}") < boot.index("import boots")

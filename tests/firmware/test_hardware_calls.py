"""Every call of the board's hardware against the stubs of MicroPython for the ESP32: names, number
and kind of arguments. The stand-ins of the simulator could be wrong together with the firmware."""

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT

pytestmark = pytest.mark.slow  # starts mypy
STUBS = ROOT / ".tools" / "stubs"
FIRMWARE = ROOT / "firmware"
HARDWARE = {"machine", "esp32", "bluetooth", "network"}


def complaints(cache: Path, *files: Path) -> list[str]:
    """What mypy says about `files`; the stubs' own blemishes are none of ours, and aioble, which
    is no part of the ESP32's image, has none."""
    assert (STUBS / "machine.pyi").exists(), "run bash setup/test_tools.sh"
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--check-untyped-defs",
         "--disable-error-code=var-annotated",
         "--explicit-package-bases",
         "--python-version", "3.11", "--custom-typeshed-dir", str(STUBS), "--no-error-summary",
         "--follow-imports=silent", "--cache-dir", str(cache), *map(str, files)],
        env={"MYPYPATH": f"{FIRMWARE}:{STUBS}", "PATH": "/usr/bin"},
        capture_output=True, text=True, timeout=300, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr + done.stdout
    ours = [line for line in done.stdout.splitlines() if ".tools/stubs" not in line]
    return [line for line in ours if "aioble" not in line and "missing-imports" not in line]


def users() -> list[Path]:
    """The files that import hardware; test_laws keeps them in board/ and at the entry."""
    return [
        path
        for path in sorted(FIRMWARE.rglob("*.py"))
        if any(
            line.split()[1].split(".")[0] in HARDWARE
            for line in path.read_text().splitlines()
            if line.startswith(("import ", "from "))
        )
    ]


def test_every_hardware_call_is_one_that_the_esp32_has(tmp_path: Path) -> None:
    board = sorted((FIRMWARE / "terminal" / "board").glob("*.py"))
    files = sorted({*users(), *board})
    assert len(files) >= 5
    assert complaints(tmp_path, *files) == []


WRONG = (
    "machine.Pin(4).toggle_twice()",
    "machine.Pin(4, machine.Pin.OUT, pull_up=True)",
    "machine.UART(1).write()",
    "machine.Pin.IRQ_WIGGLE",
    "esp32.NVS('a').get_blob('b')",
    "esp32.mcu_warmth()",
    "machine.WDT(0, timeout_s=3)",
    "machine.Pin(4).irq(edge=3)",
)


def test_a_wrong_call_would_be_found(tmp_path: Path) -> None:
    file = tmp_path / "wrong.py"
    calls = "".join(f"    {code}\n" for code in WRONG)
    file.write_text(f"import esp32\nimport machine\n\n\ndef work():\n{calls}")
    found = {int(line.split(":")[1]) for line in complaints(tmp_path / "cache", file)}
    assert found == set(range(6, 6 + len(WRONG)))

"""Which interpreter runs the firmware: real MicroPython, or CPython for debugging."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEAP_KB = 256  # the WROVER module itself has megabytes of PSRAM
STAND_INS_KB = 32  # besides: what start.py loads, which on the board is C in flash


class NoInterpreter(Exception):
    """There is no MicroPython; the text says what to do."""


def micropython() -> Path:
    """The command of MicroPython's unix port; NoInterpreter where there is none."""
    named = os.environ.get("HANMA_MICROPYTHON")
    path = Path(named) if named else ROOT / ".tools" / "micropython" / "micropython"
    if not path.exists():
        raise NoInterpreter(
            f"没有找到 MicroPython（{path}）。请先运行 bash setup/interpreter.sh。 "
            "MicroPython is missing: run bash setup/interpreter.sh."
        )
    return path


def name(interpreter: str) -> str:
    """What the interpreter calls itself, e.g. 'MicroPython 1.25.0'."""
    if interpreter == "cpython":
        return f"CPython {sys.version.split()[0]}"
    code = "import sys; print('.'.join(str(n) for n in sys.implementation[1][:3]))"
    said = subprocess.run(
        [micropython(), "-c", code], capture_output=True, text=True, check=True, timeout=20
    )
    return f"MicroPython {said.stdout.strip()}"


def command(
    interpreter: str, image: Path, heap_kb: int = HEAP_KB, start: str = "import start"
) -> tuple[list[str], dict]:
    """(arguments, environment) that start the firmware in the folder `image`.

    `flashed`: MicroPython again, but the firmware lies where it runs, as the cable left it, and
    `image` holds only what a chip has of its own.
    """
    if interpreter == "cpython":
        path = {"PYTHONPATH": str(image), "PYTHONUNBUFFERED": "1"}
        return [sys.executable, "-c", "import cpython, start"], path
    arguments = [
        str(micropython()),
        "-X",
        f"heapsize={heap_kb + STAND_INS_KB}K",
        "-c",
        start,
    ]
    libraries = "lib:" if interpreter == "flashed" else ""
    return arguments, {"MICROPYPATH": f"{libraries}{image}:.frozen"}

"""Runs ngspice on a deck and reads what it measured."""

import re
import shutil
import subprocess
from pathlib import Path

from hardware.parts import HERE

_MEASURED = re.compile(r"^\s*(\w+)\s*=\s*([-+0-9.eE]+)", re.MULTILINE)


class NoSpice(RuntimeError):
    """ngspice is not installed, or a deck did not run."""


def run(deck: str, **told: float | str) -> dict[str, float]:
    """What `decks/<deck>.cir` measures, its `{name}`s replaced by `told`; NoSpice."""
    program = shutil.which("ngspice")
    if not program:
        raise NoSpice("ngspice is not installed. 请安装: apt install ngspice")
    text = (HERE / "decks" / f"{deck}.cir").read_text()
    for name, value in told.items():
        text = text.replace(f"{{{name}}}", value if isinstance(value, str) else f"{value:.9g}")
    left = re.search(r"\{\w+\}", text)
    if left:
        raise NoSpice(f"{deck}: nothing said for {left[0]}")
    try:
        done = subprocess.run(
            [program, "-b", "/dev/stdin"], input=text, capture_output=True, text=True, timeout=120
        )
    except subprocess.TimeoutExpired:
        raise NoSpice(f"{deck}: took longer than two minutes") from None
    if "aborted" in done.stdout or "aborted" in done.stderr:
        raise NoSpice(f"{deck}: {(done.stdout + done.stderr)[-300:]}")
    return {name: float(value) for name, value in _MEASURED.findall(done.stdout)}


def decks() -> list[Path]:
    """Every deck there is."""
    return sorted((HERE / "decks").glob("*.cir"))

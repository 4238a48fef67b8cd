"""The labels on paper: through the print system of this computer (`lp`, of CUPS)."""

import subprocess
from pathlib import Path

from flash.bench import Module

_PATIENCE_S = 30
_PAPER = ("-o", "media=Custom.60x60mm", "-o", "print-scaling=none")


def put(module: Module, files: list[Path]) -> None:
    """Hands them to the printer that was named. A module is not worse for a printer that is out:
    where it was not taken that is said with what to do, and stands in the record."""
    if not module.wanted.printer:
        return
    why = _handed(module.wanted.printer, files)
    module.record["printed"] = not why
    if why:
        module.say(f"  ✗ 标签没有打印：{why}。 The label was not printed.")
        module.say(
            f"  → 模块是好的。请检查打印机 {module.wanted.printer}，再打印 "
            f"{'、'.join(map(str, files))}（60 × 60 mm，不缩放）。 The module is good: check the "
            "printer, print these files."
        )


def _handed(printer: str, files: list[Path]) -> str:
    """Why the print system did not take them; "" = it did."""
    try:
        done = subprocess.run(
            ["lp", "-d", printer, *_PAPER, "--", *map(str, files)],
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
        )
    except FileNotFoundError:
        return "这台电脑没有 lp（请装 cups-client） no lp here, install cups-client"
    except subprocess.TimeoutExpired:
        return f"{_PATIENCE_S} 秒没有回应 no answer"
    return "" if not done.returncode else done.stderr.strip() or f"lp {done.returncode}"

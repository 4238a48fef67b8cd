"""Asks real MicroPython, on the compiled image, what it makes of a list of cases."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from simulator import image, interpreter


def micropython(
    folder: Path, script: Path, heap_kb: int = interpreter.HEAP_KB
) -> Callable[[str, list], list]:
    """`ask(kind, cases)`: runs `script` on `[kind, case]` a line; it answers `=` and JSON each.

    The script is packed with the firmware and so finds all by its new names, also what is private.
    """
    files = image.sources() | {script.name: script}
    made = image.make("micropython", folder, files=files)
    arguments, environment = interpreter.command("micropython", made, heap_kb)
    command = [*arguments[:-2], "-m", script.stem]

    def ask(kind: str, cases: list) -> list:
        path = folder / f"{kind}.jsonl"
        path.write_text("".join(json.dumps([kind, case]) + "\n" for case in cases), "utf-8")
        done = subprocess.run(
            [*command, str(path)],
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr + done.stdout[-500:]
        told = [json.loads(line[1:]) for line in done.stdout.splitlines() if line[:1] == "="]
        assert len(told) == len(cases)
        return told

    return ask

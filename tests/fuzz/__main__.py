"""`python -m tests.fuzz --inputs N --seed S`: malformed input for the firmware, counted.

On CPython and, a smaller part, on the compiled image in real MicroPython, both at the same time.
Prints one JSON object; exit code 1 and the seed where something was found.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from simulator import image, interpreter

HERE = Path(__file__).resolve().parent
HEAP_KB = 512  # half of it for what makes the input
SHARES = {  # of all inputs, in thousandths: on CPython, on MicroPython
    "at_lines": (300, 120),
    "payloads": (280, 20),
    "packets": (50, 10),
    "http_answers": (30, 10),
    "tickets": (160, 20),
}
TIMEOUT_S = 900


class Found(Exception):
    """What a run ended with, and how to have it again."""


def fuzz(inputs: int, seed: int) -> dict[str, dict]:
    """What became of the inputs, by interpreter and kind."""
    with tempfile.TemporaryDirectory(prefix="hanma-fuzz-") as folder:
        ours = {
            f"{name}.py": HERE / f"{name}.py" for name in ("on_micropython", "inside", "spoil")
        }
        made = image.make("micropython", Path(folder), files=image.sources() | ours)
        arguments, environment = interpreter.command("micropython", made, HEAP_KB)
        programs = {
            "cpython": ([sys.executable, str(HERE / "on_cpython.py")], None),
            "micropython": ([*arguments[:-2], "-m", "on_micropython"], environment),
        }
        with ThreadPoolExecutor() as pool:
            waiting = {}
            for number, (name, (command, env)) in enumerate(programs.items()):
                work = Path(folder, name)
                work.mkdir()
                counts = {kind: inputs * of[number] // 1000 for kind, of in SHARES.items()}
                waiting[name] = pool.submit(_kinds, name, command, env, work, seed, counts)
            return {name: told.result() for name, told in waiting.items()}


def _kinds(
    name: str, command: list[str], env: dict | None, work: Path, seed: int, counts: dict[str, int]
) -> dict:
    """Each kind of input in a program of its own, with a heap of its own."""
    told = {}
    for kind, count in counts.items():
        done = subprocess.run(
            [*command, str(seed), f"{kind}={count}"],
            env=env, cwd=work, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=TIMEOUT_S,
        )  # fmt: skip
        lines = [line[1:] for line in done.stdout.splitlines() if line.startswith("={")]
        if done.returncode or not lines:
            raise Found(f"{kind} on {name}, seed {seed}:\n{done.stdout[-3000:]}")
        told[kind] = json.loads(lines[-1])
    return told


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.fuzz")
    words.add_argument("--inputs", type=int, default=1_000_000)
    words.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    given = words.parse_args()
    begun = time.monotonic()
    try:
        told = fuzz(given.inputs, given.seed)
    except Found as found:
        print(found)
        print(json.dumps({"ok": False, "seed": given.seed}))
        return 1
    count = total(told)
    result = {"ok": True, "seed": given.seed, "inputs": count}
    print(json.dumps(result | {"seconds": round(time.monotonic() - begun)} | told))
    return 0


def total(told: dict[str, dict]) -> int:
    """How many inputs were tried."""
    return sum(one["inputs"] for of in told.values() for one in of.values())


if __name__ == "__main__":
    sys.exit(main())

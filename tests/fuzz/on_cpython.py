"""Runs inside.py on CPython: `on_cpython.py SEED KIND=COUNT`, in made-up time."""

import asyncio
import builtins
import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / name) for name in (".", "firmware", ".tools/umqtt", "simulator/board")]

import cpython  # noqa: E402, F401
import inside  # noqa: E402

from tests.firmware.virtual_time import Loop, end_all, now_ms  # noqa: E402

STEPS = 2_000  # calls of functions while one message is dealt with
most = 0


def counted(call: Callable, *arguments: object) -> object:
    """The call's value; AssertionError when it took too many steps."""
    global most
    steps = 0

    def step(frame: object, event: str, argument: object) -> None:
        nonlocal steps
        steps += event in ("call", "c_call")

    sys.setprofile(step)
    try:
        return call(*arguments)
    finally:
        sys.setprofile(None)
        most = max(most, steps)
        assert steps <= STEPS, (steps, arguments)


def main() -> None:
    say = print
    builtins.print = lambda *words: None  # the firmware tells its console of each bad message
    random.seed(int(sys.argv[1]))
    loop = Loop()
    time.ticks_ms = lambda: now_ms() % (1 << 30) if asyncio._get_running_loop() else 0
    inside.counted = counted
    try:
        told = loop.run_until_complete(inside.work(sys.argv[2]))
    finally:
        loop.run_until_complete(end_all())
    told["most_steps"] = most
    say("=" + json.dumps(told))


main()

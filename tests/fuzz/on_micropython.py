"""Runs inside.py on MicroPython: `on_micropython.py SEED KIND=COUNT`, in made-up time."""

import asyncio
import builtins
import json
import random
import sys
import time
from asyncio import core

say = print
builtins.print = lambda *words: None  # the firmware tells its console of each malformed message
import inside  # noqa: E402

_leapt = [0]
_ticks = time.ticks_ms


class _Queue:
    """asyncio's wait for files, of which there are none: time leaps instead."""

    def __init__(self, queue):
        self._queue = queue

    def __getattr__(self, name):
        return getattr(self._queue, name)

    def wait_io_event(self, dt):
        if dt > 0:
            _leapt[0] += dt


async def run():
    core._io_queue = _Queue(core._io_queue)
    core.ticks = lambda: time.ticks_add(_ticks(), _leapt[0])
    random.seed(int(sys.argv[1]))
    say("=" + json.dumps(await inside.work(sys.argv[2])))


asyncio.run(run())

"""Lets CPython run the firmware for debugging: what MicroPython has and CPython spells otherwise.

Imported before the firmware: `python -c "import cpython, start"`. The UART's waiting read is the
only part with a body; the rest are names.
"""

import asyncio
import binascii
import os
import socket
import struct
import sys
import time
import traceback
import types

import flag

_TICKS_PERIOD = 1 << 30  # as on the ESP32


class _StreamReader:
    """MicroPython's asyncio.StreamReader, over a thing with fileno() whose read never waits."""

    def __init__(self, stream):
        self._stream = stream

    async def read(self, most):
        while True:
            data = self._stream.read(most)
            if data:
                return data
            await self._readable()

    async def _readable(self):
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_reader(self._stream.fileno(), ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._stream.fileno())


class _StreamWriter:
    """MicroPython's asyncio.StreamWriter, as far as `out_buf` and `drain` go."""

    def __init__(self, stream):
        self._stream = stream
        self.out_buf = b""

    async def drain(self):
        rest, self.out_buf = memoryview(self.out_buf), b""
        while len(rest):
            count = self._stream.write(rest)
            if count is None:
                await asyncio.sleep(0.01)
            else:
                rest = rest[count:]


def _ticks_diff(later, earlier):
    half = _TICKS_PERIOD // 2
    return (later - earlier + half) % _TICKS_PERIOD - half


def install():
    micropython = types.ModuleType("micropython")
    micropython.const = lambda value: value
    names = {
        "micropython": micropython,
        "usocket": socket,
        "ustruct": struct,
        "ubinascii": binascii,
    }
    sys.modules.update(names)
    sys.print_exception = lambda error, file=None: traceback.print_exception(error, file=file)
    time.ticks_ms = lambda: int(time.monotonic() * 1000) % _TICKS_PERIOD
    time.ticks_us = lambda: int(time.monotonic() * 1000000) % _TICKS_PERIOD
    time.ticks_diff = _ticks_diff
    asyncio.sleep_ms = lambda ms: asyncio.sleep(ms / 1000)
    asyncio.wait_for_ms = lambda awaitable, ms: asyncio.wait_for(awaitable, ms / 1000)
    asyncio.StreamReader = _StreamReader
    asyncio.StreamWriter = _StreamWriter
    asyncio.ThreadSafeFlag = flag.ThreadSafeFlag
    os.environ.setdefault("PYTHONUNBUFFERED", "1")


install()

"""What the chip does at power-up: boot.py, then main.py."""

import asyncio
import binascii  # noqa: F401
import gc
import io  # noqa: F401
import json  # noqa: F401
import math  # noqa: F401
import os  # noqa: F401
import select  # noqa: F401
import socket  # noqa: F401
import sys  # noqa: F401
import time  # noqa: F401

_used = getattr(gc, "mem_alloc", int)  # CPython, for debugging, has none

# what the firmware loads of MicroPython itself is not the stand-ins' part of the heap
for name in ("Event", "Lock", "StreamReader", "wait_for_ms"):
    getattr(asyncio, name, None)
gc.collect()
_before = _used()

try:  # the image of the ESP32 has it frozen in its flash, as it has asyncio
    import umqtt.simple  # noqa: F401
except ImportError:
    pass
import bluetooth  # noqa: E402, F401
import esp32  # noqa: E402, F401
import machine  # noqa: E402, F401
from world_link import link  # noqa: E402

gc.collect()
print("hanma stand-ins heap_kb=%d" % ((_used() - _before) // 1024))

try:
    import boot  # noqa: F401
    import main  # noqa: F401
finally:
    link.ends()

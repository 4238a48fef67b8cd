"""What the chip does at power-up: boot.py, then main.py."""

import gc

import bluetooth  # noqa: F401
import esp32  # noqa: F401
import machine  # noqa: F401
from world_link import link

gc.collect()
print("hanma stand-ins heap_kb=%d" % (getattr(gc, "mem_alloc", int)() // 1024))

try:
    import boot  # noqa: F401
    import main  # noqa: F401
finally:
    link.ends()

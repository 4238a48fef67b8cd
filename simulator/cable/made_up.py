"""A made-up MicroPython image: as much of one as a boot loader and esptool look at."""

import random
import struct

SIZE = 0x14000
_PARTITIONS = (
    (b"nvs", 1, 2, 0x9000, 0x6000),
    (b"phy_init", 1, 1, 0xF000, 0x1000),
    (b"factory", 0, 0, 0x10000, 0x1F0000),
    (b"vfs", 1, 0x81, 0x200000, 0x200000),
)


def image(seed: int = 0) -> bytes:
    """Boot loader at 0, partition table at 0x7000, application at 0xF000: written at 0x1000."""
    rng = random.Random(seed)
    head = struct.pack("<BBBBI", 0xE9, 1, 2, 0x20, 0x40080000) + bytes(16)
    table = b"".join(
        b"\xaa\x50" + struct.pack("<BBII16sI", kind, sub, at, size, name, 0)
        for name, kind, sub, at, size in _PARTITIONS
    )
    made = (head + rng.randbytes(2000)).ljust(0x7000, b"\xff")
    made = (made + table).ljust(0xF000, b"\xff")
    return (made + head + rng.randbytes(4000)).ljust(SIZE, b"\xff")

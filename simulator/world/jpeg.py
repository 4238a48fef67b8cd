"""A tiny baseline JPEG writer (ITU-T T.81): grey, every block of 8 by 8 points one shade."""

import struct
from collections.abc import Sequence

_STEP = 16  # of the quantiser: shades differ by two at least
_DC_COUNTS = (0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0)  # the standard's table K.3
_DC_CODES = ("00", "010", "011", "100", "101", "110", "1110", "11110", "111110", "1111110",
             "11111110", "111111110")  # fmt: skip
_END_OF_BLOCK = "0"  # the only code of the table for what is not there: details


def jpeg(shades: Sequence[Sequence[int]]) -> bytes:
    """`shades`: rows of blocks, 0 black to 255 white; the picture has 8 by 8 points a block."""
    height, width = 8 * len(shades), 8 * len(shades[0])
    head = b"\xff\xd8" + _segment(0xE0, b"JFIF\0\1\1\0" + struct.pack(">HHBB", 1, 1, 0, 0))
    head += _segment(0xDB, b"\0" + bytes([_STEP]) * 64)
    head += _segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0")
    head += _segment(0xC4, b"\0" + bytes(_DC_COUNTS) + bytes(range(12)))
    head += _segment(0xC4, b"\x10" + bytes([1] + [0] * 15) + b"\0")
    head += _segment(0xDA, b"\1\1\0\0\x3f\0")
    return head + _scan(shades) + b"\xff\xd9"


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _scan(shades: Sequence[Sequence[int]]) -> bytes:
    bits, before = [], 0
    for row in shades:
        for shade in row:
            level = round((shade - 128) * 8 / _STEP)
            bits.append(_difference(level - before) + _END_OF_BLOCK)
            before = level
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    data = int(text, 2).to_bytes(len(text) // 8, "big")
    return data.replace(b"\xff", b"\xff\0")  # so that no marker is read out of it


def _difference(value: int) -> str:
    size = abs(value).bit_length()
    if value < 0:
        value += (1 << size) - 1
    return _DC_CODES[size] + (f"{value:0{size}b}" if size else "")

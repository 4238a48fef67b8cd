"""The pictures are real ones: every shade can be read back out of the bits."""

import random
import struct

import pytest

from simulator.world.jpeg import jpeg

COUNTS = (0, 1, 5, 1, 1, 1, 1, 1, 1)


def segments(data: bytes) -> dict[int, list[bytes]]:
    found: dict[int, list[bytes]] = {}
    at = 2
    while data[at + 1] != 0xDA:
        marker, length = struct.unpack(">xBH", data[at : at + 4])
        found.setdefault(marker, []).append(data[at + 4 : at + 2 + length])
        at += 2 + length
    return found | {0xDA: [data[at + 10 : -2]]}


def shades(data: bytes) -> list[int]:
    """What a decoder makes of the bits, by the rules of the standard's annex F."""
    codes, code, symbol = {}, 0, 0
    for length, count in enumerate(COUNTS, 1):
        for _ in range(count):
            codes[f"{code:0{length}b}"] = symbol
            code, symbol = code + 1, symbol + 1
        code <<= 1
    bits = "".join(f"{byte:08b}" for byte in segments(data)[0xDA][0].replace(b"\xff\0", b"\xff"))
    made, at, level = [], 0, 0
    while len(bits) - at > 7 or "0" in bits[at:]:
        word = next(bits[at:end] for end in range(at + 1, len(bits) + 1) if bits[at:end] in codes)
        size, at = codes[word], at + len(word)
        value = int(bits[at : at + size] or "0", 2)
        at += size
        level += value if not size or value >> (size - 1) else value - (1 << size) + 1
        assert bits[at] == "0"  # end of block
        at += 1
        made.append(level * 2 + 128)
    return made


def test_each_block_has_the_shade_it_was_given() -> None:
    rng = random.Random(3)
    rows = [[rng.randrange(256) for _ in range(17)] for _ in range(9)]
    data = jpeg(rows)
    flat = [shade for row in rows for shade in row]
    assert shades(data) == [pytest.approx(shade, abs=1) for shade in flat]
    (frame,) = segments(data)[0xC0]
    assert struct.unpack(">BHHB", frame[:6]) == (8, 72, 136, 1)


def test_no_marker_stands_in_the_middle_of_the_bits() -> None:
    for seed in range(50):
        rng = random.Random(seed)
        data = jpeg([[rng.choice([0, 255]) for _ in range(20)] for _ in range(9)])
        (scan,) = segments(data)[0xDA]
        assert all(scan[at + 1] == 0 for at in range(len(scan) - 1) if scan[at] == 0xFF)

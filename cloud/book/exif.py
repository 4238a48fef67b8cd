"""What a phone wrote into a picture beside it: where it was taken, and which side is up. Pure.

Of the EXIF block (CIPA DC-008, a TIFF file inside) only these two are read; whatever cannot be
read is as good as not there.
"""

import struct
from dataclasses import dataclass

_GPS, _TURNED = 0x8825, 0x0112
_LONG, _SHORT, _ASCII, _RATIONAL = 4, 3, 2, 5
_ROWS_MAX = 200  # of one directory; phones write some thirty


@dataclass(frozen=True)
class Beside:
    """`turned` = EXIF orientation, 1 = as it is, to 8; `lat`, `lng` in millionths of a degree."""

    turned: int = 1
    lat: int | None = None
    lng: int | None = None


def read(block: bytes) -> Beside:
    """From the bytes behind `Exif\\0\\0`; whatever they are, there is an answer."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None:
        return Beside()
    try:
        first = _rows(block, order, struct.unpack_from(order + "I", block, 4)[0])
        turned = _short(order, first.get(_TURNED))
        gps = _rows(block, order, _long(order, first[_GPS])) if _GPS in first else {}
        lat = _degrees(block, order, gps, 1, b"S", 90)
        lng = _degrees(block, order, gps, 3, b"W", 180)
    except (struct.error, KeyError, ZeroDivisionError):
        return Beside()
    known = lat is not None and lng is not None and (lat or lng)
    return Beside(turned, lat, lng) if known else Beside(turned)


def turning(turned: int) -> bytes:
    """The smallest EXIF block that says which side is up."""
    row = struct.pack(">HHIHH", _TURNED, _SHORT, 1, turned, 0)
    return b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + row + bytes(4)


def _rows(block: bytes, order: str, at: int) -> dict[int, tuple[int, int, bytes]]:
    """tag → (type, count, the four bytes that hold the value or its place)."""
    (count,) = struct.unpack_from(order + "H", block, at)
    rows = {}
    for number in range(min(count, _ROWS_MAX)):
        tag, kind, size, value = struct.unpack_from(order + "HHI4s", block, at + 2 + 12 * number)
        rows[tag] = (kind, size, value)
    return rows


def _short(order: str, row: tuple[int, int, bytes] | None) -> int:
    if row is None or row[:2] != (_SHORT, 1):
        return 1
    (value,) = struct.unpack_from(order + "H", row[2])
    return int(value) if 1 <= value <= 8 else 1


def _long(order: str, row: tuple[int, int, bytes]) -> int:
    return int(struct.unpack(order + "I", row[2])[0])


def _degrees(
    block: bytes,
    order: str,
    gps: dict[int, tuple[int, int, bytes]],
    tag: int,
    minus: bytes,
    most: int,
) -> int | None:
    """Degrees, minutes and seconds behind their letter, in millionths of a degree."""
    letter, parts = gps.get(tag), gps.get(tag + 1)
    if letter is None or letter[0] != _ASCII or parts is None or parts[:2] != (_RATIONAL, 3):
        return None
    six = struct.unpack_from(order + "6I", block, _long(order, parts))
    degrees, minutes, seconds = (six[i] / six[i + 1] if six[i] else 0.0 for i in (0, 2, 4))
    value = round((degrees + minutes / 60 + seconds / 3600) * 1_000_000)
    if value > most * 1_000_000:
        return None
    return -value if letter[2][:1] == minus else value

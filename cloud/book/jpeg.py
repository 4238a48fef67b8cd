"""JPEG files from strangers: known by content, bounded, without what they tell beside. Pure."""

import re
from dataclasses import dataclass

from cloud.book import exif
from cloud.book.exif import Beside

PIXELS_MAX = 4_000_000
BYTES_MAX = 128 * 1024
_START, _END, _SCAN, _EXIF = 0xD8, 0xD9, 0xDA, 0xE1
_SIZES = {0xC0, 0xC1, 0xC2}  # baseline, extended, progressive
_TALK = {*range(0xE1, 0xF0), 0xFE}  # EXIF, makers' data, comments
_ALONE = {0x01, *range(0xD0, 0xD8)}
_NEXT = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")  # the marker that ends a scan
_EXIF_HEAD = b"Exif\0\0"


class BadPicture(ValueError):
    """This is no JPEG that we take; the text is a stable word:

    `too-long, not-jpeg, cut-off, no-size, too-large, broken`."""


@dataclass(frozen=True)
class Picture:
    """`data` = the file without whatever it told beside the picture (maker, comments, a second
    picture behind its end), but for which side is up; `beside` = what was read before."""

    data: bytes
    width: int
    height: int
    beside: Beside


def read(raw: bytes, bytes_max: int = BYTES_MAX, pixels_max: int = PIXELS_MAX) -> Picture:
    """The picture in `raw`; BadPicture. What is drawn is not decoded."""
    if len(raw) > bytes_max:
        raise BadPicture("too-long")
    if raw[:2] != b"\xff\xd8":
        raise BadPicture("not-jpeg")
    kept, size, beside, at = [raw[:2]], None, Beside(), 2
    while raw[at : at + 2] != b"\xff\xd9" or size is None:
        marker, segment, at = _segment(raw, at)
        if marker in _SIZES:
            size = _size(segment, pixels_max)
        if marker == _EXIF and segment[4:10] == _EXIF_HEAD:
            beside = exif.read(segment[10:])
        if marker not in _TALK:
            kept.append(segment)
        if marker == _SCAN:
            drawn, at = _scan(raw, at)
            kept.append(drawn)
            if size is None:
                raise BadPicture("no-size")
    if beside.turned != 1:
        kept[1:1] = [_written(_EXIF, exif.turning(beside.turned))]
    return Picture(b"".join([*kept, b"\xff\xd9"]), *size, beside)


def _segment(raw: bytes, at: int) -> tuple[int, bytes, int]:
    """The marker at `at`, its whole segment, and where the next one begins."""
    while raw[at : at + 2] == b"\xff\xff":  # filling
        at += 1
    if at + 4 > len(raw) or raw[at] != 0xFF or raw[at + 1] in (*_ALONE, _START, _END, 0):
        raise BadPicture("not-jpeg")
    length = int.from_bytes(raw[at + 2 : at + 4], "big")
    if length < 2 or at + 2 + length > len(raw):
        raise BadPicture("cut-off")
    return raw[at + 1], raw[at : at + 2 + length], at + 2 + length


def _scan(raw: bytes, at: int) -> tuple[bytes, int]:
    """What is drawn from `at` on, and where the next marker stands."""
    end = _NEXT.search(raw, at)
    if end is None:
        raise BadPicture("cut-off")
    return raw[at : end.start()], end.end() - 2


def _written(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


def _size(segment: bytes, pixels_max: int) -> tuple[int, int]:
    height, width = (int.from_bytes(segment[i : i + 2], "big") for i in (5, 7))
    if len(segment) < 10 or not height or not width:
        raise BadPicture("no-size")
    if width * height > pixels_max:
        raise BadPicture("too-large")
    return width, height

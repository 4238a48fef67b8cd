"""JPEG files from strangers: known by content, bounded, without what they tell beside. Pure."""

from dataclasses import dataclass

PIXELS_MAX = 4_000_000
BYTES_MAX = 128 * 1024
_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_SIZES = {0xC0, 0xC1, 0xC2}  # baseline, extended, progressive
_TALK = {*range(0xE1, 0xF0), 0xFE}  # EXIF, makers' data, comments
_ALONE = {0x01, *range(0xD0, 0xD8)}


class BadPicture(ValueError):
    """This is no JPEG that we take; the text is a stable word:

    `too-long, not-jpeg, cut-off, no-size, too-large`."""


@dataclass(frozen=True)
class Picture:
    """`data` = the file without whatever it told beside the picture (place, maker, comments)."""

    data: bytes
    width: int
    height: int


def read(raw: bytes, bytes_max: int = BYTES_MAX) -> Picture:
    """The picture in `raw`; BadPicture. What is drawn is not decoded."""
    if len(raw) > bytes_max:
        raise BadPicture("too-long")
    if raw[:2] != b"\xff\xd8":
        raise BadPicture("not-jpeg")
    end = raw.rfind(b"\xff\xd9")
    if end < 0:
        raise BadPicture("cut-off")
    kept, size, at = [raw[:2]], None, 2
    while True:
        marker, segment, at = _segment(raw, at)
        if marker in _SIZES:
            size = _size(segment)
        if marker not in _TALK:
            kept.append(segment)
        if marker == _SCAN:
            break
    if size is None:
        raise BadPicture("no-size")
    return Picture(b"".join(kept) + raw[at : end + 2], *size)


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


def _size(segment: bytes) -> tuple[int, int]:
    height, width = (int.from_bytes(segment[i : i + 2], "big") for i in (5, 7))
    if len(segment) < 10 or not height or not width:
        raise BadPicture("no-size")
    if width * height > PIXELS_MAX:
        raise BadPicture("too-large")
    return width, height

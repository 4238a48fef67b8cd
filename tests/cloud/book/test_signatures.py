"""Signatures from a canvas: bounded, judged by content, laid on white."""

import base64
import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image, ImageDraw

from cloud.book import signatures
from cloud.book.signatures import BadSignature


def drawn(width=600, height=260, strokes=True) -> bytes:
    """What a page's canvas gives: transparent, with dark strokes."""
    picture = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    if strokes:
        points = [(40, 200), (180, 40), (300, 210), (520, 60)]
        ImageDraw.Draw(picture).line(points, (20, 24, 26, 255), 5)
    made = BytesIO()
    picture.save(made, "PNG")
    return made.getvalue()


def data_url(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode()


def bomb() -> bytes:
    """A few bytes that say they are 30,000 points wide and high."""

    def chunk(name: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + check

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 6, 0, 0, 0)
    parts = chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(bytes(999))), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_a_drawn_signature_becomes_dark_strokes_on_white() -> None:
    made = signatures.ready(signatures.of_data_url(data_url(drawn())))
    with Image.open(BytesIO(made.picture.data)) as shown:
        assert (shown.format, shown.size) == ("JPEG", (600, 260))
        assert shown.convert("L").getpixel((3, 3)) > 240
        assert shown.convert("L").getpixel((180, 44)) < 100


@pytest.mark.parametrize(
    ("png", "word"),
    [
        (drawn(strokes=False), "empty"),
        (drawn()[:200], "broken"),
        (b"\xff\xd8\xff\xe0 a photo", "not-png"),
        (b"", "not-png"),
        (bomb(), "too-large"),
        (drawn() + bytes(signatures.BYTES_MAX), "too-long"),
    ],
    ids=["empty", "cut", "photo", "nothing", "bomb", "long"],
)
def test_what_is_no_signature_is_told_apart(png: bytes, word: str) -> None:
    with pytest.raises(BadSignature, match=word):
        signatures.ready(png)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("data:image/svg+xml;base64,PHN2Zz4=", "not-png"),
        ("data:image/png;base64,***", "broken"),
        ("data:image/png;base64," + "A" * 80_000, "too-long"),
    ],
    ids=["svg", "stars", "long"],
)
def test_an_address_that_holds_no_png_is_refused(text: str, word: str) -> None:
    with pytest.raises(BadSignature, match=word):
        signatures.of_data_url(text)

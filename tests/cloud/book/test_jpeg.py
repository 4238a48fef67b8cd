"""Pictures are known by their content and keep nothing beside what they show (book/jpeg.py)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.book import jpeg
from simulator.world.jpeg import jpeg as drawn

GREY = drawn([[10, 200, 60], [90, 30, 255]])


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


def test_a_picture_is_kept_as_it_is_with_its_size() -> None:
    picture = jpeg.read(GREY)
    assert (picture.data, picture.width, picture.height) == (GREY, 24, 16)


def test_place_maker_and_comments_are_left_out() -> None:
    talk = segment(0xE1, b"Exif\0\0GPS 29.5630N") + segment(0xFE, "张三".encode()) + b"\xff"
    told = GREY[:2] + talk + GREY[2:] + b"behind the end"
    assert jpeg.read(told).data == GREY


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (b"", "not-jpeg"),
        (b"GIF89a" + GREY, "not-jpeg"),
        (b"\xff\xd8 <script>\xff\xd9", "not-jpeg"),
        (GREY[:-2], "cut-off"),
        (GREY[:2] + b"\xff\xe0\xff\xff\xff\xd9", "cut-off"),
        (b"\xff\xd8\xff\xd9", "not-jpeg"),
        (GREY[:2] + segment(0xDA, bytes(6)) + b"\xff\xd9", "no-size"),
        (GREY + bytes(jpeg.BYTES_MAX), "too-long"),
    ],
)
def test_what_is_no_picture_says_why(raw: bytes, word: str) -> None:
    with pytest.raises(jpeg.BadPicture, match=word):
        jpeg.read(raw)


@pytest.mark.parametrize(("side", "word"), [(b"\0\0", "no-size"), (b"\xff\xff", "too-large")])
def test_a_picture_without_points_or_with_too_many_is_not_taken(side: bytes, word: str) -> None:
    at = GREY.index(b"\xff\xc0") + 5
    with pytest.raises(jpeg.BadPicture, match=word):
        jpeg.read(GREY[:at] + side + side + GREY[at + 4 :])


@given(st.binary(max_size=300))
def test_whatever_the_bytes_there_is_a_picture_or_a_reason(rest: bytes) -> None:
    for raw in (rest, b"\xff\xd8" + rest + b"\xff\xd9"):
        try:
            picture = jpeg.read(raw)
        except jpeg.BadPicture:
            continue
        assert picture.width * picture.height > 0

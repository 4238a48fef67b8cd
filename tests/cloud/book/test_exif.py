"""Of what a phone writes beside a picture only place and turn are read (book/exif.py)."""

import struct
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cloud.book import exif, jpeg, thumbnails
from simulator.world.jpeg import jpeg as drawn

GREY = drawn([[10, 200, 60], [90, 30, 255]])
PLACE = {1: "N", 2: (29.0, 33.0, 46.8), 3: "E", 4: (106.0, 33.0, 0.0)}
ONE_TIFF = b"II*\0" + struct.pack("<IH", 8, 0)


def taken(turned: int = 1, place: dict | None = None, little: bool = True) -> bytes:
    """GREY as a phone would have written it, by another library than ours."""
    told = Image.Exif()
    told.endian = "<" if little else ">"
    told[0x0112] = turned
    told[0x010F] = "made-up phone"
    if place is not None:
        told[0x8825] = place
    made = BytesIO()
    Image.open(BytesIO(GREY)).save(made, "JPEG", exif=told)
    return made.getvalue()


@pytest.mark.parametrize("little", [True, False])
@pytest.mark.parametrize(
    ("place", "lat", "lng"),
    [
        (PLACE, 29_563_000, 106_550_000),
        (PLACE | {1: "S", 3: "W"}, -29_563_000, -106_550_000),
        (None, None, None),
        ({1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)}, None, None),
        (PLACE | {2: (91.0, 0.0, 0.0)}, None, None),
        ({1: "N", 2: (29.0, 33.0, 46.8)}, None, None),
    ],
)
def test_the_place_is_read_and_gone_from_the_picture(
    place: dict | None, lat: int | None, lng: int | None, little: bool
) -> None:
    picture = jpeg.read(taken(place=place, little=little))
    assert (picture.beside.lat, picture.beside.lng) == (lat, lng)
    assert b"Exif" not in picture.data and b"made-up phone" not in picture.data


@pytest.mark.parametrize("turned", range(1, 9))
def test_which_side_is_up_stays_and_nothing_else(turned: int) -> None:
    picture = jpeg.read(taken(turned, PLACE))
    assert dict(Image.open(BytesIO(picture.data)).getexif()) == (
        {0x0112: turned} if turned > 1 else {}
    )
    upright = Image.open(BytesIO(thumbnails.small(picture.data)))
    assert (upright.width > upright.height) == (turned < 5)


def test_a_second_picture_behind_the_first_is_left_out() -> None:
    assert jpeg.read(GREY + taken(place=PLACE)).data == GREY


@given(st.binary(max_size=120))
def test_whatever_the_block_holds_there_is_an_answer(rest: bytes) -> None:
    for block in (rest, b"II*\0" + rest, b"MM\0*" + rest, ONE_TIFF + rest):
        assert 1 <= exif.read(block).turned <= 8


def test_headers_around_nothing_are_no_picture() -> None:
    table = GREY.index(b"\xff\xdb")
    broken = GREY[:table] + GREY[table + 69 :]
    with pytest.raises(jpeg.BadPicture):
        thumbnails.small(jpeg.read(broken).data)

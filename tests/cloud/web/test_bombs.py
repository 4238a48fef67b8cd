"""Uploads that are meant to choke the service: refused quickly, nothing kept, nothing broken."""

import struct
import zlib

import pytest

from cloud.book.media import Media
from simulator.phone import fresh_picture

HUGE = 60_000  # points a side


def _claims(width, height):
    """A small JPEG that says to be huge."""
    raw = bytearray(fresh_picture())
    at = raw.index(b"\xff\xc0") + 5
    raw[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(raw)


def _png_bomb():
    """Ten megapixels of nothing in some kilobytes."""
    rows = zlib.compress(bytes(10_000 * 1_001), 9)
    head = struct.pack(">IIBBBBB", 10_000, 1_000, 8, 0, 0, 0, 0)

    def part(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", rows) + part(b"IEND", b"")


BOMBS = {
    "a picture that claims to be huge": lambda: _claims(HUGE, HUGE),
    "a long thin one": lambda: _claims(65_535, 8),
    "a PNG that unpacks to a thousand times": _png_bomb,
    "a page with a picture's head": lambda: b"\xff\xd8\xff\xe0<script>alert(1)</script>" * 50,
    "ten thousand segments": lambda: b"\xff\xd8" + b"\xff\xfe\x00\x02" * 10_000 + b"\xff\xd9",
    "a zip in a picture's clothes": lambda: b"PK\x03\x04" + bytes(4_000),
}


@pytest.mark.parametrize("name", list(BOMBS))
def test_a_bomb_is_refused_and_nothing_of_it_is_kept(county, floor, cast, browser, name):
    welder = browser(cast.welder)
    welder.step(cast.code, "apply", site="演示", work="焊接", voucher="1")
    answer = welder.picture(cast.code, BOMBS[name]())
    assert answer.status_code == 400, answer.text
    assert county.ask(lambda unit: unit.db.query(Media).count()) == 0
    assert welder.picture(cast.code).status_code == 200  # and a real one still goes


def test_a_body_larger_than_any_picture_is_not_read(cast, browser, floor):
    welder = browser(cast.welder)
    welder.step(cast.code, "apply", site="演示", work="焊接", voucher="1")
    form = f'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{welder.token("/")}\r\n'
    file = '--x\r\nContent-Disposition: form-data; name="picture"; filename="p.jpg"\r\n\r\n'
    body = form.encode() + file.encode() + b"\xff\xd8" + bytes(14 << 20) + b"\r\n--x--\r\n"
    kind = "multipart/form-data; boundary=x"
    answer = welder.client.post(f"/m/{cast.code}/picture", data=body, content_type=kind)
    assert answer.status_code == 413


def test_a_form_of_ten_thousand_fields_is_refused(cast, browser):
    welder = browser(cast.welder)
    many = {f"field{number}": "x" for number in range(10_000)}
    answer = welder.post(f"/m/{cast.code}/apply", json=True, **many)
    assert answer.status_code in (400, 413)

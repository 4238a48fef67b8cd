"""Pictures are kept once, encrypted, by their digest (cloud/book/media.py)."""

import hashlib
from typing import Any

import pytest

from cloud.base.unit import Ground
from cloud.book import media
from simulator.world.jpeg import jpeg as drawn
from tests.cloud.book.test_exif import PLACE, taken

GREY = drawn([[10, 200], [90, 30]])


def files(ground: Ground) -> list[Any]:
    return [one for one in (ground.settings.data_dir / "media").rglob("*") if one.is_file()]


def test_a_picture_is_kept_and_opened_again(either: Ground) -> None:
    with either.write() as unit:
        row = media.keep(unit, media.ready(GREY, "snapshot"))
        assert (row.digest, row.size) == (hashlib.sha256(GREY).hexdigest(), len(GREY))
        assert (row.width, row.height, row.type) == (16, 16, "image/jpeg")
    with either.read() as unit:
        assert media.opened(unit, row.digest) == GREY
        assert media.get(unit, row.digest).kind == "snapshot"


def test_where_it_was_taken_is_kept_beside_it_and_not_in_it(either: Ground) -> None:
    with either.write() as unit:
        row = media.keep(unit, media.ready(taken(place=PLACE), "snapshot"))
        bare = media.keep(unit, media.ready(GREY, "snapshot"))
        assert (row.lat, row.lng) == (29_563_000, 106_550_000)
        assert (bare.lat, bare.lng) == (None, None)
        assert b"Exif" not in media.opened(unit, row.digest)


def test_on_the_disk_nothing_can_be_seen_and_only_the_owner_may_read(ground: Ground) -> None:
    with ground.write() as unit:
        media.keep(unit, media.ready(GREY, "snapshot"))
    for file in files(ground):
        assert b"\xff\xd8" not in file.read_bytes()[:4]
        assert b"JFIF" not in file.read_bytes()
        assert file.stat().st_mode & 0o077 == 0


def test_the_same_picture_twice_is_kept_once(ground: Ground) -> None:
    for _ in range(2):
        with ground.write() as unit:
            media.keep(unit, media.ready(GREY, "snapshot"))
    assert len(files(ground)) == 2  # and the small one


def test_a_row_that_was_rolled_back_can_be_made_again(ground: Ground) -> None:
    with pytest.raises(RuntimeError), ground.write() as unit:
        media.keep(unit, media.ready(GREY, "snapshot"))
        raise RuntimeError
    with ground.write() as unit:
        assert media.opened(unit, media.keep(unit, media.ready(GREY, "snapshot")).digest) == GREY


@pytest.mark.parametrize("harm", ["gone", "changed", "cut", "swapped"])
def test_bytes_that_are_not_what_was_kept_are_never_shown(ground: Ground, harm: str) -> None:
    with ground.write() as unit:
        digest = media.keep(unit, media.ready(GREY, "snapshot")).digest
        other = media.keep(unit, media.ready(drawn([[1, 2]]), "snapshot")).digest
    place, another = (media._place(unit, one) for one in (digest, other))
    raw = place.read_bytes()
    if harm == "gone":
        place.unlink()
    elif harm == "swapped":
        place.write_bytes(another.read_bytes())
    else:
        place.write_bytes(raw[:-1] if harm == "cut" else raw[:-1] + bytes([raw[-1] ^ 1]))
    with ground.read() as unit, pytest.raises(media.MediaBroken):
        media.opened(unit, digest)

"""Pictures are kept once, encrypted, by their digest (cloud/book/media.py)."""

import hashlib
import os
import time
from typing import Any

import pytest

from cloud.base.unit import Ground
from cloud.book import media
from simulator.world.jpeg import jpeg as drawn
from tests.cloud.book.test_exif import PLACE, taken
from tests.cloud.conftest import MORNING, HandClock

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


def test_bytes_that_were_written_beforehand_are_named_if_the_picture_is_kept_and_go_if_not(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    with media.on_disk(ground, media.ready(GREY, "site")) as made:
        assert len(files(ground)) == 2
    assert files(ground) == []
    with media.on_disk(ground, media.ready(GREY, "site")) as made, ground.write() as unit:
        monkeypatch.setattr(unit.keys, "seal_file", None)  # it was sealed before
        digest = media.keep(unit, made).digest
    monkeypatch.undo()
    assert {file.name for file in files(ground)} == {digest, f"{digest}.small"}
    with ground.read() as unit:
        assert media.opened(unit, digest) == GREY
        assert media.opened(unit, digest, small=True)


DAYS = {"joint": 90, "site": 365}


@pytest.mark.parametrize(
    ("first", "second", "after_days", "gone_after"),
    [("joint", "site", 10, 375), ("site", "joint", 10, 365), ("joint", "joint", 80, 170)],
)
def test_a_picture_that_comes_again_stays_as_long_as_whichever_wants_it_longest(
    either: Ground, clock: HandClock, first: str, second: str, after_days: int, gone_after: int
) -> None:
    def left_on(day: int) -> bool:
        clock.now = MORNING + day * 86_400_000 + 1
        with either.write() as unit:
            found = [
                row
                for kind, days in DAYS.items()
                for row in media.outdated(unit, kind, unit.now - days * 86_400_000, 9)
            ]
        return not found

    for day, kind in ((0, first), (after_days, second)):
        clock.now = MORNING + day * 86_400_000
        with either.write() as unit:
            row = media.keep(unit, media.ready(GREY, kind))
    assert (row.kind, row.made_at) == (first, MORNING)  # what it was, and when it came
    assert left_on(gone_after - 1) and not left_on(gone_after)


def test_a_hold_that_comes_while_pictures_are_looked_through_is_respected(
    either: Ground, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL the look and the hold may cross: what is found is asked about once more."""
    with either.write() as unit:
        digest = media.keep(unit, media.ready(GREY, "joint")).digest
    clock.forward(91 * 86_400)
    with either.write() as unit:
        real = unit.db.scalars

        def crossed(query: Any) -> Any:
            found = list(real(query))
            monkeypatch.setattr(unit.db, "scalars", real)
            media.hold(unit, [digest], "alarm:a")
            return found

        monkeypatch.setattr(unit.db, "scalars", crossed)
        assert media.outdated(unit, "joint", unit.now - 90 * 86_400_000, 9) == []


def test_files_without_a_row_go_after_their_time_and_nothing_else(ground: Ground) -> None:
    """Of a unit that was rolled back, and of a process killed while it wrote."""
    ground.clock = clock = HandClock(round(time.time() * 1000) - 3_600_000)
    with ground.write() as unit:
        kept = media.keep(unit, media.ready(GREY, "site")).digest
    with pytest.raises(RuntimeError), ground.write() as unit:
        lost = media.keep(unit, media.ready(drawn([[1, 2]]), "site")).digest
        raise RuntimeError
    folder = ground.settings.data_dir / "media" / lost[:2]
    (folder / "fresh-0123456789abcdef").write_bytes(b"half a picture")
    before = folder / f"{lost[:2]}{'0' * 62}"
    before.write_bytes(b"of another database")
    os.utime(before, (0, 0))
    clock.forward(2 * 3600)

    def cleared(until: int) -> int:
        with ground.write() as unit:
            return sum(media.clear(unit, part, until) for part in range(media.PARTS))

    assert cleared(clock.now - 7_200_000) == 0  # they may be on their way to a row
    assert cleared(clock.now) == 3  # the picture, the small one, and the half one
    left = {file.name for file in files(ground)}
    assert left == {kept, f"{kept}.small", before.name}


def test_without_a_picture_that_is_known_no_file_is_judged(ground: Ground) -> None:
    with pytest.raises(RuntimeError), ground.write() as unit:
        media.keep(unit, media.ready(GREY, "site"))
        raise RuntimeError
    with ground.write() as unit:
        assert not any(media.clear(unit, part, 1 << 60) for part in range(media.PARTS))


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

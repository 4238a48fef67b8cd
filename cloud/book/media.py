"""Pictures: kept by the digest of what they show, encrypted, each once.

The bytes lie in {data_dir}/media, sealed with a key of their own; the row says what they are.
Beside each lies a small one for lists. Who may look is a matter of the row that names the picture.
A picture goes after the time of its kind (`outdated`, `erase`), unless a case, an alarm or an
export holds it: a legal hold. One that comes again, as another kind perhaps, stays as long as
whichever wants it longest. Files that have no row go too (`clear`).
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import Index, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base import files
from cloud.base.database import Base, insert_missing
from cloud.base.keys import SealBroken
from cloud.base.unit import Ground, Unit
from cloud.book import jpeg, thumbnails
from cloud.book.jpeg import Picture

_PURPOSE = "media"
_SMALL = ".small"
_DIGEST_SIGNS = 64
PARTS = 256  # folders, by the first two signs of the digest
_DAY_MS = 86_400_000
# By kind: the most bytes, the most points. A phone's camera makes up to 50 million points.
LIMITS = {
    "snapshot": (jpeg.BYTES_MAX, jpeg.PIXELS_MAX),
    "site": (12 << 20, 64_000_000),
    "joint": (12 << 20, 64_000_000),
    "permit": (12 << 20, 64_000_000),
    "fitting": (12 << 20, 64_000_000),  # of an installation or repair, before and after
    "signature": (1 << 20, 2_000_000),
}


class MediaBroken(Exception):
    """The bytes of a picture are gone, damaged, or sealed with another key."""


class Media(Base):
    """One picture. `digest` = SHA-256 of the clear bytes, hex; sizes in bytes and points.

    `lat`, `lng` = where it was taken, in millionths of a degree, where the file said so.
    `kept_as`, `kept_at` = the kind whose time counts, and since when.
    """

    __tablename__ = "media"

    digest: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    type: Mapped[str]
    size: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    made_at: Mapped[int] = mapped_column(index=True)
    lat: Mapped[int | None]
    lng: Mapped[int | None]
    kept_as: Mapped[str] = mapped_column(server_default="")
    kept_at: Mapped[int] = mapped_column(server_default="0")


Index("ix_media_kept", Media.kept_as, Media.kept_at)


class MediaHold(Base):
    """A legal hold: this picture stays. `reason` = what holds it, as `alarm:id` or `export:id`."""

    __tablename__ = "media_hold"

    digest: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[int]


@dataclass(frozen=True)
class Ready:
    """A picture that was judged and made small: all that is slow is done. `files` = its bytes on
    the disk, by the names that they are to have."""

    kind: str
    picture: Picture
    small: bytes
    digest: str
    files: Mapping[str, Path] = field(default_factory=dict)


def ready(raw: bytes, kind: str) -> Ready:
    """Judge a JPEG by its content; jpeg.BadPicture. Slow for large ones: not inside a unit."""
    picture = jpeg.read(raw, *LIMITS[kind])
    digest = hashlib.sha256(picture.data).hexdigest()
    return Ready(kind, picture, thumbnails.small(picture.data), digest)


@contextmanager
def on_disk(ground: Ground, made: Ready) -> Iterator[Ready]:
    """The same with its bytes on the disk, so that `keep` has only to name them: a disk takes
    longer than whoever writes next should wait. What was not kept goes at the end."""
    with ExitStack() as stack:
        names = {
            name: stack.enter_context(files.beside(*_sealed(ground, name, clear)))
            for name, clear in _named(made)
        }
        yield replace(made, files=names)


def keep(unit: Unit, made: Ready) -> Media:
    """Keep a picture; the same one twice is one.

    The bytes are on the disk before the row can be committed.
    """
    picture, digest = made.picture, made.digest
    row = unit.db.get(Media, digest, with_for_update=True, populate_existing=True)
    if row is None or not _place(unit, digest).is_file():
        _write(unit, made)
    if row is not None:
        _stay(unit, row, made.kind)
    else:
        row = Media(
            digest=digest,
            kind=made.kind,
            type="image/jpeg",
            size=len(picture.data),
            width=picture.width,
            height=picture.height,
            made_at=unit.now,
            lat=picture.beside.lat,
            lng=picture.beside.lng,
            kept_as=made.kind,
            kept_at=unit.now,
        )
        unit.db.add(row)
    unit.db.flush()
    return row


def _stay(unit: Unit, row: Media, kind: str) -> None:
    """It came again: the longer time counts. A document has no end."""
    days = unit.settings.picture_days
    if row.kept_as in days:
        times = ((row.kept_at, row.kept_as), (unit.now, kind))
        row.kept_at, row.kept_as = max(times, key=lambda one: one[0] + days[one[1]] * _DAY_MS)


def keep_document(unit: Unit, pdf: bytes) -> str:
    """Keep a document that we made (PDF) as pictures are kept, but without end; its digest."""
    digest = hashlib.sha256(pdf).hexdigest()
    if unit.db.get(Media, digest) is None:
        files.put(*_sealed(unit, digest, pdf))
        told = {"kind": "document", "type": "application/pdf", "size": len(pdf)}
        times = {"made_at": unit.now, "kept_as": "document", "kept_at": unit.now}
        unit.db.add(Media(digest=digest, width=0, height=0, **told, **times))
        unit.db.flush()
    return digest


def get(unit: Unit, digest: str) -> Media | None:
    return unit.db.get(Media, digest)


def opened(unit: Unit, digest: str, *, small: bool = False) -> bytes:
    """The picture in clear, or the small one of it; MediaBroken."""
    name = digest + _SMALL if small else digest
    try:
        raw = _place(unit, name).read_bytes()
        return unit.keys.open_file(raw, _PURPOSE, name)
    except (OSError, SealBroken) as error:
        raise MediaBroken(digest) from error


def hold(unit: Unit, digests: Iterable[str], reason: str) -> None:
    """Keep these pictures beyond their time; twice for the same reason is once."""
    rows = [{"digest": one, "reason": reason, "at": unit.now} for one in sorted(set(digests))]
    if rows:
        theirs = select(Media.digest).where(Media.digest.in_([one["digest"] for one in rows]))
        unit.db.execute(theirs.order_by(Media.digest).with_for_update())  # before who erases
        insert_missing(unit.db, MediaHold, rows)


def held(unit: Unit, digest: str) -> list[str]:
    """The reasons for which a picture stays."""
    rows = select(MediaHold.reason).where(MediaHold.digest == digest)
    return list(unit.db.scalars(rows.order_by(MediaHold.reason)))


def date_back(unit: Unit) -> None:
    """Give a time to pictures kept by an older process, which knew of none, while newer ones were
    at work already."""
    undated = update(Media).where(Media.kept_as == "")
    unit.db.execute(undated.values(kept_as=Media.kind, kept_at=Media.made_at))


def outdated(unit: Unit, kind: str, before: int, limit: int) -> list[Media]:
    """The pictures kept as this kind since before this moment, that nothing holds; they are ours
    until the end of the unit."""
    holds = select(MediaHold.digest).where(MediaHold.digest == Media.digest)
    old = select(Media).where(Media.kept_as == kind, Media.kept_at < before, ~holds.exists())
    free = old.order_by(Media.kept_at).limit(limit).with_for_update(skip_locked=True)
    rows = list(unit.db.scalars(free))
    # Once more, now that they are ours: a hold may have come while they were looked for.
    held = select(MediaHold.digest).where(MediaHold.digest.in_([row.digest for row in rows]))
    late = set(unit.db.scalars(held)) if rows else set()
    return [row for row in rows if row.digest not in late]


def erase(unit: Unit, row: Media) -> None:
    """The bytes go first: a row without them is found again at once, bytes without a row late."""
    for name in (row.digest, row.digest + _SMALL):
        _place(unit, name).unlink(missing_ok=True)
    unit.db.delete(row)
    unit.db.flush()


def clear(unit: Unit, part: int, before: int) -> int:
    """Remove the files of one of PARTS folders that have no row; how many.

    They come from units that were rolled back and processes that were killed. Only what was
    written before this moment (epoch ms) goes, a unit may be on its way, and only what came after
    the oldest picture that is known: another database's pictures are not judged by this one.
    """
    name = f"{part:02x}"
    oldest = unit.db.scalar(select(func.min(Media.made_at)))
    if oldest is None:
        return 0
    ours = Media.digest.between(name, f"{name}g")
    known = set(unit.db.scalars(select(Media.digest).where(ours)))
    folder = _folder(unit, name)
    unknown = [file for file in folder.glob("*") if file.name[:_DIGEST_SIGNS] not in known]
    strays = [file for file in unknown if oldest < file.stat().st_mtime * 1000 < before]
    for file in strays:
        file.unlink(missing_ok=True)
    return len(strays)


def _folder(there: Unit | Ground, name: str) -> Path:
    return Path(there.settings.data_dir) / "media" / name[:2]


def _place(there: Unit | Ground, name: str) -> Path:
    return _folder(there, name) / name


def _named(made: Ready) -> tuple[tuple[str, bytes], ...]:
    return (made.digest, made.picture.data), (made.digest + _SMALL, made.small)


def _sealed(there: Unit | Ground, name: str, clear: bytes) -> tuple[Path, bytes]:
    return _place(there, name), there.keys.seal_file(clear, _PURPOSE, name)


def _write(unit: Unit, made: Ready) -> None:
    for name, clear in _named(made):
        if name in made.files:
            made.files[name].replace(_place(unit, name))
        else:
            files.put(*_sealed(unit, name, clear))
    if made.files:
        files.keep_names(_folder(unit, made.digest))

"""Pictures: kept by the digest of what they show, encrypted, each once.

The bytes lie in {data_dir}/media, sealed with a key of their own; the row says what they are.
Beside each lies a small one for lists. Who may look is a matter of the row that names the picture.
A picture goes after the time of its kind (`outdated`, `erase`), unless a case, an alarm or an
export holds it: a legal hold.
"""

import hashlib
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base, insert_missing
from cloud.base.keys import SealBroken
from cloud.base.unit import Unit
from cloud.book import jpeg, thumbnails
from cloud.book.jpeg import Picture

_PURPOSE = "media"
_SMALL = ".small"
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


class MediaHold(Base):
    """A legal hold: this picture stays. `reason` = what holds it, as `alarm:id` or `export:id`."""

    __tablename__ = "media_hold"

    digest: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[int]


@dataclass(frozen=True)
class Ready:
    """A picture that was judged and made small: all that is slow is done."""

    kind: str
    picture: Picture
    small: bytes
    digest: str


def ready(raw: bytes, kind: str) -> Ready:
    """Judge a JPEG by its content; jpeg.BadPicture. Slow for large ones: not inside a unit."""
    picture = jpeg.read(raw, *LIMITS[kind])
    digest = hashlib.sha256(picture.data).hexdigest()
    return Ready(kind, picture, thumbnails.small(picture.data), digest)


def keep(unit: Unit, made: Ready) -> Media:
    """Keep a picture; the same one twice is one.

    The bytes are on the disk before the row can be committed.
    """
    picture, digest = made.picture, made.digest
    row = unit.db.get(Media, digest)
    if row is not None and _place(unit, digest).is_file():
        return row
    _write(unit, digest, picture.data)
    _write(unit, digest + _SMALL, made.small)
    if row is None:
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
        )
        unit.db.add(row)
        unit.db.flush()
    return row


def keep_document(unit: Unit, pdf: bytes) -> str:
    """Keep a document that we made (PDF) as pictures are kept, but without end; its digest."""
    digest = hashlib.sha256(pdf).hexdigest()
    if unit.db.get(Media, digest) is None:
        _write(unit, digest, pdf)
        told = {"kind": "document", "type": "application/pdf", "size": len(pdf)}
        unit.db.add(Media(digest=digest, width=0, height=0, made_at=unit.now, **told))
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
        insert_missing(unit.db, MediaHold, rows)


def held(unit: Unit, digest: str) -> list[str]:
    """The reasons for which a picture stays."""
    rows = select(MediaHold.reason).where(MediaHold.digest == digest)
    return list(unit.db.scalars(rows.order_by(MediaHold.reason)))


def outdated(unit: Unit, kind: str, before: int, limit: int) -> list[Media]:
    """The pictures of a kind that came before this moment and that nothing holds."""
    holds = select(MediaHold.digest).where(MediaHold.digest == Media.digest)
    old = (Media.made_at < before, Media.kind == kind, ~holds.exists())
    return list(unit.db.scalars(select(Media).where(*old).order_by(Media.made_at).limit(limit)))


def erase(unit: Unit, row: Media) -> None:
    """The bytes go first: a row without them is found again, bytes without a row would not be."""
    for name in (row.digest, row.digest + _SMALL):
        _place(unit, name).unlink(missing_ok=True)
    unit.db.delete(row)
    unit.db.flush()


def _place(unit: Unit, name: str) -> Path:
    return Path(unit.settings.data_dir) / "media" / name[:2] / name


def _write(unit: Unit, name: str, clear: bytes) -> None:
    place, raw = _place(unit, name), unit.keys.seal_file(clear, _PURPOSE, name)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = place.with_name(f"fresh-{secrets.token_hex(8)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(place)

"""Pictures: kept by the digest of what they show, encrypted, each once.

The bytes lie in {data_dir}/media, sealed with a key of their own; the row says what they are.
Who may look is a matter of the row that names the picture. Retention and thumbnails come later.
"""

import hashlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.unit import Unit
from cloud.book import jpeg

_NONCE = 12


class MediaBroken(Exception):
    """The bytes of a picture are gone, damaged, or sealed with another key."""


class Media(Base):
    """One picture. `digest` = SHA-256 of the clear bytes, hex; sizes in bytes and points."""

    __tablename__ = "media"

    digest: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    type: Mapped[str]
    size: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    made_at: Mapped[int] = mapped_column(index=True)


def keep(unit: Unit, raw: bytes, kind: str) -> Media:
    """Keep a JPEG; the same picture twice is one. jpeg.BadPicture.

    The bytes are on the disk before the row can be committed.
    """
    picture = jpeg.read(raw)
    digest = hashlib.sha256(picture.data).hexdigest()
    row = unit.db.get(Media, digest)
    if row is not None and _place(unit, digest).is_file():
        return row
    _write(_place(unit, digest), _sealed(unit, digest, picture.data))
    if row is None:
        row = Media(
            digest=digest,
            kind=kind,
            type="image/jpeg",
            size=len(picture.data),
            width=picture.width,
            height=picture.height,
            made_at=unit.now,
        )
        unit.db.add(row)
        unit.db.flush()
    return row


def get(unit: Unit, digest: str) -> Media | None:
    return unit.db.get(Media, digest)


def opened(unit: Unit, digest: str) -> bytes:
    """The picture in clear; MediaBroken."""
    try:
        raw = _place(unit, digest).read_bytes()
        clear = _box(unit).decrypt(raw[:_NONCE], raw[_NONCE:], digest.encode())
    except (OSError, InvalidTag, ValueError) as error:
        raise MediaBroken(digest) from error
    return clear


def _place(unit: Unit, digest: str) -> Path:
    return Path(unit.settings.data_dir) / "media" / digest[:2] / digest


def _box(unit: Unit) -> AESGCM:
    return AESGCM(unit.keys.derive("media"))


def _sealed(unit: Unit, digest: str, clear: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + _box(unit).encrypt(nonce, clear, digest.encode())


def _write(place: Path, raw: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = place.with_name(f"fresh-{secrets.token_hex(8)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(place)

"""Upgrade packages `HMU1` (protocol page, section 4): what is in one, and the store of them.

The terminal trusts only the signature; what is checked here keeps a bad file from being offered
to thousands. The bytes lie in {data_dir}/packages, named by their SHA-256.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base import files
from cloud.base.database import Base
from cloud.base.settings import Settings
from cloud.base.unit import Unit
from cloud.book import audit
from cloud.link.strangers import NotReadable, read_object, text, whole

PACKAGE_MAX = 1024 * 1024
_MANIFEST_MAX = 8192
_SIGNATURE = 64
_NUMBERS = ("release", "min_release", "expires")
_TEXTS = ("version", "hw")


class BadPackage(ValueError):
    """This file is no package that a terminal would take; the text says why."""


class Package(Base):
    """One package in the store. `digest` = SHA-256 of the whole file, hex."""

    __tablename__ = "package"

    digest: Mapped[str] = mapped_column(primary_key=True)
    release: Mapped[int]
    version: Mapped[str]
    hw: Mapped[str]
    min_release: Mapped[int]
    expires: Mapped[int]
    size: Mapped[int]
    added_at: Mapped[int]


@dataclass(frozen=True)
class Contents:
    """What a package says of itself; its form and the digests of its files were checked."""

    manifest: dict[str, Any]
    signed: bytes
    signature: bytes


def read(raw: bytes) -> Contents:
    """The package in `raw`; BadPackage."""
    if len(raw) > PACKAGE_MAX:
        raise BadPackage("larger than 1 MB")
    if raw[:4] != b"HMU1":
        raise BadPackage("it does not begin with HMU1")
    length = int.from_bytes(raw[4:8], "big")
    files_at = 8 + length + _SIGNATURE
    if not 0 < length <= _MANIFEST_MAX or len(raw) < files_at:
        raise BadPackage("the length of the manifest is wrong")
    signed = raw[8 : 8 + length]
    manifest = _manifest(signed)
    _files(manifest["files"], memoryview(raw)[files_at:])
    return Contents(manifest, signed, raw[8 + length : files_at])


def add(unit: Unit, raw: bytes) -> Package:
    """Put a package into the store; the same one twice is one. BadPackage."""
    contents = read(raw)
    if unit.settings.release_key:
        _prove(contents, unit.settings.release_key)
    digest = hashlib.sha256(raw).hexdigest()
    row = unit.db.get(Package, digest)
    if row is None:
        named = {name: contents.manifest[name] for name in (*_NUMBERS, *_TEXTS)}
        row = Package(digest=digest, size=len(raw), added_at=unit.now, **named)
        unit.db.add(row)
        unit.db.flush()
        told = {"version": row.version, "release": row.release}
        audit.write(unit, "system", "system", "package-added", digest, told)
    files.put(path(unit.settings, digest), raw)
    return row


def get(unit: Unit, digest: str) -> Package | None:
    return unit.db.get(Package, digest)


def newest(unit: Unit) -> Package | None:
    """The package with the highest release."""
    return next(iter(every(unit)), None)


def every(unit: Unit) -> list[Package]:
    """What is in the store, the highest release first."""
    rows = select(Package).order_by(Package.release.desc(), Package.added_at.desc())
    return list(unit.db.scalars(rows))


def path(settings: Settings, digest: str) -> Path:
    """Where the bytes of a package lie."""
    return Path(settings.data_dir) / "packages" / digest


def _manifest(signed: bytes) -> dict[str, Any]:
    try:
        manifest = read_object(signed)
    except NotReadable as reason:
        raise BadPackage(f"the manifest is not readable: {reason}") from None
    for name in _NUMBERS:
        if whole(manifest, name) is None:
            raise BadPackage(f"the manifest lacks {name}")
    for name in _TEXTS:
        if not text(manifest, name):
            raise BadPackage(f"the manifest lacks {name}")
    if not isinstance(manifest.get("files"), list) or not manifest["files"]:
        raise BadPackage("the manifest names no files")
    return manifest


def _files(files: list[Any], rest: memoryview) -> None:
    at = 0
    for one in files:
        size = whole(one, "size") if isinstance(one, dict) else None
        if size is None or not isinstance(one.get("path"), str):
            raise BadPackage("a file in the manifest has no path or size")
        if hashlib.sha256(rest[at : at + size]).hexdigest() != one.get("sha256"):
            raise BadPackage(f"the contents of {one['path'][:64]!r} are damaged")
        at += size
    if at != len(rest):
        raise BadPackage("there is something behind the last file")


def _prove(contents: Contents, key_hex: str) -> None:
    try:
        point = b"\x04" + bytes.fromhex(key_hex)
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        raise BadPackage("HANMA_RELEASE_KEY is no P-256 key (64 bytes, hex)") from None
    half = _SIGNATURE // 2
    r = int.from_bytes(contents.signature[:half], "big")
    s = int.from_bytes(contents.signature[half:], "big")
    try:
        signature = utils.encode_dss_signature(r, s)
        key.verify(signature, contents.signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise BadPackage("it is not signed with the release key") from None


def described(row: Package) -> str:
    """One line of JSON for the command line."""
    names = ("digest", "release", "version", "hw", "min_release", "expires", "size")
    return json.dumps({name: getattr(row, name) for name in names})

"""The upgrade package HMU1: made, signed, and read back (protocol page, section 4)."""

import hashlib
import json
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

MAGIC = b"HMU1"
MANIFEST_MAX = 8_192
PACKAGE_MAX = 1_048_576
FILES_MAX = 128
LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")


class BadPackage(Exception):
    """The text says what is wrong, Chinese first."""


@dataclass(frozen=True)
class About:
    """What the manifest says of the whole. expires: epoch milliseconds, UTC."""

    release: int
    version: str
    hw: str
    min_release: int
    expires: int


def make(about: About, files: dict[str, bytes], key: ec.EllipticCurvePrivateKey) -> bytes:
    """The package of `files` (bytes by path) in the order of their paths; BadPackage."""
    _check(about, files)
    manifest = json.dumps(
        {
            "release": about.release,
            "version": about.version,
            "hw": about.hw,
            "min_release": about.min_release,
            "expires": about.expires,
            "files": [
                {"path": path, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
                for path, data in sorted(files.items())
            ],
        },
        sort_keys=True,
        separators=(",", ":"),
    ).encode()
    if len(manifest) > MANIFEST_MAX:
        raise BadPackage("文件太多，清单超过 8 kB。 The manifest is longer than 8 kB.")
    head = MAGIC + len(manifest).to_bytes(4, "big") + manifest + sign(manifest, key)
    return head + b"".join(data for _, data in sorted(files.items()))


def sign(text: bytes, key: ec.EllipticCurvePrivateKey) -> bytes:
    """r‖s, 64 bytes."""
    r, s = utils.decode_dss_signature(key.sign(text, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def read(package: bytes, key: ec.EllipticCurvePublicKey) -> tuple[dict, dict[str, bytes]]:
    """(manifest, bytes by path) of a package that is what its signature says; BadPackage."""
    length = int.from_bytes(package[4:8], "big")
    if package[:4] != MAGIC or not 0 < length <= MANIFEST_MAX or len(package) < 72 + length:
        raise BadPackage("不是升级包。 This is no upgrade package.")
    manifest, signature = package[8 : 8 + length], package[8 + length : 72 + length]
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    try:
        key.verify(utils.encode_dss_signature(r, s), manifest, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise BadPackage("签名不符。 The signature does not fit the key.") from None
    told, files, at = json.loads(manifest), {}, 72 + length
    for file in told["files"]:
        data = package[at : at + file["size"]]
        at += file["size"]
        if hashlib.sha256(data).hexdigest() != file["sha256"]:
            raise BadPackage(f"文件损坏：{file['path']}。 A file is damaged: {file['path']}.")
        files[file["path"]] = data
    if at != len(package):
        raise BadPackage("长度不符。 The length is not what the manifest says.")
    return told, files


def _check(about: About, files: dict[str, bytes]) -> None:
    """What no terminal would take is not made."""
    for name in ("release", "min_release", "expires"):
        if not 0 <= getattr(about, name) < 1 << 53:
            raise BadPackage(f"{name} 超出范围。 {name} is out of range.")
    for name in ("version", "hw"):
        if not _is_word(getattr(about, name)):
            raise BadPackage(
                f"{name} 应为 1–32 个字母、数字、点或横线。 "
                f"{name} must be 1 to 32 letters, digits, dots or dashes."
            )
    if about.min_release >= about.release:
        raise BadPackage(
            "min_release 必须小于 release。 min_release must be below the release itself."
        )
    if not files or len(files) > FILES_MAX:
        raise BadPackage("文件数应为 1–128。 A package holds 1 to 128 files.")
    for path in files:
        if not is_path(path):
            raise BadPackage(f"路径不允许：{path}。 This path is not allowed: {path}.")
    if sum(map(len, files.values())) > PACKAGE_MAX:
        raise BadPackage("升级包超过 1 MB。 The package is larger than 1 MB.")


def is_path(path: str) -> bool:
    """Relative, plain letters, no part that begins with a dot, never the loader's first file."""
    parts = path.split("/")
    if len(path) > 64 or len(parts) > 4 or parts[-1].lower() in ("boot.py", "boot.mpy"):
        return False
    return all(_is_word(part) and part[0] != "." for part in parts)


def _is_word(text: str) -> bool:
    return 0 < len(text) <= 32 and set(text) <= LETTERS

"""The release key: its private half in one PEM file, its public half what the terminals get."""

import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec


class BadKey(Exception):
    """The text says what is wrong, Chinese first; never what is in the file."""


def create(path: Path) -> Path:
    """Makes a pair: `path` (PEM, readable by its owner alone) and `path`.pub; the latter's path.

    Neither is ever overwritten: terminals in the field trust the old one.
    """
    public = public_path(path)
    for file in (path, public):
        if file.exists():
            raise BadKey(f"{file} 已存在，不会覆盖。 {file} exists and is not overwritten.")
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    public.write_text(raw(key.public_key()).hex() + "\n")
    return public


def public_path(path: Path) -> Path:
    return path.with_name(path.name + ".pub")


def load(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise BadKey(f"{path} 不是 P-256 私钥（PEM）。 {path} is no private P-256 key in PEM.")
    return key


def load_public(path: Path) -> bytes:
    """The 64 bytes (x‖y) that go into a terminal's store as `release_key`."""
    try:
        key = bytes.fromhex(path.read_text().strip())
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\4" + key)
    except ValueError:
        raise BadKey(f"{path} 不是发布公钥。 {path} is no public release key.") from None
    return key


def raw(key: ec.EllipticCurvePublicKey) -> bytes:
    """x‖y, 64 bytes."""
    numbers = key.public_numbers()
    return numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")

"""The platform's own signature (Ed25519): under checkpoints and evidence, for anybody to check."""

import hashlib
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cloud.base.keys import KeysBroken, make_once


class Signer:
    """The private key under data_dir/keys. Never shows it in its repr.

    `public` = 32 bytes, hex; `fingerprint` = SHA-256 of them, hex.
    """

    def __init__(self, seed: bytes) -> None:
        if len(seed) != 32:
            raise KeysBroken("the platform's key must have 32 bytes")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw().hex()
        self.fingerprint = fingerprint_of(self.public)

    @classmethod
    def load(cls, data_dir: Path) -> Self:
        """The key in keys/platform.key, made when first needed (0600); KeysBroken."""
        path = Path(data_dir) / "keys" / "platform.key"
        if not path.exists():
            make_once(path)
        return cls(path.read_bytes())

    def sign(self, purpose: str, text: str) -> str:
        """The signature, hex. What is signed for one purpose is good for no other."""
        return self._key.sign(_framed(purpose, text)).hex()

    def __repr__(self) -> str:
        return f"<Signer {self.fingerprint[:16]}>"


def good(public: str, purpose: str, text: str, signature: str) -> bool:
    """Whether the key `public` (hex) made this signature; whatever is malformed is not good."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(signature), _framed(purpose, text))
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def fingerprint_of(public: str) -> str:
    """SHA-256 of a public key given as hex; ValueError if it is not hex."""
    return hashlib.sha256(bytes.fromhex(public)).hexdigest()


def _framed(purpose: str, text: str) -> bytes:
    return f"hanma {purpose}\n{text}".encode()

"""The platform's own signature (Ed25519): under checkpoints and evidence, for anybody to check.

When a fresh key takes over (`renew`), both sign that it does and the one before is destroyed; what
it had signed until then stays ours (`Signer.ours`).
"""

import hashlib
import json
import secrets
from pathlib import Path
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cloud.base import files
from cloud.base.keys import KeysBroken, make_once

KEY, _SUCCESSION = "platform.key", "succession.json"
FILES = (KEY, _SUCCESSION)
_PURPOSE = "succession"
_UNDERWAY_MS = 5_000  # another process may be signing at this moment, by a clock of its own


class Signer:
    """The private key under data_dir/keys. Never shows it in its repr.

    `public` = 32 bytes, hex; `fingerprint` = SHA-256 of them, hex. `earlier` = until when (epoch
    ms) each public key before it was the platform's, by what both had `told`.
    """

    def __init__(self, seed: bytes, told: list[dict[str, Any]] | None = None) -> None:
        if len(seed) != 32:
            raise KeysBroken("the platform's key must have 32 bytes")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw().hex()
        self.fingerprint = fingerprint_of(self.public)
        self.told = told or []
        self.earlier = earlier(self.public, self.told)

    @classmethod
    def load(cls, data_dir: Path) -> Self:
        """The key in keys/platform.key, made when first needed (0600); KeysBroken."""
        path = Path(data_dir) / "keys" / KEY
        if not path.exists():
            make_once(path)
        return cls(path.read_bytes(), _told(path.parent))

    def ours(self, public: str, at: int) -> bool:
        """Whether this key (hex) was the platform's at that time."""
        return public == self.public or at <= self.earlier.get(public, -1)

    def sign(self, purpose: str, text: str) -> str:
        """The signature, hex. What is signed for one purpose is good for no other."""
        return self._key.sign(_framed(purpose, text)).hex()

    def __repr__(self) -> str:
        return f"<Signer {self.fingerprint[:16]}>"


def renew(data_dir: Path, now: int) -> Signer:
    """A fresh key from now on. The one before says so with its last signature, and is gone.

    Killed in between, the old key goes on: what it said of a key that never came counts nothing.
    """
    folder, old = Path(data_dir) / "keys", Signer.load(data_dir)
    seed = secrets.token_bytes(32)
    new = Signer(seed)
    told: dict[str, Any] = {"at": now + _UNDERWAY_MS, "from": old.public, "to": new.public}
    told["given"], told["taken"] = (one.sign(_PURPOSE, _said(told)) for one in (old, new))
    files.put(folder / _SUCCESSION, json.dumps([*_told(folder), told], indent=1).encode())
    files.put(folder / KEY, seed)
    return Signer.load(data_dir)


def good(public: str, purpose: str, text: str, signature: str) -> bool:
    """Whether the key `public` (hex) made this signature; whatever is malformed is not good."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(signature), _framed(purpose, text))
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def earlier(public: str, told: list[dict[str, Any]]) -> dict[str, int]:
    """Back from this key, as far as both of each two said so: until when each was in use."""
    found: dict[str, int] = {}
    for one in reversed(told):
        before, said = str(one["from"]), _said(one)
        given = good(before, _PURPOSE, said, str(one.get("given")))
        if one["to"] == public and given and good(public, _PURPOSE, said, str(one.get("taken"))):
            public = before
            found[public] = int(one["at"])
    return found


def fingerprint_of(public: str) -> str:
    """SHA-256 of a public key given as hex; ValueError if it is not hex."""
    return hashlib.sha256(bytes.fromhex(public)).hexdigest()


def _framed(purpose: str, text: str) -> bytes:
    return f"hanma {purpose}\n{text}".encode()


def _said(told: dict[str, Any]) -> str:
    return f"{told['from']} {told['to']} {told['at']}"


def _told(folder: Path) -> list[dict[str, Any]]:
    """Every succession that was told, the oldest first; KeysBroken."""
    try:
        told: list[dict[str, Any]] = json.loads((folder / _SUCCESSION).read_text("utf-8"))
        for one in told:
            _said(one)
        return told
    except FileNotFoundError:
        return []
    except (ValueError, TypeError, KeyError) as error:
        raise KeysBroken(f"{_SUCCESSION} is damaged") from error

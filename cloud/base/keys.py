"""The installation's keys: one master key in a file, everything else derived from it."""

import base64
import hmac
import os
import secrets
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


class KeysBroken(Exception):
    """The key file is not 32 bytes: it was damaged or is not one of ours."""


class SealBroken(Exception):
    """A sealed text is damaged, was sealed for another purpose, or with another key."""


class Keys:
    """Derived keys of one master key. Never shows key material in its repr."""

    def __init__(self, master: bytes) -> None:
        if len(master) != 32:
            raise KeysBroken("the master key must have 32 bytes")
        self._master = master
        self.id = self.derive("id").hex()[:8]
        self.csrf = self.derive("csrf")
        self.session = self.derive("session")
        self._blind = self.derive("blind")
        self._boxes: dict[str, AESGCM] = {}

    @classmethod
    def load(cls, data_dir: Path) -> Self:
        """The keys under data_dir/keys, made at the first start (0600); KeysBroken if unreadable.

        Whoever loses this file loses what is sealed: back it up apart from the database.
        """
        path = Path(data_dir) / "keys" / "master.key"
        if not path.exists():
            make_once(path)
        return cls(path.read_bytes())

    def derive(self, label: str) -> bytes:
        """32 bytes for one use, told apart by `label`."""
        return hmac.digest(self._master, label.encode(), "sha256")

    def seal(self, clear: bytes, purpose: str) -> str:
        """Encrypt (AES-256-GCM); the text names the key, and opens only for the same purpose."""
        nonce = os.urandom(_NONCE)
        box = self._box(purpose).encrypt(nonce, clear, purpose.encode())
        return f"{self.id}.{base64.urlsafe_b64encode(nonce + box).decode()}"

    def open(self, sealed: str, purpose: str) -> bytes:
        """What was sealed for this purpose; SealBroken if it was not."""
        key_id, _, body = sealed.partition(".")
        if key_id != self.id:
            raise SealBroken(f"sealed with key {key_id!r}, this installation has {self.id}")
        try:
            raw = base64.urlsafe_b64decode(body)
            return self._box(purpose).decrypt(raw[:_NONCE], raw[_NONCE:], purpose.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken(f"not sealed for {purpose!r}, or damaged") from error

    def blind(self, text: str) -> str:
        """A keyed hash (hex) by which a sealed field is found again without being opened."""
        return hmac.digest(self._blind, text.encode(), "sha256").hex()

    def _box(self, purpose: str) -> AESGCM:
        """Purposes are few and fixed; each one's key is derived once."""
        box = self._boxes.get(purpose)
        if box is None:
            box = self._boxes[purpose] = AESGCM(self.derive(f"seal:{purpose}"))
        return box

    def __repr__(self) -> str:
        return f"<Keys {self.id}>"


def make_once(path: Path) -> None:
    """32 random bytes in a file of its own (0600), never over one that is there."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"fresh-{secrets.token_hex(8)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        # A link never replaces: of two processes starting at once, both read the winner's key.
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()

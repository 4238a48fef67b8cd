"""The installation's keys: a master key in a file, later ones beside it, the rest derived."""

import base64
import hmac
import logging
import os
import re
import secrets
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cloud.base import files

log = logging.getLogger(__name__)

_NONCE = 12
_MARK = b"HMkey"
_MARKED = len(_MARK) + 4
_NEW = re.compile(r"(?:data|web)-\d{4}\.key")
FIRST = "master.key"


class KeysBroken(Exception):
    """The key file is not 32 bytes: it was damaged or is not one of ours."""


class SealBroken(Exception):
    """A sealed text is damaged, was sealed for another purpose, or with another key."""


class Keys:
    """The installation's keys. Never shows key material in its repr.

    The master key finds again (`blind`) and makes tokens (`derive`); it sealed until the first
    `renew`. From then on the newest of the folder's `data-….key` seals, and each older one opens
    what names it. `web-….key` is under the forms' tokens. A process notices a new one by itself.
    """

    def __init__(self, master: bytes, folder: Path | None = None) -> None:
        if len(master) != 32:
            raise KeysBroken("the master key must have 32 bytes")
        self._master = master
        self._folder = folder
        self._names: list[str] = []
        self._data = {_id(master): master}  # the last one seals
        self._web = master
        self._blind = self.derive("blind")
        self._boxes: dict[tuple[str, str], AESGCM] = {}
        self._stuck = False
        self._take_up()

    @classmethod
    def load(cls, data_dir: Path) -> Self:
        """The keys under data_dir/keys, made at the first start (0600); KeysBroken if unreadable.

        Whoever loses these files loses what is sealed: back them up apart from the database.
        """
        path = Path(data_dir) / "keys" / FIRST
        if not path.exists():
            make_once(path)
        return cls(path.read_bytes(), path.parent)

    @property
    def id(self) -> str:
        """Of the key that seals now."""
        return next(reversed(self._data))

    @property
    def ids(self) -> tuple[str, ...]:
        """Of every key that opens, the oldest first."""
        return tuple(self._data)

    @property
    def csrf(self) -> bytes:
        """The key under the tokens of forms."""
        self.refresh()
        return hmac.digest(self._web, b"csrf", "sha256")

    def refresh(self) -> None:
        """Take up what another process has put into the folder; cheap where nothing is new.

        What cannot be read stops nobody: the keys at hand go on, and the log says so once."""
        try:
            self._take_up()
            self._stuck = False
        except OSError as error:
            if not self._stuck:
                log.warning("the folder of keys cannot be read, the keys at hand go on: %s", error)
            self._stuck = True

    def _take_up(self) -> None:
        names = sorted(os.listdir(self._folder)) if self._folder else []
        if self._folder is None or names == self._names:
            return
        read = {name: (self._folder / name).read_bytes() for name in names if _NEW.fullmatch(name)}
        if any(len(key) != 32 for key in read.values()):
            raise KeysBroken("a key file must have 32 bytes")
        later = [key for name, key in read.items() if name.startswith("data")]
        web = [key for name, key in read.items() if name.startswith("web")]
        self._data = {_id(key): key for key in (self._master, *later)}
        self._web = web[-1] if web else self._master
        self._names = names

    def renew(self, kind: str) -> str:
        """A fresh key beside the older ones, in use from now on: `data` or `web`. Its id."""
        if self._folder is None or kind not in ("data", "web"):
            raise ValueError(f"no such key: {kind}")
        numbers = [int(name[-8:-4]) for name in os.listdir(self._folder) if _NEW.fullmatch(name)]
        path = self._folder / f"{kind}-{max(numbers, default=0) + 1:04}.key"
        make_once(path)
        self.refresh()
        return _id(path.read_bytes())

    def derive(self, label: str) -> bytes:
        """32 bytes for one use, told apart by `label`."""
        return hmac.digest(self._master, label.encode(), "sha256")

    def seal(self, clear: bytes, purpose: str) -> str:
        """Encrypt (AES-256-GCM); the text names the key, and opens only for the same purpose."""
        nonce, id = os.urandom(_NONCE), self.id
        box = self._box(id, f"seal:{purpose}").encrypt(nonce, clear, purpose.encode())
        return f"{id}.{base64.urlsafe_b64encode(nonce + box).decode()}"

    def open(self, sealed: str, purpose: str) -> bytes:
        """What was sealed for this purpose; SealBroken if it was not."""
        key_id, _, body = sealed.partition(".")
        self._known(key_id)
        try:
            raw = base64.urlsafe_b64decode(body)
            box = self._box(key_id, f"seal:{purpose}")
            return box.decrypt(raw[:_NONCE], raw[_NONCE:], purpose.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken(f"not sealed for {purpose!r}, or damaged") from error

    def seal_file(self, clear: bytes, purpose: str, name: str) -> bytes:
        """The same for the bytes of a file of this name."""
        nonce, id = os.urandom(_NONCE), self.id
        box = self._box(id, purpose).encrypt(nonce, clear, name.encode())
        return _MARK + bytes.fromhex(id) + nonce + box

    def open_file(self, raw: bytes, purpose: str, name: str) -> bytes:
        """What was sealed under this name; SealBroken. Without a mark: by the master key, as all
        were before files named their key."""
        key_id = _id(self._master)
        if raw.startswith(_MARK):
            key_id, raw = raw[len(_MARK) : _MARKED].hex(), raw[_MARKED:]
            self._known(key_id)
        try:
            box = self._box(key_id, purpose)
            return box.decrypt(raw[:_NONCE], raw[_NONCE:], name.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken(f"not sealed for {purpose!r}, or damaged") from error

    def blind(self, text: str) -> str:
        """A keyed hash (hex) by which a sealed field is found again without being opened."""
        return hmac.digest(self._blind, text.encode(), "sha256").hex()

    def _known(self, key_id: str) -> None:
        if key_id not in self._data:
            self.refresh()
        if key_id not in self._data:
            raise SealBroken(f"sealed with key {key_id!r}, this installation has {self.ids}")

    def _box(self, key_id: str, label: str) -> AESGCM:
        """Purposes are few and fixed; each one's key is derived once."""
        box = self._boxes.get((key_id, label))
        if box is None:
            key = hmac.digest(self._data[key_id], label.encode(), "sha256")
            box = self._boxes[key_id, label] = AESGCM(key)
        return box

    def __repr__(self) -> str:
        return f"<Keys {self.id}>"


def is_ours(name: str) -> bool:
    """Whether a file of this name in the folder of keys is one that `Keys` reads."""
    return name == FIRST or _NEW.fullmatch(name) is not None


def _id(key: bytes) -> str:
    return hmac.digest(key, b"id", "sha256").hex()[:8]


def make_once(path: Path) -> None:
    """32 random bytes in a file of its own (0600), never over one that is there."""
    files.put_once(path, secrets.token_bytes(32))

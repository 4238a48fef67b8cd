"""The upgrade package HMU1 (protocol page, section 4), read in pieces of any length.

`HMU1`, length of the manifest (u32, big-endian), manifest (JSON), signature r‖s (64 bytes, over
the SHA-256 of the manifest), then the files in the manifest's order. No name is written before
the signature was found good; that is asked of the caller, between `Head` and `Unpacker`.
"""

import hashlib
import json

MANIFEST_MAX = 8192
_PACKAGE_MAX = 1048576
_FILES_MAX = 128
_SIGNATURE = 64
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."
_FORBIDDEN = ("boot.py", "boot.mpy")


class Refused(Exception):
    """`code`: IoTDA's result code; the text says why, for the office."""

    def __init__(self, code, why):
        super().__init__(why)
        self.code = code


CHECK_FAILED = 7


class Head:
    """Collects what stands before the files. `take(data)` is True once it is whole; what `data`
    holds beyond it is left out."""

    def __init__(self):
        self.raw = bytearray()
        self._wanted = 8
        self.whole = False

    def take(self, data):
        missing = self._wanted - len(self.raw)
        self.raw.extend(data[:missing])
        if self._wanted == 8 and len(self.raw) == 8:
            if self.raw[:4] != b"HMU1":
                raise Refused(CHECK_FAILED, "no package")
            length = int.from_bytes(self.raw[4:], "big")
            if not 0 < length <= MANIFEST_MAX:
                raise Refused(CHECK_FAILED, "manifest length")
            self._wanted += length + _SIGNATURE
            return self.take(data[missing:])
        self.whole = len(self.raw) == self._wanted > 8
        return self.whole

    def digest(self):
        return hashlib.sha256(self.raw[8:-_SIGNATURE]).digest()

    def signature(self):
        return bytes(self.raw[-_SIGNATURE:])

    def manifest(self):
        """The manifest, every field of it checked; Refused."""
        try:
            manifest = json.loads(bytes(self.raw[8:-_SIGNATURE]).decode())
        except (ValueError, UnicodeError, RuntimeError):
            raise Refused(CHECK_FAILED, "manifest") from None
        if not isinstance(manifest, dict):
            raise Refused(CHECK_FAILED, "manifest")
        for name in ("release", "min_release", "expires"):
            if not _is_count(manifest.get(name), 1 << 53):
                raise Refused(CHECK_FAILED, name)
        for name in ("version", "hw"):
            if not _is_word(manifest.get(name), 32):
                raise Refused(CHECK_FAILED, name)
        _check_files(manifest.get("files"))
        return manifest


def _check_files(files):
    seen, total = set(), 0
    if not isinstance(files, list) or not 0 < len(files) <= _FILES_MAX:
        raise Refused(CHECK_FAILED, "files")
    for file in files:
        if not isinstance(file, dict) or not _is_path(file.get("path")) or file["path"] in seen:
            raise Refused(CHECK_FAILED, "path")
        if not _is_count(file.get("size"), _PACKAGE_MAX):
            raise Refused(CHECK_FAILED, "size")
        if not _is_word(file.get("sha256"), 64) or len(file["sha256"]) != 64:
            raise Refused(CHECK_FAILED, "sha256")
        seen.add(file["path"])
        total += file["size"]
    if total > _PACKAGE_MAX:
        raise Refused(CHECK_FAILED, "size")


def _is_count(value, most):
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _is_word(value, most):
    return (
        isinstance(value, str) and 0 < len(value) <= most and all([c in _LETTERS for c in value])
    )


def _is_path(path):
    """Relative, plain letters, no part that begins with a dot, never the loader's first file."""
    if not isinstance(path, str) or len(path) > 64:
        return False
    parts = path.split("/")
    if len(parts) > 4 or parts[-1].lower() in _FORBIDDEN:
        return False
    return all([_is_word(part, 32) and part[0] != "." for part in parts])

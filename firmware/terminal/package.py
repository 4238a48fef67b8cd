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
_FILES = b'"files":['
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
    holds beyond it is left out. Then `manifest` checks it, and knows `size` and `count` of files.
    """

    def __init__(self):
        self.raw = bytearray(8)
        self.whole = False
        self.got = 0

    def take(self, data):
        here = min(len(self.raw) - self.got, len(data))
        self.raw[self.got : self.got + here] = data[:here]
        self.got += here
        if self.got == 8 == len(self.raw):
            if self.raw[:4] != b"HMU1":
                raise Refused(CHECK_FAILED, "no package")
            length = int.from_bytes(self.raw[4:], "big")
            if not 0 < length <= MANIFEST_MAX:
                raise Refused(CHECK_FAILED, "manifest length")
            self.raw += bytearray(length + _SIGNATURE)
            return self.take(data[here:])
        if self.got == len(self.raw) and not self.whole:
            self.raw = bytes(self.raw)
            self.whole = True
        return self.whole

    def digest(self):
        return hashlib.sha256(memoryview(self.raw)[8:-_SIGNATURE]).digest()

    def signature(self):
        return self.raw[-_SIGNATURE:]

    def manifest(self):
        """Every field but `files`, and every field of `files` as well, checked; Refused."""
        begin, end = self._list()
        manifest = _object(self.raw[8:begin] + self.raw[end:-_SIGNATURE])
        for name in ("release", "min_release", "expires"):
            if not _is_count(manifest.get(name), 1 << 53):
                raise Refused(CHECK_FAILED, name)
        for name in ("version", "hw"):
            if not _is_word(manifest.get(name), 32):
                raise Refused(CHECK_FAILED, name)
        if manifest.get("files") != []:
            raise Refused(CHECK_FAILED, "files")
        self._check_files()
        return manifest

    def files(self):
        """Each file's {path, size, sha256}. One at a time: the whole list is half a heap."""
        at, end = self._list()
        while at < end:
            stop = self.raw.find(b"}", at, end) + 1
            more = stop < end  # then a comma and another object, else the bracket
            if not stop or self.raw[stop] != (44 if more else 93) or stop + 1 == end:
                raise Refused(CHECK_FAILED, "files")
            yield _object(self.raw[at:stop])
            at = stop + 1

    def _list(self):
        """Where the list of files begins and ends; a plain search, as the manifest has no spaces
        and its names no brackets."""
        begin = self.raw.find(_FILES)
        end = self.raw.find(b"]", begin)
        if begin < 0 or end < 0:
            raise Refused(CHECK_FAILED, "files")
        return begin + len(_FILES), end

    def _check_files(self):
        seen, self.size = set(), 0
        for file in self.files():
            path = file.get("path")
            if not _is_path(path) or path in seen:
                raise Refused(CHECK_FAILED, "path")
            if not _is_count(file.get("size"), _PACKAGE_MAX):
                raise Refused(CHECK_FAILED, "size")
            if not _is_word(file.get("sha256"), 64) or len(file["sha256"]) != 64:
                raise Refused(CHECK_FAILED, "sha256")
            seen.add(path)
            self.size += file["size"]
        self.count = len(seen)
        if not 0 < self.count <= _FILES_MAX:
            raise Refused(CHECK_FAILED, "files")
        if self.size > _PACKAGE_MAX:
            raise Refused(CHECK_FAILED, "size")


def _object(text):
    try:
        value = json.loads(text)
    except (ValueError, UnicodeError, RuntimeError):
        value = None
    if not isinstance(value, dict):
        raise Refused(CHECK_FAILED, "manifest")
    return value


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

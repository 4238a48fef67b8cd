"""The upgrade package HMU1 (protocol page, section 4), read in pieces of any length.

`HMU1`, length of the manifest (u32, big-endian), manifest (JSON), signature r‖s (64 bytes, over
the SHA-256 of the manifest), then the files in the manifest's order. No name is written before
the signature was found good; that is asked of the caller, between `Head` and `Unpacker`.
"""

import hashlib
import json

from terminal.plain import is_count

MANIFEST_MAX = 8192
_PACKAGE_MAX = 1048576
_FILES_MAX = 128
_SIGNATURE = 64
_BLOCK = 256
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
    It is kept in small `blocks`: a heap in use has no room for 8 kB in one piece.
    """

    def __init__(self):
        self.blocks = []
        self.whole = False
        self.got = 0
        self._length = 8

    def take(self, data):
        at, here = 0, min(self._length - self.got, len(data))
        while at < here:
            if self.got % _BLOCK == 0:
                self.blocks.append(b"")
            size = min(_BLOCK - self.got % _BLOCK, here - at)
            self.blocks[-1] += data[at : at + size]
            self.got += size
            at += size
        if self.got == self._length == 8:
            if self.blocks[0][:4] != b"HMU1":
                raise Refused(CHECK_FAILED, "no package")
            length = int.from_bytes(self.blocks[0][4:], "big")
            if not 0 < length <= MANIFEST_MAX:
                raise Refused(CHECK_FAILED, "manifest length")
            self._length += length + _SIGNATURE
            return self.take(data[here:])
        self.whole = self.got == self._length > 8
        return self.whole

    def part(self, begin, end):
        """The bytes from `begin` to before `end`."""
        first = begin // _BLOCK
        joined = b"".join(self.blocks[first : end // _BLOCK + 1])
        return joined[begin - first * _BLOCK : end - first * _BLOCK]

    def digest(self):
        end = self.got - _SIGNATURE
        whole = hashlib.sha256()
        for at in range(8, end, _BLOCK):
            whole.update(self.part(at, min(at + _BLOCK, end)))
        return whole.digest()

    def signature(self):
        return self.part(self.got - _SIGNATURE, self.got)

    def manifest(self):
        """Every field but `files`, and every field of `files` as well, checked; Refused."""
        begin, end = self._list()
        manifest = _object(self.part(8, begin) + self.part(end, self.got - _SIGNATURE))
        for name in ("release", "min_release", "expires"):
            if not is_count(manifest.get(name)):
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
            stop = self._find(b"}", at) + 1
            more = stop < end  # then a comma and another object, else the bracket
            if not 0 < stop <= end or stop + 1 == end:
                raise Refused(CHECK_FAILED, "files")
            if self.part(stop, stop + 1) != (b"," if more else b"]"):
                raise Refused(CHECK_FAILED, "files")
            yield _object(self.part(at, stop))
            at = stop + 1

    def _list(self):
        """Where the list of files begins and ends; a plain search, as the manifest has no spaces
        and its names no brackets."""
        begin = self._find(_FILES, 8)
        end = self._find(b"]", begin)
        if begin < 0 or end < 0:
            raise Refused(CHECK_FAILED, "files")
        return begin + len(_FILES), end

    def _find(self, what, at):
        """Where it begins, from `at` on in the manifest; -1."""
        while 0 <= at < self.got - _SIGNATURE:
            found = self.part(at, min(at + _BLOCK, self.got - _SIGNATURE)).find(what)
            if found >= 0:
                return at + found
            at += _BLOCK - len(what) + 1
        return -1

    def _check_files(self):
        seen, self.size = set(), 0
        for file in self.files():
            path = file.get("path")
            if not _is_path(path) or path in seen:
                raise Refused(CHECK_FAILED, "path")
            if not is_count(file.get("size"), _PACKAGE_MAX):
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

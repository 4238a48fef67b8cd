"""The files of a slot: unpacked from pieces, found again after a cut, cleared away.

`.head` (what stands before the files of a package) is written into an empty folder and removed
before all else, so that what lies beside it was written under it.
"""

import asyncio
import hashlib
import os
from binascii import hexlify

from terminal.package import CHECK_FAILED, Refused

_HEAD = "/.head"
_BLOCK = 1024


class Unpacker:
    """Writes the files of `head` after the first `count` of them into `folder`; `feed` takes any
    pieces. Refused when a file is not what the manifest says, or when there is more than it says.
    A file is worth nothing before it is closed: what a cut leaves of it is found by `scan`.
    """

    def __init__(self, folder, head, count):
        self._folder = folder
        self._files = head.files()
        for _ in range(count):
            next(self._files)
        self._of = None
        self._file = None
        self.done = False
        self.rcvd = 0

    def feed(self, data):
        view = memoryview(data)
        self.rcvd += len(data)
        while self._open_next() and len(view):
            piece = view[: self._left]
            self._file.write(piece)
            self._hash.update(piece)
            self._left -= len(piece)
            view = view[len(piece) :]
            if not self._left:
                self._end_file()
        if len(view):
            raise Refused(CHECK_FAILED, "too long")

    def _open_next(self):
        """Makes a file ready; empty ones are done at once. False when none is left."""
        while self._file is None:
            try:
                file = self._of = next(self._files)
            except StopIteration:
                self.done = True
                return False
            parts = file["path"].split("/")
            for depth in range(1, len(parts)):
                _make_folder(self._folder + "/" + "/".join(parts[:depth]))
            self._file = open(self._folder + "/" + file["path"], "wb")
            self._hash = hashlib.sha256()
            self._left = file["size"]
            if not self._left:
                self._end_file()
        return True

    def _end_file(self):
        self.close()
        if hexlify(self._hash.digest()).decode() != self._of["sha256"]:
            raise Refused(CHECK_FAILED, "file " + self._of["path"])

    def close(self):
        """Closes what is half written; never left to the collector."""
        file, self._file = self._file, None
        if file:
            file.close()


def _make_folder(path):
    try:
        os.mkdir(path)
    except OSError:
        os.stat(path)  # it is there; else this says what is wrong


async def scan(folder, head):
    """(number of leading files that are whole on flash, their bytes, hex SHA-256 of `head` and
    them)."""
    whole, count, start = hashlib.sha256(), 0, 0
    for part in head.blocks:
        whole.update(part)
    block = memoryview(bytearray(_BLOCK))
    for file in head.files():
        one, size = hashlib.sha256(), 0
        try:
            with open(folder + "/" + file["path"], "rb") as opened:
                length = opened.readinto(block)
                while length:
                    one.update(block[:length])
                    whole.update(block[:length])
                    size += length
                    await asyncio.sleep_ms(0)
                    length = opened.readinto(block)
        except OSError:
            break
        if size != file["size"] or hexlify(one.digest()).decode() != file["sha256"]:
            break
        count += 1
        start += size
    return count, start, hexlify(whole.digest()).decode()


def read_head(folder, head):
    """Whether there is one."""
    try:
        with open(folder + _HEAD, "rb") as file:
            data = file.read(_BLOCK)
            while data and not head.take(data):
                data = file.read(_BLOCK)
    except OSError:
        pass
    return head.whole


def write_head(folder, head):
    _make_folder(folder)
    with open(folder + "/.new", "wb") as file:
        for part in head.blocks:
            file.write(part)
    os.rename(folder + "/.new", folder + _HEAD)


async def clear(path):
    """Removes a tree; its head is gone already, so that half of it is never taken for a whole."""
    try:
        names = os.listdir(path)
    except OSError:
        return
    for name in names:
        inner = path + "/" + name
        if os.stat(inner)[0] & 0x4000:
            await clear(inner)
        else:
            os.remove(inner)
            await asyncio.sleep_ms(0)
    os.rmdir(path)


def forget(folder):
    """What is in the slot is to be cleared away before it is written to again."""
    try:
        os.remove(folder + _HEAD)
    except OSError:
        pass

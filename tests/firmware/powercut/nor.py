"""A NOR flash in RAM whose power goes at a chosen operation (MicroPython's block protocol)."""

ERASED = 0xFF
_EIO = -5
_SYNC, _COUNT, _SIZE, _ERASE = 3, 4, 5, 6


class Cut(BaseException):
    """The power went. No `except Exception` of the firmware catches it."""


class Nor:
    """Programming only clears bits: what was not erased before does not become what was meant.

    `cut_at` = number of the erase or program operation (from 1) at which the power goes; with
    `half` it is begun: half of the bytes are programmed or erased. Every later access raises Cut
    as well, so that no clean-up of the firmware reaches the flash. A `released` device answers
    with errors: what is still open can then be closed.
    """

    def __init__(self, blocks, block_size=4096, content=None):
        self.block_size = block_size
        self.content = content or bytearray(b"\xff" * (blocks * block_size))
        self._view = memoryview(self.content)
        self.operations = 0
        self.cut_at = 0
        self.half = False
        self.released = False
        self.erased = 0  # how many blocks, for the wear
        self._dead = False

    def readblocks(self, block, buffer, offset=0):
        if self.released:
            return _EIO
        if self._dead:
            raise Cut
        start = block * self.block_size + offset
        buffer[:] = self._view[start : start + len(buffer)]
        return 0

    def writeblocks(self, block, buffer, offset=0):
        if self.released:
            return _EIO
        start, content = block * self.block_size + offset, self.content
        last = self._count()
        length = len(buffer) // 2 if last else len(buffer)
        if length == 0 or (last and not self.half):
            raise Cut
        old = content[start : start + length]
        if old == b"\xff" * length:
            content[start : start + length] = buffer[:length]
        else:
            for place in range(length):
                content[start + place] &= buffer[place]
        if last:
            raise Cut
        return 0

    def ioctl(self, what, argument):
        if self.released:
            return _EIO
        if what == _COUNT:
            return len(self.content) // self.block_size
        if what == _SIZE:
            return self.block_size
        if what == _ERASE:
            self._erase(argument)
        elif self._dead:
            raise Cut
        return 0

    def _erase(self, block):
        last = self._count()
        length = self.block_size // 2 if last else self.block_size
        if not last or self.half:
            start = block * self.block_size
            self.content[start : start + length] = b"\xff" * length
            self.erased += 1
        if last:
            raise Cut

    def _count(self):
        """True for the operation in which the power goes."""
        if self._dead:
            raise Cut
        self.operations += 1
        self._dead = self.operations == self.cut_at
        return self._dead

"""Still pictures from a VC0706-type JPEG camera on a serial port of its own.

    camera = Camera(serial)
    total = await camera.freeze()
    while piece := await camera.piece(): ...        # bytes, in order, `total` in all
    await camera.release()

Every question is asked again when its answer is late, short or garbled; CameraError at last.
"""

import asyncio
from struct import pack, unpack

_FRAME, _LENGTH, _READ = 0x36, 0x34, 0x32
_PIECE = 512
_WAIT_MS = 2000
_QUIET_MS = 150
_TRIES = 3
_MOST = 200000  # a longer picture is a misread length


class CameraError(OSError):
    pass


class Camera:
    """`serial` has `await read(most)` (at least one byte) and `write(bytes)`."""

    def __init__(self, serial):
        self._serial = serial
        self._unread = b""
        self._at = self._total = 0

    async def freeze(self):
        """Takes the picture; how many bytes it has."""
        await self._ask(_FRAME, b"\x03", 0)  # whatever was frozen before
        await self._ask(_FRAME, b"\x00", 0)
        self._at, (self._total,) = 0, unpack(">I", await self._ask(_LENGTH, b"\x00", 4))
        if not 4 < self._total <= _MOST:
            raise CameraError("length")
        return self._total

    async def piece(self):
        """The next bytes of the picture; b"" after the last."""
        count = min(_PIECE, self._total - self._at)
        if not count:
            return b""
        where = b"\x00\x0a" + pack(">IIH", self._at, count, 10)
        data = await self._ask(_READ, where, 0, count)
        if self._at == 0 and data[:2] != b"\xff\xd8":
            raise CameraError("no picture")
        self._at += count
        return data

    async def release(self):
        """Lets the camera see again; no matter if it does not answer."""
        try:
            await self._ask(_FRAME, b"\x03", 0)
        except CameraError:
            pass

    async def _ask(self, command, body, length, picture=0):
        """The answer's own bytes, or those of the picture that stand between two answers."""
        head = b"\x76\x00" + bytes((command, 0, length))
        for _ in range(_TRIES):
            self._serial.write(b"\x56\x00" + bytes((command, len(body))) + body)
            try:
                if await self._take(5) == head:
                    data = await self._take(picture or length)
                    if not picture or await self._take(5) == head:
                        return data
            except asyncio.TimeoutError:
                pass
            await self._silence()
        raise CameraError("no answer")

    async def _take(self, count):
        while len(self._unread) < count:
            self._unread += await asyncio.wait_for_ms(self._serial.read(256), _WAIT_MS)
        data, self._unread = self._unread[:count], self._unread[count:]
        return data

    async def _silence(self):
        """Until the rest of a spoilt answer has passed."""
        self._unread, left = b"", 4 * _PIECE
        try:
            while left > 0:
                left -= len(await asyncio.wait_for_ms(self._serial.read(256), _QUIET_MS))
        except asyncio.TimeoutError:
            pass


async def shoot(serial, sink):
    """Takes one picture and gives it to `await sink(piece, total)`; how many bytes it had."""
    camera = Camera(serial)
    total = await camera.freeze()
    try:
        while True:
            piece = await camera.piece()
            if not piece:
                return total
            await sink(piece, total)
    finally:
        await camera.release()

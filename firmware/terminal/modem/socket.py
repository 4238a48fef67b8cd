"""A TCP connection inside the modem: whole writes, and reads that wait for bytes."""

import asyncio

PIECE = 1460  # bytes the modem takes or gives at once


class Closed(OSError):
    """The connection is gone."""


class Socket:
    """`driver` has async `send(bytes)`, async `receive(n) -> (bytes, left)` and `close()`."""

    def __init__(self, driver):
        self._driver = driver
        self._lock = asyncio.Lock()
        self._news = asyncio.Event()
        self._waiting = False  # the modem holds bytes for us, as far as we were told
        self._why = None
        self.sent = 0
        self.rcvd = 0

    async def write(self, data):
        """All of `data`; two writers never mix their bytes."""
        async with self._lock:
            for start in range(0, len(data), PIECE):
                if self._why:
                    raise Closed(self._why)
                piece = data[start : start + PIECE]
                await self._driver.send(piece)
                self.sent += len(piece)

    async def read(self, timeout_ms):
        """The next bytes; b'' when `timeout_ms` passed without any. Closed when none are left."""
        while True:
            if self._waiting:
                self._waiting = False
                data, left = await self._driver.receive(PIECE)
                self._waiting = self._waiting or left > 0
                if data:
                    self.rcvd += len(data)
                    return data
            elif self._why:
                raise Closed(self._why)
            elif not await self._told(timeout_ms):
                self._waiting = True  # look for ourselves next time: the note may have been lost
                return b""

    async def _told(self, timeout_ms):
        try:
            await asyncio.wait_for_ms(self._news.wait(), timeout_ms)
        except asyncio.TimeoutError:
            return False
        self._news.clear()
        return True

    async def close(self):
        self.lost("closed")
        await self._driver.close()

    # told by the driver -------------------------------------------------------

    def arrived(self):
        self._waiting = True
        self._news.set()

    def lost(self, why):
        self._why = self._why or why
        self._news.set()

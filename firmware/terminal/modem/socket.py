"""A connection inside the modem: whole writes, reads that wait for bytes, and the bytes counted
as the operator charges them."""

import asyncio

from micropython import const

PIECE = 1460  # bytes the modem takes or gives at once
_SEGMENT = const(40)  # IP and TCP header of a segment, and of its acknowledgement the other way
_RECORD = const(29)  # TLS 1.2: header, nonce, tag
_HANDSHAKE = (600, 3200)  # an estimate of what TLS sends and gets before the first byte


class Closed(OSError):
    """The connection is gone."""


class Socket:
    """`link` has async `send(bytes)`, async `receive(n) -> (bytes, left)` and async `close()`.

    `traffic` is the driver: its `sent, rcvd` count the user's bytes, `wire_sent, wire_rcvd` what
    is charged (each segment acknowledged apart: the dearest way).
    """

    def __init__(self, link, traffic, tls=False):
        self._link = link
        self._traffic = traffic
        self._head = _SEGMENT + (_RECORD if tls else 0)
        self._lock = asyncio.Lock()
        self._news = asyncio.Event()
        self._waiting = False  # the modem holds bytes for us, as far as we were told
        self._why = None
        self.sent = 0
        self.rcvd = 0
        # SYN, SYN-ACK, ACK; later FIN and ACK both ways
        traffic.wire_sent += 4 * _SEGMENT + (_HANDSHAKE[0] if tls else 0)
        traffic.wire_rcvd += 3 * _SEGMENT + (_HANDSHAKE[1] if tls else 0)

    async def write(self, data):
        """All of `data`; two writers never mix their bytes."""
        async with self._lock:
            for start in range(0, len(data), PIECE):
                if self._why:
                    raise Closed(self._why)
                piece = data[start : start + PIECE]
                try:
                    await self._link.send(piece)
                except OSError:
                    self.lost("send failed")  # nobody knows how much of it went out
                    raise
                self.sent += len(piece)
                self._traffic.sent += len(piece)
                self._traffic.wire_sent += len(piece) + self._head
                self._traffic.wire_rcvd += _SEGMENT

    async def read(self, timeout_ms):
        """The next bytes; b'' when `timeout_ms` passed without any. Closed when none are left."""
        while True:
            if self._waiting:
                self._waiting = False
                data, left = await self._link.receive(PIECE)
                self._waiting = self._waiting or left > 0
                if data:
                    self._count(len(data))
                    return data
            elif self._why:
                raise Closed(self._why)
            elif not await self._told(timeout_ms):
                self._waiting = True  # look for ourselves next time: the note may have been lost
                return b""

    def _count(self, size):
        self.rcvd += size
        self._traffic.rcvd += size
        self._traffic.wire_rcvd += size + self._head
        self._traffic.wire_sent += _SEGMENT

    async def _told(self, timeout_ms):
        try:
            await asyncio.wait_for_ms(self._news.wait(), timeout_ms)
        except asyncio.TimeoutError:
            return False
        self._news.clear()
        return True

    async def close(self):
        self.lost("closed")
        await self._link.close()

    # told by the driver -------------------------------------------------------

    def arrived(self):
        self._waiting = True
        self._news.set()

    def lost(self, why):
        self._why = self._why or why
        self._news.set()

"""Stand-in for `machine.I2S`, sending: samples leave its buffer at their rate, and the world hears
them."""

import binascii
import io
import time

from world_link import link

_POLL, _WRITABLE = 3, 4  # stream ioctl


class I2S(io.IOBase):
    TX, RX, MONO, STEREO = 5, 6, 1, 0

    def __init__(self, id, *, sck, ws, sd, mode, bits, format, rate, ibuf):
        if (mode, bits, format) != (I2S.TX, 16, I2S.MONO):
            raise ValueError("only 16-bit mono output is simulated")
        self._room, self._bytes_a_s = ibuf, rate * 2
        self._held, self._looked = 0, time.ticks_ms()
        link.tell({"sound": "begin", "rate": rate, "pins": [sck.number, ws.number, sd.number]})

    def ioctl(self, request, argument):
        if request != _POLL:
            return -1  # no file either: 0 would be the interpreter's own input
        return argument & _WRITABLE if self._free() else 0

    def write(self, data):
        """How many bytes went into the buffer; None when it is full."""
        count = min(len(data), self._free()) & ~1
        if not count:
            return None
        self._held += count
        link.tell({"sound": "samples", "hex": binascii.hexlify(data[:count]).decode()})
        return count

    def deinit(self):
        """What is still in the buffer is never heard."""
        self._free()
        link.tell({"sound": "end", "unheard": self._held})

    def _free(self):
        now = time.ticks_ms()
        gone = time.ticks_diff(now, self._looked) * self._bytes_a_s // 1000
        self._held, self._looked = max(self._held - gone, 0), now
        return self._room - self._held

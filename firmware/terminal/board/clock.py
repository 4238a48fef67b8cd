"""Milliseconds since boot that never wrap, from ticks that wrap every 12.4 days on the ESP32."""

import time


class UpClock:
    """Ask it every six days at least (half the ticks' period); the supervisor does each second."""

    def __init__(self):
        self._ticks = time.ticks_ms()
        self._up_ms = 0

    def up_ms(self):
        now = time.ticks_ms()
        self._up_ms += time.ticks_diff(now, self._ticks)
        self._ticks = now
        return self._up_ms

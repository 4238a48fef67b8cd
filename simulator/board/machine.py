"""Stand-in for `machine` on the ESP32: as much of it as the firmware's board folder uses."""

import io
import math
import os
import time

import i2s
from loop import attend
from world_link import link

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5
_CAUSES = {"power": PWRON_RESET, "reset": HARD_RESET, "watchdog": WDT_RESET, "restart": SOFT_RESET}
I2S = i2s.I2S  # not imported by name: what is imported and not used is left out when packed
_GET_FILENO = 10  # stream ioctl: the interpreter then waits for the file itself


attend(link.socket, link.look)


class Pin:
    IN, OUT, PULL_UP, PULL_DOWN = 1, 3, 2, 1
    IRQ_RISING, IRQ_FALLING = 1, 2

    def __init__(self, number, mode=-1, pull=-1, *, value=None):
        self.number = number
        self._out = mode == Pin.OUT
        self._level = 0
        if self._out and value is not None:
            self._drive(value)

    def value(self, level=None):
        if level is not None:
            self._drive(level)
            return None
        if self._out:
            return self._level
        link.look()
        return link.pins.get(self.number, 0)

    def irq(self, handler=None, trigger=IRQ_RISING | IRQ_FALLING):
        """`handler(pin)` at each such edge that the world tells; None ends it. One a pin."""
        if handler is None:
            link.handlers.pop(self.number, None)
        else:
            link.handlers[self.number] = lambda level: self._edge(level, handler, trigger)

    def _edge(self, level, handler, trigger):
        if trigger & (Pin.IRQ_RISING if level else Pin.IRQ_FALLING):
            handler(self)

    def _drive(self, level):
        self._level = 1 if level else 0
        link.tell({"pin": self.number, "value": self._level})


class ADC:
    """The level that the world told, or half the supply plus a 50 Hz wave of that strength."""

    _MIDDLE_UV = 1650000
    _FULL_UV = 3300000

    def __init__(self, pin):
        self._pin = pin.number

    def read_uv(self):
        link.look()
        if self._pin in link.mv:
            return min(link.mv[self._pin] * 1000, self._FULL_UV)
        peak_uv = link.rms_mv.get(self._pin, 0) * 1414
        angle = (time.ticks_us() % 20000) * (math.pi / 10000)
        wave = self._MIDDLE_UV + int(peak_uv * math.sin(angle))
        return min(max(wave, 0), self._FULL_UV)


class UART(io.IOBase):
    """The wire that the world holds the other end of; its reads never wait.

    1 is the modem's, 2 the camera's.
    """

    def __init__(self, id, baudrate=9600, **_):
        self._id = id
        self.wire = link.open_uart(id)
        self.init(baudrate)

    def init(self, baudrate):
        link.tell({"uart": self._id, "baud": baudrate})

    def fileno(self):
        return self.wire.fileno()

    def ioctl(self, request, argument):
        return self.wire.fileno() if request == _GET_FILENO else 0

    def read(self, most=256):
        return self.wire.read(most) or None

    def write(self, data):
        return self.wire.write(data)

    def deinit(self):
        self.wire.close()


class WDT:
    """Bites when the feeding stays away."""

    def __init__(self, id=0, timeout=5000):
        link.watch_ms(timeout)

    def feed(self):
        link.feed()


def reset_cause():
    return _CAUSES.get(os.getenv("HANMA_BOOT") or "power", PWRON_RESET)


def reset():
    link.tell({"reset": 1})
    link.wait_for_the_end()

"""The parts of the board, made once. Only this folder knows a pin or imports `machine`."""

import asyncio
import os

import boots
import esp32
import machine

from terminal.board import pins
from terminal.board.clock import UpClock
from terminal.board.radio import Radio
from terminal.board.store import Store


class Serial:
    """The modem's UART: `read` waits for at least one byte, `write` takes all it is given."""

    def __init__(self, baud, stirred):
        self._stirred = stirred
        self._uart = machine.UART(
            1, baudrate=baud, tx=pins.MODEM_TX, rx=pins.MODEM_RX, rxbuf=4096, txbuf=2048
        )
        self._reader = asyncio.StreamReader(self._uart)

    def set_baud(self, baud):
        self._uart.init(baudrate=baud)

    async def read(self, most=512):
        data = await self._reader.read(most)
        self._stirred.set()
        return data

    def write(self, data):
        sent = 0
        while sent < len(data):  # a full transmit buffer takes less than it is given
            sent += self._uart.write(data[sent:] if sent else data) or 0


class Relay:
    """The contactor in the welding machine's supply; `closed` is what its own contact says."""

    def __init__(self):
        self._coil = machine.Pin(pins.RELAY, machine.Pin.OUT, value=0)
        self._readback = machine.Pin(pins.READBACK, machine.Pin.IN)

    def close(self):
        self._coil.value(1)

    def open(self):
        self._coil.value(0)

    @property
    def driven(self):
        return self._coil.value()

    @property
    def closed(self):
        return self._readback.value()


class Board:
    """Everything that is soldered on. `boots`: the loader, which knows how this start came about;
    `folder`: what all names of files begin with."""

    boots = boots
    folder = ""

    def __init__(self):
        self.relay = Relay()
        self.clock = UpClock()
        self.store = Store()
        self.radio = Radio()
        self.lamp = machine.Pin(pins.LAMP, machine.Pin.OUT, value=1)  # there is power, and it runs
        self.edge = asyncio.ThreadSafeFlag()  # set when an input has changed
        self.stirred = asyncio.Event()  # set by that, and by what the modem says
        self._button = self._watched(pins.BUTTON, machine.Pin.PULL_UP)
        self._lid = self._watched(pins.TAMPER, machine.Pin.PULL_UP)
        self._mains = self._watched(pins.MAINS)
        self._arc = self._watched(pins.ARC)
        self._watched(pins.READBACK)
        self._current = machine.ADC(machine.Pin(pins.CURRENT))
        self._gas = machine.ADC(machine.Pin(pins.GAS))
        self._power = machine.Pin(pins.BOARD_POWER, machine.Pin.OUT, value=1)
        self._pwrkey = machine.Pin(pins.MODEM_PWRKEY, machine.Pin.OUT, value=0)
        self._watchdog = None

    def _watched(self, number, pull=None):
        """An input whose changes wake the senses; the interrupt itself does nothing else."""
        pin = machine.Pin(number, machine.Pin.IN, pull)
        pin.irq(self._woken, machine.Pin.IRQ_RISING | machine.Pin.IRQ_FALLING)
        return pin

    def _woken(self, pin):
        self.edge.set()
        self.stirred.set()

    def serial(self, baud=115200):
        return Serial(baud, self.stirred)

    def open_sound(self, rate, buffer_bytes):
        from terminal.board import sound

        return sound.open_sound(rate, buffer_bytes)

    def pressed(self):
        return not self._button.value()

    def lid_open(self):
        return self._lid.value()

    def mains(self):
        return self._mains.value()

    def arc_sensed(self):
        """The comparator's word: some 8 A or more flow."""
        return self._arc.value()

    def current_mv(self):
        """One sample of the current transformer, millivolts about its own middle."""
        return self._current.read_uv() // 1000

    def gas_mv(self):
        return self._gas.read_uv() // 1000

    def temperature_c(self):
        """Of the chip, some 15 °C above its surroundings."""
        return (esp32.raw_temperature() - 32) * 5 // 9

    async def press_power_key(self, held_ms):
        """Holds the modem's PWRKEY (inverted by a transistor: high here is low there)."""
        self._pwrkey.value(1)
        await asyncio.sleep_ms(held_ms)
        self._pwrkey.value(0)

    def ca(self):
        """The platform's CA as the bench wrote it, PEM; OSError where it did not."""
        with open("ca.pem", "rb") as file:
            return file.read()

    def start_watchdog(self, timeout_ms):
        self._watchdog = machine.WDT(timeout=timeout_ms)

    def feed_watchdog(self):
        if self._watchdog:
            self._watchdog.feed()

    def boot_reason(self):
        words = {
            machine.PWRON_RESET: "power",
            machine.HARD_RESET: "reset",
            machine.WDT_RESET: "watchdog",
            machine.DEEPSLEEP_RESET: "sleep",
            machine.SOFT_RESET: "restart",
        }
        return words.get(machine.reset_cause(), "unknown")

    def restart(self):
        self.relay.open()
        machine.reset()

    def random(self, count):
        return os.urandom(count)

"""From power to registration: loaded for that and dropped when it is done (driver.py, `ready`)."""

import asyncio

from micropython import const

from terminal.modem.chat import DIGITS, ModemError, field
from terminal.modem.driver import POWER, REGISTERED
from terminal.modem.operators import by_imsi

_BAUDS = (115200, 9600, 57600, 230400, 460800, 921600)
_BOOT_TRIES = const(38)  # half a second each; the UART answers after 11 s
_REGISTER_TRIES = const(120)  # one second each


class Joining:
    """`run` leaves the driver's module awake, known by its numbers, and on the network."""

    def __init__(self, driver, chat, board, apn):
        self._driver = driver
        self._chat = chat
        self._board = board
        self._apn = apn

    async def run(self):
        await self._wake()
        await self._identify()
        await self._register()

    async def _wake(self):
        good = await self._answers(2)
        if not good:
            self._chat.fill()
            good = await self._answers(1)
        if not good and self._driver.awake:  # at another rate, or it restarted, or it hangs
            good = await self._meet() or await self._answers(_BOOT_TRIES // 3)
            if not good:
                self._driver.ladder[POWER] += 1
                await self._driver.tear_down(POWER)
        if not good:
            await self._board.press_power_key(self._driver.PULSE_MS)
            if not await self._answers(_BOOT_TRIES) and not await self._meet():
                raise ModemError("modem does not start")
        self._driver.awake = True
        await self._chat.command(b"ATE0")
        await self._chat.command(b"AT+CMEE=2")

    async def _answers(self, tries):
        for _ in range(tries):
            try:
                await self._chat.command(b"AT", timeout_ms=500, settle=False)
                return True
            except ModemError:
                await asyncio.sleep_ms(50)
        return False

    async def _meet(self):
        """Finds a module that speaks at another rate, and makes it speak at ours for ever."""
        for baud in _BAUDS[1:]:
            self._chat.set_baud(baud)
            if await self._answers(2):
                await self._driver.attempt(b"AT+IPR=%d" % _BAUDS[0])
                break
        self._chat.set_baud(_BAUDS[0])
        return await self._answers(2)

    async def _identify(self):
        for attempt in range(20):
            try:
                await self._chat.command(b"AT+CPIN?", until=b"+CPIN:READY")
                break
            except ModemError:
                if attempt == 19:
                    raise
                await asyncio.sleep_ms(500)
        self._driver.imei = await self._number(b"AT+CGSN")
        imsi = await self._number(b"AT+CIMI")
        line = await self._driver.ask(self._driver.ICCID, b"+ICCID:")
        self._driver.iccid = "".join([chr(b) for b in line.split(b":", 1)[1] if 0x20 < b < 0x7F])
        self._driver.operator, apn = by_imsi(imsi)
        apn = self._apn or apn
        if apn:
            await self._chat.command(b'AT+CGDCONT=1,"IP","%s"' % apn.encode())
        await self._driver.attempt(b"AT+CTZU=1")
        await self._driver.attempt(b"AT+CEREG=1")
        if not self._driver.capabilities:
            self._driver.capabilities.add("udp")
            for name, text in self._driver.PROBES:
                if await self._driver.attempt(text):
                    self._driver.capabilities.add(name)

    async def _number(self, text):
        """The answer of digits alone that some commands give."""
        lines = await self._chat.command(text, until=DIGITS)
        return lines[0].decode()

    async def _register(self):
        for _ in range(_REGISTER_TRIES):
            self._driver.stat = field(await self._driver.ask(b"AT+CEREG?", b"+CEREG:"), 1)
            if self._driver.stat in REGISTERED:
                return
            await asyncio.sleep_ms(1000)
        raise ModemError("no network registration, state %d" % self._driver.stat)

"""SIMCom A7670/A7672 (A76XX AT manual V1.09): start, SIM, network, one TCP socket, voice.

Sockets are read in manual mode (`AT+CIPRXGET=1`), so that voice and signal stay usable on-line.
"""

import asyncio
from binascii import hexlify

from terminal.modem.chat import DIGITS, ModemError
from terminal.modem.operators import by_imsi
from terminal.modem.socket import Socket

_LINK = 0
_POWER_PULSE_MS = 100  # typ. 50 ms turns it on
_POWER_OFF_MS = 2600  # at least 2.5 s turns it off
_BOOT_TRIES = 40  # half a second each; the UART answers after 11 s
_REGISTERED = (1, 5)
_REGISTER_TRIES = 120  # one second each
_SPEECH_MS = 30000
_SILENT = 3

CONTEXT, RADIO, POWER = 1, 2, 3  # how deep a recovery goes; 0 opens just the socket again


class Simcom:
    def __init__(self, chat, board, apn=""):
        self._chat = chat
        self._board = board
        self._apn = apn
        self._socket = None
        self._spoken = asyncio.Event()
        self._on_line = False
        self.imei = ""
        self.iccid = ""
        self.operator = ""
        chat.on(b"+CIPRXGET:1,", self._note_data)
        chat.on(b"+IPCLOSE:", lambda line: self._note_lost("closed by the other end"))
        chat.on(b"+CIPEVENT:", lambda line: self._note_lost("network closed"))
        chat.on(b"*ATREADY", lambda line: self._note_lost("modem restarted"))
        chat.on(b"+CTTS:0", lambda line: self._spoken.set())

    # from power to the network --------------------------------------------------

    async def ready(self, depth=0):
        """On the network with a data context; `depth` says how much to tear down first."""
        if self._chat.silences >= _SILENT:
            depth = POWER
        if depth >= CONTEXT:
            await self._tear_down(depth)
        if self._on_line:
            return
        await self._wake()
        await self._identify()
        await self._register()
        await self._open_network()
        self._on_line = True

    async def _tear_down(self, depth):
        self._on_line = False
        if depth >= POWER:
            await self._board.press_power_key(_POWER_OFF_MS)
            await asyncio.sleep_ms(2000)
        elif depth >= RADIO:
            await self._try(b"AT+CFUN=0", 10000)
            await self._try(b"AT+CFUN=1", 10000)
        else:
            await self._try(b"AT+NETCLOSE", 10000, until=b"+NETCLOSE:")

    async def _try(self, text, timeout_ms, until=b""):
        try:
            await self._chat.command(text, until=until, timeout_ms=timeout_ms)
        except ModemError:
            pass  # the next rung will find out

    async def _wake(self):
        if not await self._answers(2):
            await self._board.press_power_key(_POWER_PULSE_MS)
            if not await self._answers(_BOOT_TRIES):
                raise ModemError("modem does not start")
        await self._chat.command(b"ATE0")
        await self._chat.command(b"AT+CMEE=2")

    async def _answers(self, tries):
        for _ in range(tries):
            try:
                await self._chat.command(b"AT", timeout_ms=500)
                return True
            except ModemError:
                await asyncio.sleep_ms(50)
        return False

    async def _identify(self):
        for attempt in range(20):
            try:
                await self._chat.command(b"AT+CPIN?", until=b"+CPIN:READY")
                break
            except ModemError:
                if attempt == 19:
                    raise
                await asyncio.sleep_ms(500)
        self.imei = await self._number(b"AT+CGSN")
        imsi = await self._number(b"AT+CIMI")
        line = (await self._chat.command(b"AT+CICCID", until=b"+ICCID:"))[0]
        self.iccid = "".join([chr(b) for b in line.split(b":", 1)[1] if 0x20 < b < 0x7F])
        self.operator, apn = by_imsi(imsi)
        apn = self._apn or apn
        if apn:
            await self._chat.command(b'AT+CGDCONT=1,"IP","%s"' % apn.encode())
        await self._chat.command(b"AT+CTZU=1")

    async def _number(self, text):
        """The answer of digits alone that some commands give."""
        lines = await self._chat.command(text, until=DIGITS)
        return lines[0].decode()

    async def _register(self):
        for _ in range(_REGISTER_TRIES):
            line = (await self._chat.command(b"AT+CEREG?", until=b"+CEREG:"))[0]
            if _field(line, 1) in _REGISTERED:
                return
            await asyncio.sleep_ms(1000)
        raise ModemError("no network registration")

    async def _open_network(self):
        await self._chat.command(b"AT+CIPRXGET=1")
        line = (await self._chat.command(b"AT+NETOPEN?", until=b"+NETOPEN:"))[0]
        if _field(line, 0) == 1:
            return
        lines = await self._chat.command(b"AT+NETOPEN", until=b"+NETOPEN:", timeout_ms=120000)
        if _field(lines[-1], 0) != 0:
            raise ModemError("no data context")

    async def signal(self):
        """CSQ 0..31; 99 = not known."""
        line = (await self._chat.command(b"AT+CSQ", until=b"+CSQ:"))[0]
        strength = _field(line, 0)
        return strength if 0 <= strength <= 31 else 99

    # one TCP connection ----------------------------------------------------------

    async def connect(self, host, port):
        """A Socket to host:port; ModemError when it cannot be had."""
        await self._drop()
        text = b'AT+CIPOPEN=%d,"TCP","%s",%d' % (_LINK, host.encode(), port)
        lines = await self._chat.command(text, until=b"+CIPOPEN:", timeout_ms=60000)
        error = _field(lines[-1], 1)
        if error != 0:
            raise ModemError("connection refused, error %d" % error)
        self._socket = Socket(self)
        return self._socket

    async def _drop(self):
        """Closes what an earlier connection left open; the modem knows best what that is."""
        if self._socket:
            self._socket.lost("replaced")
            self._socket = None
        try:
            await self._chat.command(
                b"AT+CIPCLOSE=%d" % _LINK, until=b"+CIPCLOSE:", timeout_ms=5000
            )
        except ModemError:
            pass  # nothing was open

    async def send(self, data):
        line = (
            await self._chat.command(
                b"AT+CIPSEND=%d,%d" % (_LINK, len(data)),
                until=b"+CIPSEND:",
                timeout_ms=10000,
                data=data,
            )
        )[-1]
        if _field(line, 2) != len(data):
            self._note_lost("send failed")
            raise ModemError("send failed")

    async def receive(self, most):
        """(bytes, how many more the modem holds); nothing there is no fault."""
        head = []

        def length(line):
            head[:] = [_field(line, 2), _field(line, 3)]
            return head[0] if 0 <= head[0] <= most else 0

        try:
            data = await self._chat.command(
                b"AT+CIPRXGET=2,%d,%d" % (_LINK, most), expect=b"+CIPRXGET:2,", raw=length
            )
        except ModemError as error:
            if "+IPERROR" in str(error):
                return b"", 0
            raise
        if not head or len(data) != head[0]:
            raise ModemError("short read")
        return data, head[1]

    async def close(self):
        await self._drop()

    # voice --------------------------------------------------------------------------

    async def speak(self, text):
        """Says `text` and returns when it is over."""
        if not self.imei:
            raise ModemError("not started")
        self._spoken.clear()
        coded = hexlify(_ucs2(text))
        await self._chat.command(b'AT+CTTS=1,"%s"' % coded, timeout_ms=5000)
        try:
            await asyncio.wait_for_ms(self._spoken.wait(), _SPEECH_MS)
        except asyncio.TimeoutError:
            raise ModemError("speech did not end") from None

    # notes from the modem -------------------------------------------------------------

    def _note_data(self, line):
        if self._socket:
            self._socket.arrived()

    def _note_lost(self, why):
        if why != "closed by the other end":
            self._on_line = False
        if self._socket:
            self._socket.lost(why)


def _field(line, at):
    """The number at place `at` of an answer line such as `+CSQ:20,99`; -1 where there is none."""
    try:
        return int(line.split(b":", 1)[1].split(b",")[at])
    except (IndexError, ValueError):
        return -1


def _ucs2(text):
    """Big-endian two-byte letters, as AT+CTTS=1 wants them (nothing above U+FFFF is spoken)."""
    coded = bytearray()
    for letter in text:
        code = ord(letter)
        if code <= 0xFFFF:
            coded.append(code >> 8)
            coded.append(code & 0xFF)
    return coded

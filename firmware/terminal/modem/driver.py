"""What every module does alike (3GPP TS 27.007): start, SIM, registration, clock, recovery.

A driver is `Simcom(chat, board, apn, secure)` or `Luat(…)`; apn '' = the SIM's own; secure: TLS
wherever `connect` is not told otherwise. It gives the rest of the terminal:

    await ready(depth)                 on the network; 0 socket, CONTEXT, RADIO, POWER torn down
    await connect(host, port, tls, link) -> Socket     link 0 MQTT, 1 HTTP, both at once
    await datagram(host, port, data, timeout_ms) -> bytes      one question and its answer
    await install_ca(pem)              once in a module's life; the name of its file is its digest
    await signal() -> 0..31, 99        await speak(text), hush()      await clock_ms() -> UTC or 0
    await locate() -> (lat_e6, lng_e6, accuracy_m)     WGS-84
    imei, iccid, operator, capabilities (of "tts", "lbs", "tls", "udp")
    ladder                             how often each depth was gone to
    sent, rcvd, wire_sent, wire_rcvd   bytes on all sockets: the user's, and as charged
    changed                            to be set: called when links may be dead without a note

All of them raise OSError, mostly ModemError, and nothing else. A vendor's file gives `PROBES`,
`_iccid`, `_open_network`, `_close_network`, and the connections.
"""

import asyncio
from binascii import hexlify

from micropython import const

from terminal.modem.chat import DIGITS, ModemError, field
from terminal.modem.operators import by_imsi

CONTEXT, RADIO, POWER = 1, 2, 3  # how deep a recovery goes; 0 opens just the socket again
DATAGRAM = 2  # the link that UDP uses; 0 is MQTT's, 1 HTTP's

_BAUDS = (115200, 9600, 57600, 230400, 460800, 921600)
_POWER_PULSE_MS = const(100)  # typ. 50 ms turns it on
_POWER_OFF_MS = const(2600)  # at least 2.5 s turns it off
_BOOT_TRIES = const(38)  # half a second each; the UART answers after 11 s
_REGISTERED = (1, 5)
_REGISTER_TRIES = const(120)  # one second each
_SPEECH_MS = const(30000)


class Driver:
    PROBES = (("tts", b"AT+CTTS=?"),)

    def __init__(self, chat, board, apn="", secure=False):
        self._chat = chat
        self._board = board
        self._apn = apn
        self._secure = secure
        self._sockets = {}  # link number -> Socket
        self._spoken = asyncio.Event()
        self._on_line = False
        self._started = False
        self._awake = False  # it spoke to us since we last pressed its key
        self._stat = 0
        self.imei = self.iccid = self.operator = ""
        self.capabilities = set()
        self.ladder = [0, 0, 0, 0]
        self.sent = self.rcvd = self.wire_sent = self.wire_rcvd = 0
        self.changed = None
        chat.on(b"+CPIN:", self._note_sim)
        chat.on(b"+CEREG:", self._note_registration)
        chat.on(b"+CTTS:0", lambda line: self._spoken.set())

    # from power to the network --------------------------------------------------

    async def ready(self, depth=0):
        """On the network with a data context; `depth` says how much to tear down first."""
        if self._started:
            self.ladder[depth] += 1
        self._started = True
        if depth >= CONTEXT:
            await self._tear_down(depth)
        if self._on_line and not self._chat.silences:
            return
        await self._wake()
        await self._identify()
        await self._register()
        await self._open_network()
        self._on_line = True

    async def _tear_down(self, depth):
        print("hanma modem depth", depth)
        self._note_lost("torn down")
        if depth >= POWER:
            self._awake = False
            await self._board.press_power_key(_POWER_OFF_MS)
            await asyncio.sleep_ms(2000)
        elif depth >= RADIO:
            await self._try(b"AT+CFUN=0", 10000)
            await self._try(b"AT+CFUN=1", 10000)
        else:
            await self._close_network()

    async def _try(self, text, timeout_ms=2000, until=b""):
        """Whether it was answered well; where not, the next rung will find out."""
        try:
            await self._chat.command(text, until=until, timeout_ms=timeout_ms)
            return True
        except ModemError:
            return False

    async def _wake(self):
        good = await self._answers(2)
        if not good:
            self._chat.fill()
            good = await self._answers(1)
        if not good and self._awake:  # at another rate, or it restarted, or it hangs
            good = await self._meet() or await self._answers(_BOOT_TRIES // 3)
            if not good:
                self.ladder[POWER] += 1
                await self._tear_down(POWER)
        if not good:
            await self._board.press_power_key(_POWER_PULSE_MS)
            if not await self._answers(_BOOT_TRIES) and not await self._meet():
                raise ModemError("modem does not start")
        self._awake = True
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
                await self._try(b"AT+IPR=%d" % _BAUDS[0])
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
        self.imei = await self._number(b"AT+CGSN")
        imsi = await self._number(b"AT+CIMI")
        self.iccid = await self._iccid()
        self.operator, apn = by_imsi(imsi)
        apn = self._apn or apn
        if apn:
            await self._chat.command(b'AT+CGDCONT=1,"IP","%s"' % apn.encode())
        await self._try(b"AT+CTZU=1")
        await self._try(b"AT+CEREG=1")
        if not self.capabilities:
            self.capabilities.add("udp")
            for name, text in self.PROBES:
                if await self._try(text):
                    self.capabilities.add(name)

    async def _number(self, text):
        """The answer of digits alone that some commands give."""
        lines = await self._chat.command(text, until=DIGITS)
        return lines[0].decode()

    async def _ask(self, text, until, timeout_ms=2000):
        """The one line that answers."""
        return (await self._chat.command(text, until=until, timeout_ms=timeout_ms))[-1]

    async def _register(self):
        for _ in range(_REGISTER_TRIES):
            self._stat = field(await self._ask(b"AT+CEREG?", b"+CEREG:"), 1)
            if self._stat in _REGISTERED:
                return
            await asyncio.sleep_ms(1000)
        raise ModemError("no network registration, state %d" % self._stat)

    # what is asked now and then ----------------------------------------------------

    async def signal(self):
        """CSQ 0..31; 99 = not known."""
        strength = field(await self._ask(b"AT+CSQ", b"+CSQ:"), 0)
        return strength if 0 <= strength <= 31 else 99

    async def clock_ms(self):
        """UTC as the network told it (NITZ), milliseconds; 0 while it has not."""
        from terminal.modem import place

        return place.utc_ms(await self._ask(b"AT+CCLK?", b"+CCLK:"))

    async def speak(self, text):
        """Says `text` and returns when it is over."""
        if not self.imei or "tts" not in self.capabilities:
            raise ModemError("no voice")
        self._spoken.clear()
        coded = hexlify(_ucs2(text))
        await self._chat.command(b'AT+CTTS=1,"%s"' % coded, timeout_ms=5000)
        try:
            await asyncio.wait_for_ms(self._spoken.wait(), _SPEECH_MS)
        except asyncio.TimeoutError:
            raise ModemError("speech did not end") from None

    async def hush(self):
        """Breaks off what is being said; its `speak` then returns."""
        await self._chat.command(b"AT+CTTS=0")

    # notes from the modem -------------------------------------------------------------

    def _note_data(self, number):
        sock = self._sockets.get(number)
        if sock:
            sock.arrived()

    def _note_closed(self, number):
        sock = self._sockets.get(number)
        if sock:
            sock.lost("closed by the other end")

    def _note_lost(self, why):
        self._on_line = False
        for sock in self._sockets.values():
            sock.lost(why)

    def _note_sim(self, line):
        if not line.startswith(b"+CPIN:READY"):
            self._note_lost("no SIM")

    def _note_registration(self, line):
        """Back after a gap: what the network's side forgot meanwhile is not told to us."""
        before, self._stat = self._stat, field(line, 0)
        if self._stat in _REGISTERED and before not in _REGISTERED and self.changed:
            self.changed()


def _ucs2(text):
    """Big-endian two-byte letters, as AT+CTTS=1 wants them (nothing above U+FFFF is spoken)."""
    coded = bytearray()
    for letter in text:
        code = ord(letter)
        if code <= 0xFFFF:
            coded.append(code >> 8)
            coded.append(code & 0xFF)
    return coded

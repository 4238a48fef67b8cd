"""What every module does alike (3GPP TS 27.007): start, SIM, registration, clock, recovery.

A driver is `Simcom(chat, board, apn)` or `Luat(…)`; apn '' = the SIM's own. It gives the rest of
the terminal:

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

All of them raise OSError, mostly ModemError, and nothing else. A vendor's file gives the names in
capitals, `_open_network`, `_close_network`, `_way` (a Way to be opened), `install_ca`, `locate`.
"""

import asyncio
from binascii import hexlify

from micropython import const

from terminal.modem.chat import ModemError, field
from terminal.modem.socket import Socket
from terminal.unload import unload

CONTEXT, RADIO, POWER = 1, 2, 3  # how deep a recovery goes; 0 opens just the socket again
DATAGRAM = 2  # the link that UDP uses; 0 is MQTT's, 1 HTTP's
_UDP_HEAD = const(28)

_POWER_OFF_MS = const(2600)  # A7670: at least 2.5 s turns it off; Air780E: 1.5 s
REGISTERED = (1, 5)
_SPEECH_MS = const(30000)


class Driver:
    PROBES = (("tts", b"AT+CTTS=?"),)
    PULSE_MS = 100  # PWRKEY's press that turns it on; A7670: typ. 50 ms
    ICCID = b"AT+CICCID"

    def __init__(self, chat, board, apn=""):
        self._chat = chat
        self._board = board
        self._apn = apn
        self._sockets = {}  # link number -> Socket
        self._spoken = asyncio.Event()
        self._on_line = False
        self._started = False
        self.awake = False  # it spoke to us since we last pressed its key
        self.stat = 0  # of the registration, as CEREG counts
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
            await self.tear_down(depth)
        if self._on_line and not self._chat.silences:
            return
        from terminal.modem.joining import reach_network

        try:
            await reach_network(self, self._chat, self._board, self._apn)
        finally:
            unload("modem.joining")
            unload("modem.operators")
        await self._open_network()
        self._on_line = True

    async def tear_down(self, depth):
        print("hanma modem depth", depth)
        self._note_lost("torn down")
        if depth >= POWER:
            self.awake = False
            await self._board.press_power_key(_POWER_OFF_MS)
            await asyncio.sleep_ms(2000)
        elif depth >= RADIO:
            await self.attempt(b"AT+CFUN=0", 10000)
            await self.attempt(b"AT+CFUN=1", 10000)
        else:
            await self._close_network()

    async def attempt(self, text, timeout_ms=2000, until=b"", **more):
        """Whether it was answered well; where not, the next rung will find out."""
        try:
            await self._chat.command(text, until=until, timeout_ms=timeout_ms, **more)
            return True
        except ModemError:
            return False

    async def ask(self, text, until, timeout_ms=2000, **more):
        """The one line that answers."""
        return (await self._chat.command(text, until=until, timeout_ms=timeout_ms, **more))[-1]

    # connections -----------------------------------------------------------------

    async def connect(self, host, port, tls=False, link=0):
        """A Socket to host:port; ModemError when it cannot be had."""
        if link in self._sockets:
            self._sockets.pop(link).lost("replaced")
        way = await self._way(link, tls)
        await way.close()
        sock = self._sockets[link] = Socket(way, self, tls)  # first: notes may come at once
        await way.open(host, port)
        return sock

    async def datagram(self, host, port, data, timeout_ms):
        """Sends one UDP datagram and gives the first that comes back; b'' = none in time."""
        way = await self._way(DATAGRAM, False)
        await way.close()
        await way.open(host, port, b"UDP")
        sock = self._sockets[DATAGRAM] = Socket(way, self)
        try:
            await way.send(data)
            self.wire_sent += len(data) + _UDP_HEAD
            answer = await sock.read(timeout_ms)
            return answer or await sock.read(1)  # the note may have been lost
        finally:
            await sock.close()

    # what is asked now and then ----------------------------------------------------

    async def signal(self):
        """CSQ 0..31; 99 = not known."""
        strength = field(await self.ask(b"AT+CSQ", b"+CSQ:"), 0)
        return strength if 0 <= strength <= 31 else 99

    async def clock_ms(self):
        """UTC as the network told it (NITZ), milliseconds; 0 while it has not."""
        line = await self.ask(b"AT+CCLK?", b"+CCLK:")
        from terminal.modem import place

        unload("modem.place")  # asked once an hour
        return place.utc_ms(line)

    async def speak(self, text):
        """Says `text` and returns when it is over."""
        if not self.imei or "tts" not in self.capabilities:
            raise ModemError("no voice")
        spoken = self._spoken = asyncio.Event()  # its own: the last one may still be set
        coded = hexlify(_ucs2(text))
        await self._chat.command(b'AT+CTTS=1,"%s"' % coded, timeout_ms=5000)
        try:
            await asyncio.wait_for_ms(spoken.wait(), _SPEECH_MS)
        except asyncio.TimeoutError:
            raise ModemError("speech did not end") from None

    async def hush(self):
        """Breaks off what is being said; its `speak` then returns."""
        spoken = self._spoken
        await self._chat.command(b"AT+CTTS=0")
        spoken.set()  # SIMCom tells it with the answer, Luat does not

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
        before, self.stat = self.stat, field(line, 0)
        if self.stat in REGISTERED and before not in REGISTERED and self.changed:
            self.changed()


class Way:
    """Connection `number` inside the module, read by AT+CIPRXGET; how it is opened, written and
    closed is its vendor's."""

    def __init__(self, chat, number):
        self._chat = chat
        self._number = number

    async def receive(self, most):
        """(bytes, how many more the modem holds); nothing there is no fault."""
        text = b"AT+CIPRXGET=2,%d,%d" % (self._number, most)
        data, line = await self.fetch(text, most, b"+CIPRXGET:2,%d," % self._number, "+IPERROR")
        if data is None:
            return b"", 0
        if not line or len(data) != field(line, 2):
            raise ModemError("short read")
        return data, field(line, 3)

    async def fetch(self, text, most, expect, nothing, until=b""):
        """(bytes, the line that announced them); (None, b'') where the modem has none."""
        head = [b""]

        def length(line):
            head[0] = line
            return max(0, min(field(line, 2), most))

        try:
            data = await self._chat.command(text, expect, until, raw=length)
        except ModemError as error:
            if nothing in str(error):
                return None, b""
            raise
        return data, head[0]


def _ucs2(text):
    """Big-endian two-byte letters, as AT+CTTS=1 wants them (nothing above U+FFFF is spoken)."""
    coded = bytearray()
    for letter in text:
        code = ord(letter)
        if code <= 0xFFFF:
            coded.append(code >> 8)
            coded.append(code & 0xFF)
    return coded

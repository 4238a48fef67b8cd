"""SIMCom A7670/A7672 (A76XX AT manual V1.09): data context, connections, place.

TCP and UDP by `AT+CIPOPEN` in manual receive mode, so that voice and signal stay usable on-line;
TLS by the module's own `AT+CCH…` (simcom_tls.py).
"""

from micropython import const

from terminal.modem.chat import ModemError, field
from terminal.modem.driver import CONTEXT, DATAGRAM, POWER, RADIO, Driver
from terminal.modem.socket import Socket

__all__ = ("CONTEXT", "POWER", "RADIO", "Simcom")

_OPEN_MS = const(35000)  # a little more than we allow the module itself, so that no answer is late
_UDP_HEAD = const(28)
_UDP_PORT = const(50123)


class Simcom(Driver):
    PROBES = (("tts", b"AT+CTTS=?"), ("lbs", b"AT+CLBS=?"), ("tls", b"AT+CCHOPEN=?"))

    def __init__(self, chat, board, apn="", secure=False):
        super().__init__(chat, board, apn, secure)
        self._stale = False
        self._ca = None  # the certificate's file in the module
        self._tls = None  # the module's TLS service, once it was started
        chat.on(b"+CIPRXGET:1,", lambda line: self._note_data(field(line, 1)))
        chat.on(b"+IPCLOSE:", lambda line: self._note_closed(field(line, 0)))
        chat.on(b"+CIPEVENT:", self._note_network)
        chat.on(b"*ATREADY", lambda line: self._note_lost("modem restarted"))

    async def _iccid(self):
        line = await self._ask(b"AT+CICCID", b"+ICCID:")
        return "".join([chr(b) for b in line.split(b":", 1)[1] if 0x20 < b < 0x7F])

    async def _open_network(self):
        self._tls = None
        await self._chat.command(b"AT+CIPRXGET=1")
        await self._try(b"AT+CIPTIMEOUT=60000,30000,20000")
        if field(await self._ask(b"AT+NETOPEN?", b"+NETOPEN:"), 0) == 1:
            if not self._stale:
                return
            await self._close_network()  # it says so, but the network took it away
        line = await self._ask(b"AT+NETOPEN", b"+NETOPEN:", 65000)
        if field(line, 0) != 0:
            raise ModemError("no data context")
        self._stale = False

    async def _close_network(self):
        await self._try(b"AT+NETCLOSE", 10000, b"+NETCLOSE:")

    # connections -----------------------------------------------------------------

    async def connect(self, host, port, tls=None, link=0):
        """A Socket to host:port; ModemError when it cannot be had."""
        if tls is None:
            tls = self._secure
        if link in self._sockets:
            self._sockets.pop(link).lost("replaced")
        way = await self._secured(link) if tls else Link(self._chat, link)
        await way.close()
        sock = self._sockets[link] = Socket(way, self, tls)  # first: notes may come at once
        await way.open(host, port)
        return sock

    async def _secured(self, link):
        from terminal.modem import simcom_tls

        if not self._ca:
            await self.install_ca(self._board.ca())
        if not self._tls:
            self._tls = await simcom_tls.start(self._chat, self._ca, self)
        return simcom_tls.Link(self._chat, link)

    async def install_ca(self, pem):
        """Gives the module the platform's CA, if it does not have it already."""
        from terminal.modem import simcom_tls

        self._ca = await simcom_tls.install(self._chat, pem)
        self._tls = None

    async def datagram(self, host, port, data, timeout_ms):
        """Sends one UDP datagram and gives the first that comes back; b'' = none in time."""
        way = Link(self._chat, DATAGRAM, b',"%s",%d' % (host.encode(), port))
        await way.close()
        await way.ask(b"OPEN", b',"UDP",,,%d' % _UDP_PORT)
        sock = self._sockets[DATAGRAM] = Socket(way, self)
        try:
            await way.send(data)
            self.wire_sent += len(data) + _UDP_HEAD
            answer = await sock.read(timeout_ms)
            return answer or await sock.read(1)  # the note may have been lost
        finally:
            await sock.close()

    # place -------------------------------------------------------------------------

    async def locate(self):
        """(lat_e6, lng_e6, metres), WGS-84, from the cells around."""
        from terminal.modem import place

        line = await self._ask(b"AT+CLBS=1", b"+CLBS:", 12000)
        parts = line.split(b":", 1)[1].split(b",")
        found = field(line, 0) == 0 and len(parts) > 3
        found = found and place.position(parts[1], parts[2], field(line, 3))
        if not found:
            raise ModemError("no position")
        return found

    def _note_network(self, line):
        self._stale = True
        self._note_lost("network closed")


class Link:
    """Connection `number` of AT+CIPOPEN; `where` goes with each datagram."""

    PREFIX = b"CIP"
    FORM = b',"TCP","%s",%d'

    def __init__(self, chat, number, where=b""):
        self._chat = chat
        self._number = number
        self._where = where

    async def ask(self, verb, rest, timeout_ms=10000, data=None):
        """The line that ends the answer: what was asked, the link, what came of it."""
        name = self.PREFIX + verb
        text = b"AT+%s=%d%s" % (name, self._number, rest)
        until = b"+%s:%d," % (name, self._number)
        return (await self._chat.command(text, b"", until, timeout_ms, data))[-1]

    async def open(self, host, port):
        line = await self.ask(b"OPEN", self.FORM % (host.encode(), port), _OPEN_MS)
        if field(line, 1) != 0:
            raise ModemError("connection refused, error %d" % field(line, 1))

    async def send(self, data):
        line = await self.ask(b"SEND", b",%d%s" % (len(data), self._where), data=data)
        if not self.is_sent(line, len(data)):
            raise ModemError("send failed")

    def is_sent(self, line, size):
        return field(line, 2) == size

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

    async def close(self):
        """The modem knows best whether anything is open."""
        try:
            await self.ask(b"CLOSE", b"", 5000)
        except ModemError:
            pass

"""SIMCom A7670/A7672 (A76XX AT manual V1.09): data context, connections, place.

TCP and UDP by `AT+CIPOPEN` in manual receive mode, so that voice and signal stay usable on-line;
TLS by the module's own `AT+CCH…` (simcom_tls.py).
"""

from micropython import const

from terminal.modem.chat import ModemError, field
from terminal.modem.driver import CONTEXT, POWER, RADIO, Driver, Way
from terminal.unload import unload

__all__ = ("CONTEXT", "POWER", "RADIO", "Simcom")

_OPEN_MS = const(35000)  # a little more than we allow the module itself, so that no answer is late
_UDP_PORT = const(50123)


class Simcom(Driver):
    PROBES = (("tts", b"AT+CTTS=?"), ("lbs", b"AT+CLBS=?"), ("tls", b"AT+CCHOPEN=?"))

    def __init__(self, chat, board, apn=""):
        super().__init__(chat, board, apn)
        self._stale = False
        self._ca = None  # the certificate's file in the module
        self._tls = None  # the module's TLS service, once it was started
        chat.on(b"+CIPRXGET:1,", lambda line: self._note_data(field(line, 1)))
        chat.on(b"+IPCLOSE:", lambda line: self._note_closed(field(line, 0)))
        chat.on(b"+CIPEVENT:", self._note_network)
        chat.on(b"*ATREADY", lambda line: self._note_lost("modem restarted"))

    async def _open_network(self):
        self._tls = None
        await self._chat.command(b"AT+CIPRXGET=1")
        await self.attempt(b"AT+CIPTIMEOUT=60000,30000,20000")
        if field(await self.ask(b"AT+NETOPEN?", b"+NETOPEN:"), 0) == 1:
            if not self._stale:
                return
            await self._close_network()  # it says so, but the network took it away
        line = await self.ask(b"AT+NETOPEN", b"+NETOPEN:", 65000)
        if field(line, 0) != 0:
            raise ModemError("no data context")
        self._stale = False

    async def _close_network(self):
        await self.attempt(b"AT+NETCLOSE", 10000, b"+NETCLOSE:")

    # connections -----------------------------------------------------------------

    async def _way(self, link, tls):
        if not tls:
            return Link(self._chat, link)
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

    # place -------------------------------------------------------------------------

    async def locate(self):
        """(lat_e6, lng_e6, metres), WGS-84, from the cells around."""
        line = await self.ask(b"AT+CLBS=1", b"+CLBS:", 12000)
        from terminal.modem import place

        unload("modem.place")
        found = place.read(line)
        if not found:
            raise ModemError("no position")
        return found

    def _note_network(self, line):
        self._stale = True
        self._note_lost("network closed")


class Link(Way):
    """Connection of AT+CIPOPEN; `_where` goes with each datagram."""

    PREFIX = b"CIP"
    FORM = b',"TCP","%s",%d'
    _where = b""

    async def ask(self, verb, rest, timeout_ms=10000, data=None):
        """The line that ends the answer: what was asked, the link, what came of it."""
        name = self.PREFIX + verb
        text = b"AT+%s=%d%s" % (name, self._number, rest)
        until = b"+%s:%d," % (name, self._number)
        return (await self._chat.command(text, b"", until, timeout_ms, data))[-1]

    async def open(self, host, port, kind=b"TCP"):
        rest = self.FORM % (host.encode(), port)
        if kind == b"UDP":
            self._where = b',"%s",%d' % (host.encode(), port)
            rest = b',"UDP",,,%d' % _UDP_PORT
        line = await self.ask(b"OPEN", rest, _OPEN_MS)
        if field(line, 1) != 0:
            raise ModemError("connection refused, error %d" % field(line, 1))

    async def send(self, data):
        line = await self.ask(b"SEND", b",%d%s" % (len(data), self._where), data=data)
        if not self.is_sent(line, len(data)):
            raise ModemError("send failed")

    def is_sent(self, line, size):
        return field(line, 2) == size

    async def close(self):
        """The modem knows best whether anything is open."""
        try:
            await self.ask(b"CLOSE", b"", 5000)
        except ModemError:
            pass

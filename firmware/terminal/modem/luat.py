"""Luat Air780E with its AT firmware (EC718 family manual): data context, connections, place.

Six links (`AT+CIPMUX=1`) with quick sending, read by hand, TLS by a switch before each opening.
Several commands end without OK. Lines end in CR LF: after CR alone the module swallows a data
byte 0x0A.
"""

import asyncio
from binascii import hexlify
from hashlib import sha256

from micropython import const

from terminal.modem.chat import DIGITS, ModemError, field
from terminal.modem.driver import Driver, Way
from terminal.unload import unload

_OPEN_MS = const(60000)
_ACTIVATE_MS = const(65000)
_LOCATE_MS = const(35000)
_METRES = const(1000)  # one cell: hundreds of metres in towns, more in the country
_LINKS = (b"0,", b"1,", b"2,")
_SETTINGS = (
    b'"sslversion",%d,3',
    b'"seclevel",%d,1',
    b'"ignorelocaltime",%d,1',  # a clock that nobody set must not lock a terminal out
)


class Luat(Driver):
    PROBES = (("tts", b"AT+CTTS=?"), ("lbs", b"AT+CIPGSMLOC=?"), ("tls", b"AT+CIPSSL=?"))
    PULSE_MS = 1300
    ICCID = b"AT+ICCID"

    def __init__(self, chat, board, apn=""):
        super().__init__(chat, board, apn)
        self._opening = asyncio.Lock()
        self._ca = None  # the certificate's file in the module
        chat.end = b"\r\n"
        chat.on(b"+CIPRXGET:1,", lambda line: self._note_data(field(line, 1)))
        for link in _LINKS:
            chat.on(link, self._note_link)
        chat.on(b"+PDP:", lambda line: self._note_lost("network closed"))
        chat.on(b"RDY", lambda line: self._note_lost("modem restarted"))

    async def _open_network(self):
        await self._close_network()  # from whatever state it is in
        for text in (b"RXGET", b"MUX", b"QSEND"):
            await self._chat.command(b"AT+CIP%s=1" % text)
        apn = b'="%s"' % self._apn.encode() if self._apn else b""
        await self._chat.command(b"AT+CSTT" + apn)
        await self._chat.command(b"AT+CIICR", timeout_ms=_ACTIVATE_MS, final_ms=_ACTIVATE_MS)
        await self.ask(b"AT+CIFSR", DIGITS, 5000, bare=True)

    async def _close_network(self):
        await self.attempt(b"AT+CIPSHUT", 10000, b"SHUT OK", bare=True)

    async def _way(self, link, tls):
        if tls and not self._ca:
            await self.install_ca(self._board.ca())
        return _Link(self._chat, link, self, tls)

    async def install_ca(self, pem):
        """Gives the module the platform's CA, if it does not have it already."""
        name = b"hm%s.crt" % hexlify(sha256(pem).digest()[:6])
        try:
            size = field(await self.ask(b'AT+FSFLSIZE="%s"' % name, b"+FSFLSIZE:"), 0)
        except ModemError:
            size = -1
        if size != len(pem):
            if size >= 0:  # half a file
                await self.attempt(b'AT+FSDEL="%s"' % name)
            await self._chat.command(b'AT+FSCREATE="%s"' % name)
            await self._chat.command(
                b'AT+FSWRITE="%s",0,%d,10' % (name, len(pem)), data=pem, timeout_ms=12000
            )
        self._ca = name

    async def locate(self):
        """(lat_e6, lng_e6, metres), WGS-84, from the cell."""
        for text in (b'3,1,"CONTYPE","GPRS"', b'3,1,"APN",""', b"1,1"):
            await self.attempt(b"AT+SAPBR=" + text, 10000)  # what is open already is no fault
        line = await self.ask(b"AT+CIPGSMLOC=1,1", b"+CIPGSMLOC:", _LOCATE_MS, final_ms=_LOCATE_MS)
        from terminal.modem import place

        unload("modem.place")
        found = place.read(line, _METRES)
        if not found:
            raise ModemError("no position")
        return found

    def _note_link(self, line):
        if line.endswith(b"CLOSED"):
            self._note_closed(int(line[:1]))


class _Link(Way):
    """Link of AT+CIPSTART."""

    def __init__(self, chat, number, driver, tls):
        super().__init__(chat, number)
        self._driver = driver
        self._tls = tls

    async def open(self, host, port, kind=b"TCP"):
        driver, number, host = self._driver, self._number, host.encode()
        async with driver._opening:  # the switch is the whole module's
            if self._tls:
                for text in _SETTINGS:
                    await self._chat.command(b"AT+SSLCFG=" + text % number)
                for name, value in ((b"cacert", driver._ca), (b"hostname", host)):
                    await self._chat.command(b'AT+SSLCFG="%s",%d,"%s"' % (name, number, value))
            if "tls" in driver.capabilities:
                await self._chat.command(b"AT+CIPSSL=%d" % (1 if self._tls else 0))
            line = await driver.ask(
                b'AT+CIPSTART=%d,"%s","%s",%d' % (number, kind, host, port),
                self._said(b"CONNECT") + self._said(b"ALREADY"),
                _OPEN_MS,
            )
        if not line.endswith(b"CONNECT OK"):
            raise ModemError("connection refused")

    async def send(self, data):
        line = await self._driver.ask(
            b"AT+CIPSEND=%d,%d" % (self._number, len(data)),
            self._said(b"SEND") + (b"DATA ACCEPT:%d," % self._number,),
            10000,
            data=data,
            bare=True,
        )
        if field(line, 1) != len(data):
            raise ModemError("send failed")

    async def close(self):
        """The module knows best whether anything is open."""
        await self._driver.attempt(
            b"AT+CIPCLOSE=%d" % self._number, 5000, self._said(b"CLOSE OK"), bare=True
        )

    def _said(self, word):
        """`0, CONNECT OK` and `0,CONNECT OK`: the manual writes both."""
        return b"%d, %s" % (self._number, word), b"%d,%s" % (self._number, word)

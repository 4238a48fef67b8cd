"""TLS inside the SIMCom module: its two sessions of `AT+CCH…`, its certificates, its settings.

The module checks the certificate against the uploaded CA (`authmode` 1), TLS 1.2. The host name
goes out as SNI, and with it the module's TLS library compares it with the certificate; the manual
does not promise that: to be tried on the board (hardware/bring-up.md). Where a module did not,
the CA still must be the platform's own, which signs nobody else.
"""

from binascii import hexlify
from hashlib import sha256

from terminal.modem import simcom
from terminal.modem.chat import ModemError, field

_CONTEXT = (
    b'"sslversion",0,3',
    b'"authmode",0,1',
    b'"enableSNI",0,1',
    b'"ignorelocaltime",0,1',  # a clock that nobody set must not lock a terminal out
)


async def install(chat, pem):
    """The name of the CA's file in the module, uploaded if it is not there yet."""
    name = b"hm%s.pem" % hexlify(sha256(pem).digest()[:6])
    quoted = b'"%s"' % name
    lines = await chat.command(b"AT+CCERTLIST", expect=b"+CCERTLIST:")
    kept = [line.split(b'"')[1] for line in lines if line.count(b'"') == 2]
    if name not in kept:
        await chat.command(b"AT+CCERTDOWN=%s,%d" % (quoted, len(pem)), data=pem, timeout_ms=10000)
    for old in kept:
        if old.startswith(b"hm") and old != name:
            await chat.command(b'AT+CCERTDELE="%s"' % old)
    return name


async def start(chat, ca, driver):
    """Settings, then the TLS service; what it reports reaches the driver's sockets."""
    for setting in _CONTEXT + (b'"cacert",0,"%s"' % ca,):
        await chat.command(b"AT+CSSLCFG=" + setting)
    chat.on(b"+CCHEVENT:", lambda line: driver._note_data(field(line, 0)))
    chat.on(b"+CCH_PEER_CLOSED:", lambda line: driver._note_closed(field(line, 0)))
    chat.on(b"+CCH_RECV_CLOSED:", lambda line: driver._note_closed(field(line, 0)))
    try:  # a service that outlived our own restart, or the network's
        await chat.command(b"AT+CCHSTOP", until=b"+CCHSTOP:", timeout_ms=5000)
    except ModemError:
        pass
    await chat.command(b"AT+CCHSET=1,1")
    line = (await chat.command(b"AT+CCHSTART", until=b"+CCHSTART:", timeout_ms=15000))[-1]
    if field(line, 0) != 0:
        raise ModemError("no TLS, error %d" % field(line, 0))
    for session in (0, 1):
        await chat.command(b"AT+CCHSSLCFG=%d,0" % session)
    return True


class Link(simcom.Link):
    """TLS session `number`."""

    PREFIX = b"CCH"
    FORM = b',"%s",%d,2'

    def is_sent(self, line, size):
        return field(line, 1) == 0

    async def receive(self, most):
        """(bytes, 1 = there may be more); nothing there is no fault."""
        text = b"AT+CCHRECV=%d,%d" % (self._number, most)
        expect = b"+CCHRECV:DATA,%d," % self._number
        data, line = await self.fetch(text, most, expect, "ERROR", b"+CCHRECV:%d," % self._number)
        if data and len(data) != field(line, 2):
            raise ModemError("short read")
        return data or b"", 1 if data else 0

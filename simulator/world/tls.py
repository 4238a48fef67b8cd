"""The TLS inside the module: its two sessions, by the real thing (Python's ssl) on a stack.

It behaves as a module with mbedTLS does: TLS 1.2; the certificate is checked where `authmode` says
so; where SNI is on, the host name is compared with the certificate as well.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from simulator.world.link import BY_PEER, Link
from simulator.world.radio import Radio
from simulator.world.sockets import BUSY, DNS_FAILED, OPENED, TIMED_OUT, Stack

if TYPE_CHECKING:
    from collections.abc import Mapping

SESSIONS = 2
PLAIN_BYTES = 16_384
NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME, which Python does not name
HANDSHAKE_S = 30.0

# results of +CCHOPEN (A76XX AT manual, SSL error codes)
IN_USE, TIME_OUT, DNS_ERROR, CONNECT_ERROR, HANDSHAKE, NO_CERTIFICATE = 3, 5, 13, 14, 15, 19
_OF_STACK = {BUSY: IN_USE, OPENED: IN_USE, TIMED_OUT: TIME_OUT, DNS_FAILED: DNS_ERROR}


@dataclass
class Context:
    """One SSL context as `AT+CSSLCFG` sets it, factory defaults."""

    sslversion: int = 4
    authmode: int = 0
    enableSNI: int = 0
    ignorelocaltime: int = 1
    cacert: str = ""


class NotSet(Exception):
    """The context asks for a certificate that is not there, or is none."""


def prepared(context: Context, store: Mapping[str, bytes], clock_set: bool) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.maximum_version = ssl.TLSVersion.TLSv1_2
    made.check_hostname = bool(context.authmode and context.enableSNI)
    made.verify_mode = ssl.CERT_REQUIRED if context.authmode else ssl.CERT_NONE
    if context.ignorelocaltime:
        made.verify_flags |= NO_CHECK_TIME
    elif not clock_set:
        raise NotSet
    if context.authmode:
        try:
            made.load_verify_locations(cadata=store[context.cacert].decode("ascii"))
        except (KeyError, ssl.SSLError, UnicodeDecodeError):
            raise NotSet from None
    return made


class Ears(Protocol):
    def secure_arrived(self, session: Session) -> None: ...

    def secure_closed(self, session: Session, reason: int) -> None: ...


@dataclass(eq=False)
class Session:
    """One connection; `plain` waits to be read."""

    number: int
    host: str
    port: int
    tls: ssl.SSLObject
    incoming: ssl.MemoryBIO
    outgoing: ssl.MemoryBIO
    opened: asyncio.Future[int]
    link: Link
    plain: bytearray = field(default_factory=bytearray)
    told: bool = False
    ended: bool = False  # by the peer, in order

    @property
    def ready(self) -> bool:
        return self.opened.done() and not self.opened.cancelled() and self.opened.result() == 0


class Secure:
    """All sessions. `ears` is told of what arrives and of ends."""

    def __init__(self, radio: Radio, ears: Ears, *, connect_timeout_s: float) -> None:
        self.stack = Stack(radio, self, connect_timeout_s=connect_timeout_s, send_timeout_s=60.0)
        self.sessions: dict[int, Session] = {}
        self._ears = ears

    async def open(
        self, number: int, host: str, port: int, context: ssl.SSLContext, sni: bool
    ) -> int:
        """0, or the error of +CCHOPEN."""
        error = await self.stack.open(number, host, port, True)
        if error:
            return _OF_STACK.get(error, CONNECT_ERROR)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_hostname=host if sni else None)
        opened: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        session = Session(
            number, host, port, tls, incoming, outgoing, opened, self.stack.links[number]
        )
        self.sessions[number] = session
        self._turn(session)
        try:
            async with asyncio.timeout(HANDSHAKE_S):
                error = await opened
        except TimeoutError:
            error = TIME_OUT
        if error:
            self.close(number)
        else:
            asyncio.get_running_loop().call_soon(self._decrypt, session)  # after +CCHOPEN
        return error

    def send(self, number: int, data: bytes) -> bool:
        """Whether it was taken."""
        session = self.sessions[number]
        try:
            session.tls.write(data)
        except ssl.SSLError:
            return False
        return self._flush(session)

    def read(self, number: int, size: int) -> bytes:
        session = self.sessions[number]
        data = bytes(session.plain[:size])
        del session.plain[:size]
        session.told = bool(session.plain)
        if session.ready:
            self._decrypt(session)
        return data

    def close(self, number: int) -> None:
        session = self.sessions.pop(number, None)
        if session and number in self.stack.links:
            with contextlib.suppress(ssl.SSLError):
                session.tls.unwrap()
            self._flush(session)
            self.stack.close(number)

    def forget(self, *, quietly: bool) -> None:
        for session in self.sessions.values():
            if not session.opened.done():
                session.opened.set_result(CONNECT_ERROR)
        self.sessions.clear()
        self.stack.forget(quietly=quietly)

    # -- told by the stack --------------------------------------------------------------------

    def arrived(self, link: Link) -> None:
        session = self.sessions.get(link.number)
        if session:
            self._turn(session)

    def closed(self, link: Link, reason: int) -> None:
        if self.stack.links.get(link.number) is link:
            del self.stack.links[link.number]
        session = self.sessions.get(link.number)
        if session is None or session.link is not link:
            return
        if not session.opened.done():
            session.opened.set_result(HANDSHAKE)
            return
        self._decrypt(session)
        self._ears.secure_closed(session, reason)

    # -- turning the crank --------------------------------------------------------------------

    def _turn(self, session: Session) -> None:
        """Feeds what came into the TLS, as far as it wants it."""
        if session.ready:
            self._decrypt(session)
            return
        if session.opened.done():
            return
        session.incoming.write(session.link.read(len(session.link.buffer)))
        try:
            session.tls.do_handshake()
            session.opened.set_result(0)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            session.opened.set_result(HANDSHAKE)
        self._flush(session)

    def _decrypt(self, session: Session) -> None:
        """A module's buffer is bounded: what does not fit stays in TCP."""
        before = len(session.plain)
        if before < PLAIN_BYTES:
            session.incoming.write(session.link.read(len(session.link.buffer)))
        try:
            while len(session.plain) < PLAIN_BYTES:
                data = session.tls.read(2_048)
                if not data:
                    session.ended = True  # the peer's close_notify
                    break
                session.plain += data
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            session.link.reset(BY_PEER)
        self._flush(session)
        if len(session.plain) > before:
            self._ears.secure_arrived(session)
        if session.ended and session.number in self.stack.links:
            with contextlib.suppress(ssl.SSLError):
                session.tls.unwrap()
            self._flush(session)
            self.stack.close(session.number)
            self._ears.secure_closed(session, BY_PEER)

    def _flush(self, session: Session) -> bool:
        data = session.outgoing.read()
        return not data or session.link.send(data) == len(data)

"""TLS (A76XX AT manual V1.09, SSL note): certificates, contexts, the two sessions of AT+CCH…."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.world.at import Command, Kind, Refused
from simulator.world.commands.table import Lines, on
from simulator.world.radio import Outage
from simulator.world.tls import (
    CONNECT_ERROR,
    IN_USE,
    NO_CERTIFICATE,
    SESSIONS,
    Context,
    NotSet,
    Session,
    prepared,
)

if TYPE_CHECKING:
    from simulator.world.modem import Modem

CONTEXTS = 10
MAX_CERTIFICATE = 10_240
MAX_PIECE = 2_048
STATE_ERROR, NO_NETWORK, SEND_FAILED = 11, 17, 6
_RANGES = {"sslversion": 4, "authmode": 3, "enableSNI": 1, "ignorelocaltime": 1}


def _need_tls(modem: Modem) -> None:
    if "tls" not in modem.identity.features:
        raise Refused


# -- certificates in the module's files -------------------------------------------------------


@on("+CCERTDOWN", kind=Kind.WRITE)
async def store(modem: Modem, command: Command) -> Lines:
    """`>`, then so many bytes; kept over restarts."""
    name, size = command.word(0), command.number(1, 1, MAX_CERTIFICATE)
    if not name.endswith((".pem", ".der", ".p7b")):
        raise Refused
    modem.memory.certificates[name] = await modem.prompt(size)
    return None


@on("+CCERTLIST")
def stored(modem: Modem, command: Command) -> Lines:
    return [f'+CCERTLIST: "{name}"' for name in modem.memory.certificates]


@on("+CCERTDELE", kind=Kind.WRITE)
def delete(modem: Modem, command: Command) -> Lines:
    if modem.memory.certificates.pop(command.word(0), None) is None:
        raise Refused


# -- contexts ---------------------------------------------------------------------------------


@on("+CSSLCFG", kind=Kind.WRITE)
def configure(modem: Modem, command: Command) -> Lines:
    """`="<what>",<context>,<value>`; lost when the module restarts."""
    what, number = command.word(0), command.number(1, 0, CONTEXTS - 1)
    context = modem.settings.secure.setdefault(number, Context())
    if what == "cacert":
        context.cacert = command.word(2)
    elif what in _RANGES:
        setattr(context, what, command.number(2, 0, _RANGES[what]))
    else:
        raise Refused


# -- the service ------------------------------------------------------------------------------


@on("+CCHSET", kind=Kind.WRITE)
def set_manner(modem: Modem, command: Command) -> Lines:
    """Reports of sending, manual receiving; only before AT+CCHSTART."""
    if modem.secure_started:
        raise Refused
    modem.settings.secure_report = bool(command.number(0, 0, 1))
    modem.settings.secure_manual = bool(command.number(1, 0, 1, 0))


@on("+CCHSTART")
def start(modem: Modem, command: Command) -> Lines:
    _need_tls(modem)
    if modem.secure_started:
        raise Refused

    def started() -> None:
        modem.secure_started = modem.radio.stat.serves
        modem.urc(f"+CCHSTART: {0 if modem.secure_started else NO_NETWORK}")

    modem.after(modem.timing.netopen_s, started)


@on("+CCHSTOP")
def stop(modem: Modem, command: Command) -> Lines:
    if not modem.secure_started:
        raise Refused

    def stopped() -> None:
        for number in list(modem.secure.sessions):
            modem.secure.close(number)
        modem.secure_started = False
        modem.urc("+CCHSTOP: 0")

    modem.after(modem.timing.send_s, stopped)


@on("+CCHSSLCFG", kind=Kind.WRITE)
def choose_context(modem: Modem, command: Command) -> Lines:
    session = command.number(0, 0, SESSIONS - 1)
    modem.settings.secure_contexts[session] = command.number(1, 0, CONTEXTS - 1)


@on("+CCHOPEN", kind=Kind.TEST)
def sessions_present(modem: Modem, command: Command) -> Lines:
    _need_tls(modem)
    return ["+CCHOPEN: (0,1),(1-256),(1-65535),(1-2)"]


@on("+CCHOPEN", kind=Kind.WRITE)
def open_session(modem: Modem, command: Command) -> Lines:
    """OK, later `+CCHOPEN: n,err`; kind 2 is TLS, the only one here."""
    number = command.number(0, 0, SESSIONS - 1)
    host, port = command.word(1), command.number(2, 1, 65_535)
    command.number(3, 2, 2, 2)
    if not modem.secure_started:
        raise Refused(f"+CCHOPEN: {number},{STATE_ERROR}")
    modem.after(0.0, lambda: modem.spawn(_connect(modem, number, host, port)))


async def _connect(modem: Modem, number: int, host: str, port: int) -> None:
    modem.urc(f"+CCHOPEN: {number},{await _result(modem, number, host, port)}")


async def _result(modem: Modem, number: int, host: str, port: int) -> int:
    if number in modem.secure.sessions:
        return IN_USE
    if modem.mischief.open_results:
        return modem.mischief.open_results.popleft()
    which = modem.settings.secure_contexts.get(number, 0)
    context = modem.settings.secure.get(which, Context())
    try:
        made = prepared(context, modem.memory.certificates, modem.rtc.local.year > 2000)
    except NotSet:
        return NO_CERTIFICATE
    return await modem.secure.open(number, host, port, made, bool(context.enableSNI))


@on("+CCHCLOSE", kind=Kind.WRITE)
def close_session(modem: Modem, command: Command) -> Lines:
    number = command.number(0, 0, SESSIONS - 1)
    if number not in modem.secure.sessions:
        raise Refused(f"+CCHCLOSE: {number},{STATE_ERROR}")
    modem.secure.close(number)
    modem.after(modem.timing.send_s, lambda: modem.urc(f"+CCHCLOSE: {number},0"))


# -- bytes ------------------------------------------------------------------------------------


@on("+CCHSEND", kind=Kind.WRITE)
async def send(modem: Modem, command: Command) -> Lines:
    number, size = command.number(0, 0, SESSIONS - 1), command.number(1, 1, MAX_PIECE)
    session = modem.secure.sessions.get(number)
    if session is None or not session.ready:
        raise Refused(f"+CCHSEND: {number},{STATE_ERROR}")
    data = await modem.prompt(size)
    error = _send_result(modem, number, data)
    if modem.settings.secure_report:
        modem.after(modem.timing.send_s, lambda: modem.urc(f"+CCHSEND: {number},{error}"))
    return None


def _send_result(modem: Modem, number: int, data: bytes) -> int:
    session = modem.secure.sessions.get(number)
    if session is None:
        return CONNECT_ERROR
    if modem.mischief.send_results:
        modem.mischief.send_results.popleft()
        session.link.reset(None)
        modem.secure.sessions.pop(number)
        modem.secure.stack.links.pop(number, None)
        return SEND_FAILED
    return 0 if modem.secure.send(number, data) else SEND_FAILED


@on("+CCHRECV", kind=Kind.READ)
def waiting(modem: Modem, command: Command) -> Lines:
    held = [len(_plain(modem, number)) for number in range(SESSIONS)]
    return ["+CCHRECV: LEN," + ",".join(map(str, held))]


def _plain(modem: Modem, number: int) -> bytes | bytearray:
    session = modem.secure.sessions.get(number)
    return session.plain if session else b""


@on("+CCHRECV", kind=Kind.WRITE)
def receive(modem: Modem, command: Command) -> Lines:
    """OK, then `+CCHRECV: DATA,n,len` with the bytes, then `+CCHRECV: n,0`."""
    number, size = command.number(0, 0, SESSIONS - 1), command.number(1, 1, MAX_PIECE, MAX_PIECE)
    if not modem.settings.secure_manual or not _plain(modem, number):
        raise Refused

    def told() -> None:
        if number in modem.secure.sessions:
            data = modem.secure.read(number, size)
            modem.urc(f"+CCHRECV: DATA,{number},{len(data)}", data)
        modem.urc(f"+CCHRECV: {number},0")

    modem.after(0.0, told)


def report_arrival(modem: Modem, session: Session) -> None:
    if modem.settings.secure_manual:
        if not session.told:
            session.told = True
            modem.urc(f"+CCHEVENT: {session.number},RECV EVENT")
        return
    while data := modem.secure.read(session.number, MAX_PIECE):
        modem.urc(f"+CCHRECV: DATA,{session.number},{len(data)}", data)


def report_close(modem: Modem, session: Session, by_peer: bool) -> None:
    """What came before the end may still be read, unless a fault says otherwise."""
    if modem.mischief.late_data_lost or not session.plain:
        modem.secure.sessions.pop(session.number, None)
    if by_peer and modem.radio.outage is not Outage.RESET:
        modem.urc(f"+CCH_PEER_CLOSED: {session.number}")
    else:
        modem.urc(f"+CCH_RECV_CLOSED: {session.number},{SEND_FAILED}")

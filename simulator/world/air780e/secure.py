"""TLS: the switch AT+CIPSSL, the contexts of AT+SSLCFG (one a link), and the module's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.world.air780e.state import LINKS, refuse
from simulator.world.air780e.table import on
from simulator.world.at import Command, Kind, Refused
from simulator.world.commands.table import Lines
from simulator.world.tls import HANDSHAKE, NO_CERTIFICATE, Context, NotSet, prepared

if TYPE_CHECKING:
    from simulator.world.modem import Modem

MAX_FILE = 10_240
RANGES = {"sslversion": (0, 4), "seclevel": (0, 2), "ignorelocaltime": (0, 1)}
ACCEPTED = ("ciphersuite", "negotiatetimeout", "verifymode", "clientcert", "clientkey")


def _need_tls(modem: Modem) -> None:
    """The small modules of the family have no TLS for links."""
    if "tls" not in modem.identity.features:
        raise Refused


@on("+CIPSSL", kind=Kind.TEST)
def present(modem: Modem, command: Command) -> Lines:
    _need_tls(modem)
    return ["+CIPSSL: (0-1)"]


@on("+CIPSSL", kind=Kind.READ)
def switch(modem: Modem, command: Command) -> Lines:
    return [f"+CIPSSL: {int(modem.own.secure)}"]


@on("+CIPSSL", kind=Kind.WRITE)
def set_switch(modem: Modem, command: Command) -> Lines:
    """For links opened from now on."""
    _need_tls(modem)
    modem.own.secure = bool(command.number(0, 0, 1))


@on("+SSLCFG", kind=Kind.WRITE)
def configure(modem: Modem, command: Command) -> Lines:
    """`="<what>",<context>,<value>`; a link's context has its number. Lost at a restart."""
    _need_tls(modem)
    what, number = command.word(0), command.number(1, 0, 255)
    if number >= LINKS and number not in (34, 88, 153):
        raise Refused
    context = modem.settings.secure.setdefault(number, Context(ignorelocaltime=0))
    if what == "cacert":
        context.cacert = command.word(2)
    elif what == "hostname":
        modem.own.hosts[number] = command.word(2)
        context.enableSNI = 1
    elif what in RANGES:
        name = "authmode" if what == "seclevel" else what
        setattr(context, name, command.number(2, *RANGES[what]))
    elif what not in ACCEPTED:
        raise Refused


async def connect(modem: Modem, number: int, host: str, port: int) -> int:
    """0, or why not: the certificate must be of the context's CA, and of its host name."""
    context = modem.settings.secure.get(number, Context())
    try:
        made = prepared(context, modem.memory.certificates, modem.rtc.local.year > 2000)
    except NotSet:
        return NO_CERTIFICATE
    named = modem.own.hosts.get(number)
    if context.authmode and named and named != host:
        return HANDSHAKE
    return await modem.secure.open(number, host, port, made, bool(named))


# -- files ------------------------------------------------------------------------------------


@on("+FSCREATE", kind=Kind.WRITE)
def create(modem: Modem, command: Command) -> Lines:
    name = command.word(0)
    if name in modem.memory.certificates:
        raise refuse()
    modem.memory.certificates[name] = b""


@on("+FSWRITE", kind=Kind.WRITE)
async def write(modem: Modem, command: Command) -> Lines:
    """`="<name>",0|1,<size>,<seconds>`: `>`, then so many bytes; 1 appends."""
    name, appends = command.word(0), command.number(1, 0, 1)
    size = command.number(2, 1, MAX_FILE)
    command.number(3, 1, 1_000)
    if name not in modem.memory.certificates:
        raise refuse()
    data = await modem.prompt(size)
    before = modem.memory.certificates[name] if appends else b""
    modem.memory.certificates[name] = before + data
    return None


@on("+FSFLSIZE", kind=Kind.WRITE)
def size(modem: Modem, command: Command) -> Lines:
    return [f"+FSFLSIZE: {len(_file(modem, command))}"]


@on("+FSDEL", kind=Kind.WRITE)
def delete(modem: Modem, command: Command) -> Lines:
    _file(modem, command)
    del modem.memory.certificates[command.word(0)]


def _file(modem: Modem, command: Command) -> bytes:
    if command.word(0) not in modem.memory.certificates:
        raise refuse()
    return modem.memory.certificates[command.word(0)]

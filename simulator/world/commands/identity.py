"""Basic commands, identity, and switches: ATE, ATI, +CMEE, +CFUN, +IPR, +CPOF, +CRESET."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from simulator.world.at import Command, Kind, Refused
from simulator.world.commands.table import Lines, everywhere, on

if TYPE_CHECKING:
    from simulator.world.modem import Modem

BAUDS = (9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600)


@everywhere("E")
def echo(modem: Modem, command: Command) -> Lines:
    modem.talk.echo = bool(command.number(0, 0, 1, 0))


@everywhere("V", "Q", "Z", "&F", "&W", "&C", "&D", "&K", "+CDTAM", "+CSCLK")
@everywhere("+CDTAM", "+CSCLK", kind=Kind.WRITE)
def accepted(modem: Modem, command: Command) -> Lines:
    """Taken, without an effect that this world could show."""
    if command.name == "&F":
        modem.talk.echo, modem.talk.cmee = True, 0


@on("I")
def information(modem: Modem, command: Command) -> Lines:
    who = modem.identity
    return [
        "Manufacturer: INCORPORATED",
        f"Model: {who.model}",
        f"Revision: {who.revision}",
        f"IMEI: {who.imei}",
        "+GCAP: +CGSM,+FCLASS,+DS",
    ]


@on("+SIMCOMATI")
def long_information(modem: Modem, command: Command) -> Lines:
    who = modem.identity
    return [
        "Manufacturer: INCORPORATED",
        f"Model: {who.model}",
        f"Revision: {who.revision}",
        who.firmware,
        "QCN: ",
        f"IMEI: {who.imei}",
        "MEID: ",
        "+GCAP: +CGSM,+FCLASS,+DS",
        "DeviceInfo: ",
    ]


@on("+CGMI")
def maker(modem: Modem, command: Command) -> Lines:
    return ["INCORPORATED"]


@on("+CGMM")
def model(modem: Modem, command: Command) -> Lines:
    return [modem.identity.model]


@on("+CGMR")
def revision(modem: Modem, command: Command) -> Lines:
    return [f"+CGMR: {modem.identity.revision}"]


@everywhere("+GSN", "+CGSN")
def imei(modem: Modem, command: Command) -> Lines:
    return [modem.identity.imei]


@everywhere("+CMEE", kind=Kind.WRITE)
def set_verbosity(modem: Modem, command: Command) -> Lines:
    modem.talk.cmee = command.number(0, 0, 2)


@everywhere("+CMEE", kind=Kind.READ)
def verbosity(modem: Modem, command: Command) -> Lines:
    return [f"+CMEE: {modem.talk.cmee}"]


@everywhere("+CFUN", kind=Kind.READ)
def functionality(modem: Modem, command: Command) -> Lines:
    return [f"+CFUN: {modem.settings.functionality}"]


@everywhere("+CFUN", kind=Kind.WRITE)
async def set_functionality(modem: Modem, command: Command) -> Lines:
    """0 = least, 1 = full, 4 = flight, OK when it is done; `1,1` restarts the module after OK."""
    wanted = command.number(0, 0, 4)
    if wanted not in (0, 1, 4):
        raise Refused(cme="operation not supported")
    if command.number(1, 0, 1, 0):
        modem.after(modem.line.drain_s + 0.1, modem.restart)
    elif wanted != modem.settings.functionality:
        await asyncio.sleep(modem.timing.radio_s)
        modem.turn_radio(wanted)
    return None


@on("+CRESET")
def reset(modem: Modem, command: Command) -> Lines:
    modem.after(0.1, modem.restart)


@on("+CPOF")
def power_off(modem: Modem, command: Command) -> Lines:
    modem.after(0.1, modem.power_off)


@everywhere("+IPR", kind=Kind.READ)
def baud(modem: Modem, command: Command) -> Lines:
    return [f"+IPR: {modem.line.modem_baud}"]


@everywhere("+IPR", kind=Kind.WRITE)
def set_baud(modem: Modem, command: Command) -> Lines:
    """OK still comes at the old rate; the new one is kept over restarts."""
    rate = command.number(0, 0, 10_000_000)
    if rate not in BAUDS:
        raise Refused(cme="invalid parameters")

    def change() -> None:
        if modem.line.pending:
            modem.after(max(0.001, modem.line.drain_s), change)
            return
        modem.memory.baud = rate
        modem.line.set_modem_baud(rate)

    modem.after(0.0, change)

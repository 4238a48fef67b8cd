"""SIM, registration, signal, operator, contexts (3GPP 27.007 in the A76XX AT manual)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.world.at import Command, Kind, Refused
from simulator.world.commands.table import Lines, everywhere, needs_card, needs_sim, on

if TYPE_CHECKING:
    from simulator.world.modem import Modem

REPORTS = ("+CREG", "+CGREG", "+CEREG")
LTE = 7  # access technology in +COPS


@everywhere("+CPIN", kind=Kind.READ)
def sim_state(modem: Modem, command: Command) -> Lines:
    needs_card(modem)
    return [f"+CPIN: {modem.radio.sim.state}"]


@everywhere("+CPIN", kind=Kind.WRITE)
def enter_pin(modem: Modem, command: Command) -> Lines:
    needs_card(modem)
    if modem.radio.sim.state == "READY":
        raise Refused(cme="operation not allowed")
    if not modem.radio.unlock_sim(command.word(0)):
        blocked = modem.radio.sim.state == "SIM PUK"
        raise Refused(cme="SIM PUK required" if blocked else "incorrect password")
    modem.after(0.01, lambda: modem.urc("+CPIN: READY"))


@everywhere("+CIMI")
def imsi(modem: Modem, command: Command) -> Lines:
    needs_sim(modem)
    return [modem.radio.sim.imsi]


@on("+CICCID")
def iccid(modem: Modem, command: Command) -> Lines:
    needs_card(modem)
    return [f"+ICCID: {modem.radio.sim.iccid}"]


@everywhere("+CSQ")
def signal(modem: Modem, command: Command) -> Lines:
    return [f"+CSQ: {modem.radio.csq},99"]


@everywhere(*REPORTS, kind=Kind.READ)
def registration(modem: Modem, command: Command) -> Lines:
    level = modem.settings.reports.get(command.name, 0)
    return [f"{command.name}: {level},{modem.place_text(modem.radio.stat, level)}"]


@everywhere(*REPORTS, kind=Kind.WRITE)
def report_registration(modem: Modem, command: Command) -> Lines:
    modem.settings.reports[command.name] = command.number(0, 0, 2)


@everywhere("+CGATT", kind=Kind.READ)
def attached(modem: Modem, command: Command) -> Lines:
    return [f"+CGATT: {int(modem.radio.stat.serves)}"]


@everywhere("+CGATT", kind=Kind.WRITE)
def attach(modem: Modem, command: Command) -> Lines:
    command.number(0, 0, 1)
    needs_sim(modem)


@everywhere("+CGACT", kind=Kind.READ)
def activated(modem: Modem, command: Command) -> Lines:
    return [f"+CGACT: 1,{int(modem.radio.stat.serves)}"]


@everywhere("+COPS", kind=Kind.READ)
def operator(modem: Modem, command: Command) -> Lines:
    """Long name unless AT+COPS=3,2 asked for the number."""
    if not modem.radio.stat.serves:
        return ["+COPS: 0"]
    form, who = modem.settings.operator_format, modem.radio.operator
    return [f'+COPS: 0,{form},"{who.plmn if form == 2 else who.name}",{LTE}']


@everywhere("+COPS", kind=Kind.WRITE)
def choose_operator(modem: Modem, command: Command) -> Lines:
    mode = command.number(0, 0, 4)
    if mode == 3:
        modem.settings.operator_format = command.number(1, 0, 2)
    elif mode == 2:
        modem.after(modem.timing.radio_s, lambda: modem.radio.turn(False))
    elif mode in (0, 1, 4):
        needs_sim(modem)
        if not modem.radio.stat.serves:
            modem.after(modem.timing.radio_s, lambda: modem.radio.turn(True))


@everywhere("+CGDCONT", kind=Kind.READ)
def contexts(modem: Modem, command: Command) -> Lines:
    stored = sorted(modem.memory.contexts.items()) or [(1, ("IPV4V6", ""))]
    return [f'+CGDCONT: {cid},"{kind}","{apn}","",0,0,,,,' for cid, (kind, apn) in stored]


@everywhere("+CGDCONT", kind=Kind.WRITE)
def set_context(modem: Modem, command: Command) -> Lines:
    """Kept over restarts. Only the number: the context is forgotten."""
    cid = command.number(0, 1, 15)
    if not command.has(1):
        modem.memory.contexts.pop(cid, None)
        return
    if command.word(1) not in ("IP", "IPV6", "IPV4V6", "PPP"):
        raise Refused(cme="invalid parameters")
    modem.memory.contexts[cid] = (command.word(1), command.word(2, ""))


@everywhere("+CGPADDR")
@everywhere("+CGPADDR", kind=Kind.WRITE)
def packet_address(modem: Modem, command: Command) -> Lines:
    if not modem.radio.stat.serves:
        return ["+CGPADDR: 1,0.0.0.0"]
    return [f"+CGPADDR: 1,{modem.radio.address}"]

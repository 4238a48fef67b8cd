"""The module's clock: AT+CCLK, network time (AT+CTZU, AT+CTZR) and AT+CNTP."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from simulator.world.at import Command, Kind, Refused
from simulator.world.commands.table import Lines, everywhere, on
from simulator.world.radio import Outage

if TYPE_CHECKING:
    from simulator.world.modem import Modem

NTP_DONE, NTP_NETWORK_ERROR = 0, 4
_FORM = re.compile(r"(\d\d/\d\d/\d\d,\d\d:\d\d:\d\d)([+-]\d\d)?")


@everywhere("+CCLK", kind=Kind.READ)
def clock(modem: Modem, command: Command) -> Lines:
    return [f'+CCLK: "{modem.rtc.text()}"']


@everywhere("+CCLK", kind=Kind.WRITE)
def set_clock(modem: Modem, command: Command) -> Lines:
    match = _FORM.fullmatch(command.word(0))
    if not match:
        raise Refused(cme="invalid parameters")
    try:
        local = datetime.strptime(match[1], "%y/%m/%d,%H:%M:%S")
    except ValueError:
        raise Refused(cme="invalid parameters") from None
    modem.rtc.set(local, int(match[2] or 0))


@on("+CTZU", kind=Kind.READ)
def time_update(modem: Modem, command: Command) -> Lines:
    return [f"+CTZU: {int(modem.memory.time_update)}"]


@on("+CTZU", kind=Kind.WRITE)
def set_time_update(modem: Modem, command: Command) -> Lines:
    """Kept over restarts. Takes effect when the network next sends its time: on registering."""
    modem.memory.time_update = bool(command.number(0, 0, 1))


@on("+CTZR", kind=Kind.READ)
def time_report(modem: Modem, command: Command) -> Lines:
    return [f"+CTZR: {int(modem.settings.time_report)}"]


@on("+CTZR", kind=Kind.WRITE)
def set_time_report(modem: Modem, command: Command) -> Lines:
    modem.settings.time_report = bool(command.number(0, 0, 1))


@everywhere("+CNTP", kind=Kind.READ)
def time_server(modem: Modem, command: Command) -> Lines:
    host, zone = modem.memory.ntp
    return [f'+CNTP: "{host}",{zone}']


@everywhere("+CNTP", kind=Kind.WRITE)
def set_time_server(modem: Modem, command: Command) -> Lines:
    modem.memory.ntp = (command.word(0), command.number(1, -96, 96, 0))


@on("+CNTP")
def ask_time_server(modem: Modem, command: Command) -> Lines:
    ask(modem, NTP_DONE, NTP_NETWORK_ERROR)


def ask(modem: Modem, good: int, bad: int) -> None:
    """OK, and later the number of success or failure."""
    host, zone = modem.memory.ntp
    if not host:
        raise Refused(cme="operation not allowed")

    def done() -> None:
        reached = modem.radio.stat.serves and modem.radio.outage in (None, Outage.REFUSE)
        if reached:
            modem.rtc.set_utc(modem.radio.utc(), zone)
        modem.urc(f"+CNTP: {good if reached else bad}")

    modem.after(modem.timing.ntp_s, done)

"""Who the module is, and how it is ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.world.air780e.table import on
from simulator.world.at import Command, Kind, Refused
from simulator.world.commands.table import Lines, needs_card

if TYPE_CHECKING:
    from simulator.world.modem import Modem


@on("I")
def information(modem: Modem, command: Command) -> Lines:
    return [modem.identity.firmware]


@on("+CGMI")
def maker(modem: Modem, command: Command) -> Lines:
    return ['+CGMI: "AirM2M"']


@on("+CGMM")
def model(modem: Modem, command: Command) -> Lines:
    return [f'+CGMM: "{modem.identity.model}"']


@on("+CGMR")
def revision(modem: Modem, command: Command) -> Lines:
    return [f'+CGMR: "{modem.identity.revision}"']


@on("+ICCID")
def iccid(modem: Modem, command: Command) -> Lines:
    needs_card(modem)
    return [f"+ICCID: {modem.radio.sim.iccid}"]


@on("+RESET")
def reset(modem: Modem, command: Command) -> Lines:
    modem.after(0.1, modem.restart)


@on("+CPOWD", kind=Kind.WRITE)
def power_off(modem: Modem, command: Command) -> Lines:
    if command.number(0, 0, 1) == 0:
        raise Refused
    modem.after(0.1, modem.power_off)

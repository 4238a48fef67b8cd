"""AT+CNTP as Luat answers it; the clock itself goes by the network's time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.world.air780e.table import on
from simulator.world.at import Command
from simulator.world.commands.clock import ask
from simulator.world.commands.table import Lines

if TYPE_CHECKING:
    from simulator.world.modem import Modem

DONE, NETWORK_ERROR = 1, 61


@on("+CNTP")
def ask_time_server(modem: Modem, command: Command) -> Lines:
    ask(modem, DONE, NETWORK_ERROR)

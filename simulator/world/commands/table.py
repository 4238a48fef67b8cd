"""Tables of commands: (name, kind) → what carries it out. One for all makers, one a maker.

A handler takes (modem, command) and gives its information lines: text, or bytes that follow the
line before them without a break. None = no lines. It may be a coroutine. `Refused` ends the line
of commands with an error; what comes after the final OK is put off with `modem.after`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from simulator.world.at import Command, Kind, Refused

if TYPE_CHECKING:
    from simulator.world.modem import Modem

Lines = list[str | bytes] | None
Handler = Callable[["Modem", Command], Lines | Awaitable[Lines]]


class Table:
    """Handlers by name and kind. What is not in here is looked for in the table below."""

    def __init__(self, below: Table | None = None) -> None:
        self._own: dict[tuple[str, Kind], Handler] = {}
        self._below = below

    def __call__(self, *names: str, kind: Kind = Kind.RUN) -> Callable[[Handler], Handler]:
        """Enters a handler under one or more names."""

        def enter(handler: Handler) -> Handler:
            for name in names:
                self._own[name, kind] = handler
            return handler

        return enter

    def get(self, command: Command) -> Handler | None:
        own = self._own.get((command.name, command.kind))
        return own if own or not self._below else self._below.get(command)

    def knows(self, command: Command) -> bool:
        """A test command (`=?`) of a known name is answered OK even without its own handler."""
        if command.kind is Kind.TEST and any(name == command.name for name, _ in self._own):
            return True
        return self._below is not None and self._below.knows(command)


everywhere = Table()  # 3GPP 27.007 and V.250
on = Table(everywhere)  # SIMCom's A76XX


def needs_card(modem: Modem) -> None:
    """Refuses in the modem's words unless there is a SIM, and it was looked for already."""
    if not modem.sim_sought:
        raise Refused(cme="SIM busy")
    if not modem.radio.sim_seen:
        raise Refused(cme="SIM not inserted")


def needs_sim(modem: Modem) -> None:
    """The same, and the SIM must be open."""
    needs_card(modem)
    state = modem.radio.sim.state
    if state != "READY":
        raise Refused(cme=f"{state} required")

"""What one maker's modules do in their own way: their commands, and the lines nobody asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulator.world.commands.table import Table
from simulator.world.link import Link
from simulator.world.module import Identity
from simulator.world.power import Presses
from simulator.world.tls import Session

if TYPE_CHECKING:
    from simulator.world.modem import Modem

A7670_PRESSES = Presses()
Told = Callable[["Modem"], None]


def nothing() -> None:
    """A maker whose commands need no memory of their own."""


@dataclass(frozen=True)
class Vendor:
    """One maker. The functions say what the module says when it happens.

    own: makes what only this maker's commands remember, anew at each start. swallows_newline: a
    newline after `\\r` goes with it, even where it is the first byte of data.
    """

    table: Table
    identity: Identity
    ready: Told  # the UART answers
    sim_ready: Told
    registered: Told
    bearer_lost: Told
    network_time: Told
    arrived: Callable[[Modem, Link], None]
    closed: Callable[[Modem, Link, int], None]
    secure_arrived: Callable[[Modem, Session], None]
    secure_closed: Callable[[Modem, Session, int], None]
    presses: Presses = A7670_PRESSES
    own: Callable[[], Any] = nothing
    swallows_newline: bool = False

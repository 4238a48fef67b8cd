"""How far the network is up, and what the six links are (AT+CIPSTATUS)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from simulator.world.at import Refused

if TYPE_CHECKING:
    from simulator.world.link import Link
    from simulator.world.modem import Modem
    from simulator.world.tls import Session

LINKS = 6


class Phase(Enum):
    INITIAL = "IP INITIAL"
    START = "IP START"
    ACTIVE = "IP GPRSACT"
    STATUS = "IP STATUS"
    DEACT = "PDP DEACT"


@dataclass
class Own:
    """What every start puts back."""

    phase: Phase = Phase.INITIAL
    apn: str | None = None  # None: the network's own
    many: bool = False  # AT+CIPMUX
    quick: bool = False  # AT+CIPQSEND
    secure: bool = False  # AT+CIPSSL: links opened from now on
    every: bool = False  # AT+CIPRXGET=5: told of each arrival
    hosts: dict[int, str] = field(default_factory=dict)  # AT+SSLCFG="hostname" by context
    peers: dict[int, tuple[str, int]] = field(default_factory=dict)  # of UDP links
    bearer: bool = False  # AT+SAPBR, the second context, for the position
    bearer_kind: str = ""


def refuse() -> Refused:
    """Not in this state."""
    return Refused(cme="operation not allowed")


def links(modem: Modem) -> dict[int, Link | Session]:
    """Links that stand, plain and secure."""
    standing = {number: session for number, session in modem.secure.sessions.items()
                if session.ready and session.link.alive}  # fmt: skip
    return {**modem.stack.links, **standing}


def waiting(modem: Modem, number: int) -> bytes | bytearray:
    """What can be read on a link, also after its end."""
    if number in modem.secure.sessions:
        return modem.secure.sessions[number].plain
    link = modem.stack.links.get(number) or modem.leftovers.get(number)
    return link.buffer if link else b""

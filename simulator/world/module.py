"""One module off the shelf: what it calls itself, how long it takes, what it remembers."""

from dataclasses import dataclass, field
from enum import Enum

from simulator.world.power import Presses
from simulator.world.tls import Context


@dataclass(frozen=True)
class Identity:
    """Texts of a module sold as A7670G-LLSE."""

    model: str = "A7670G-LLSE"
    revision: str = "A011B20A7670M7"
    firmware: str = "A7670M7_B20V01_240325"
    imei: str = "867284065516041"
    features: frozenset[str] = frozenset({"tts", "lbs", "tls"})  # variants lack one or the other


@dataclass(frozen=True)
class Timing:
    """How long things take, in seconds. Scale them down to show something, not to measure."""

    presses: Presses = field(default_factory=Presses)
    reply_s: float = 0.004  # from the `\r` to the first byte of the answer
    off_s: float = 1.5  # an orderly shutdown
    radio_s: float = 0.2  # AT+CFUN
    netopen_s: float = 0.4
    send_s: float = 0.02  # from OK to +CIPSEND
    locate_s: float = 2.5  # AT+CLBS, at most 9
    ntp_s: float = 0.8
    character_s: float = 0.22  # speech
    data_wait_s: float = 120.0  # patience for the bytes after a prompt
    connect_timeout_s: float = 120.0
    send_timeout_s: float = 60.0


class Net(Enum):
    """AT+NETOPEN. BROKEN: torn down by the network, but AT+NETOPEN? still says 1."""

    CLOSED = "closed"
    OPENING = "opening"
    OPEN = "open"
    BROKEN = "broken"


@dataclass
class Memory:
    """What outlives a restart."""

    baud: int = 115_200
    time_update: bool = False  # AT+CTZU, factory default 0
    contexts: dict[int, tuple[str, str]] = field(default_factory=dict)  # cid → type, access point
    speech: tuple[int, ...] = (1, 3, 0, 1, 1)
    ntp: tuple[str, int] = ("", 0)
    certificates: dict[str, bytes] = field(default_factory=dict)


@dataclass
class Settings:
    """What every start puts back."""

    functionality: int = 1
    reports: dict[str, int] = field(default_factory=dict)  # +CREG … → 0, 1, 2
    time_report: bool = False
    manual_receive: bool = False
    operator_format: int = 0
    volume: int = 3
    secure: dict[int, Context] = field(default_factory=dict)  # SSL contexts by number
    secure_contexts: dict[int, int] = field(default_factory=dict)  # session → context
    secure_report: bool = False
    secure_manual: bool = False

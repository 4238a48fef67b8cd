"""The mobile network and the SIM in the modem: registration, signal, network time, position, and
outages.

What the network does is set here by the test or the demo; what the modem does about it is the
modem's business. Registration numbers are those of +CEREG (3GPP 27.007 §10.1.22).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, IntEnum

from simulator.world import network
from simulator.world.network import Datagrams, Dial


class Stat(IntEnum):
    OFF = 0
    HOME = 1
    SEARCHING = 2
    DENIED = 3
    ROAMING = 5
    EMERGENCY = 11

    @property
    def serves(self) -> bool:
        """Whether data may flow."""
        return self in (Stat.HOME, Stat.ROAMING)


class Outage(Enum):
    """What happens to the connections that stand; new ones fail in all three until it ends."""

    RESET = "reset"  # both ends are told: RST
    SILENT = "silent"  # nobody is told: half-open for ever; new ones run into their time-out
    REFUSE = "refuse"  # the old ones live on; new ones are refused


class News(Enum):
    """What the modem is told of."""

    STAT = "stat"
    SIM = "sim"
    NITZ = "nitz"
    OUTAGE = "outage"


@dataclass
class Sim:
    """A card. `pin` None: none is asked for."""

    imsi: str = "460001234567890"
    iccid: str = "89860012345678901234"
    pin: str | None = None
    puk: str = "12345678"
    tries: int = 3
    unlocked: bool = False

    @property
    def state(self) -> str:
        """The text of +CPIN."""
        if self.tries == 0:
            return "SIM PUK"
        return "READY" if self.pin is None or self.unlocked else "SIM PIN"


@dataclass(frozen=True)
class Operator:
    plmn: str
    name: str
    apn: str


CHINA_MOBILE = Operator("46000", "CHINA MOBILE", "cmnet")
CHINA_TELECOM = Operator("46011", "CHN-CT", "ctnet")


class Radio:
    """The air around one modem.

    coverage: what the network would answer (HOME, ROAMING, DENIED, EMERGENCY, or SEARCHING for no
    cell at all). search_s: from power-on or first light to registered. apns: the access points
    that the SIM may use, None = any. one_way_s: delay of user data each way. bearer_s: how long a
    lost cell may come back before the data bearer is torn down. position: WGS-84 degrees and
    metres. utc: the network's clock.
    """

    def __init__(
        self,
        sim: Sim | None = None,
        *,
        operator: Operator = CHINA_MOBILE,
        coverage: Stat = Stat.HOME,
        csq: int = 21,
        search_s: float = 4.0,
        one_way_s: float = 0.03,
        bearer_s: float = 30.0,
        nitz_s: float = 0.5,
        utc: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.sim = sim or Sim()
        self.sim_present = True  # in the holder
        self.sim_seen = False  # and found by the modem when it last looked
        self.operator = operator
        self.csq_level = csq
        self.search_s, self.nitz_s = search_s, nitz_s
        self.one_way_s, self.bearer_s = one_way_s, bearer_s
        self.utc = utc
        self.zone_quarters = 32  # +08:00 in quarter hours
        self.apns: set[str] | None = None
        self.dial: Dial = network.real
        self.datagrams: Datagrams = network.real_datagrams
        self.names: dict[str, str] = {}  # host names that this network resolves → addresses
        self.position: tuple[float, float, int] = (29.489428, 106.638084, 550)
        self.address = "10.87.3.21"
        self.cell = ("1816", "0D302C6A")  # tracking area, cell
        self.outage: Outage | None = None
        self.stat = Stat.OFF
        self.watch: Callable[[News], None] = lambda news: None
        self._coverage = coverage
        self._on = False
        self._timers: list[asyncio.TimerHandle] = []

    # -- what the world does ------------------------------------------------------------------

    @property
    def coverage(self) -> Stat:
        return self._coverage

    @coverage.setter
    def coverage(self, coverage: Stat) -> None:
        """Better coverage takes the time of a search; worse is felt at once."""
        self._coverage = coverage
        if self._on:
            self._search()

    def insert_sim(self, sim: Sim | None = None) -> None:
        """Noticed only when the modem next turns its radio on: no card detection is wired."""
        self.sim = sim or self.sim
        self.sim_present = True

    def remove_sim(self) -> None:
        """Noticed at once, for the modem talks with the card."""
        self.sim_present = self.sim_seen = False
        self.watch(News.SIM)
        if self._on:
            self._search()

    def unlock_sim(self, pin: str) -> bool:
        """Three wrong PINs block the card."""
        if self.sim.state != "SIM PIN":
            return False
        if pin != self.sim.pin:
            self.sim.tries -= 1
            return False
        self.sim.tries, self.sim.unlocked = 3, True
        if self._on:
            self._search()
        return True

    def begin_outage(self, how: Outage) -> None:
        self.outage = how
        self.watch(News.OUTAGE)

    def end_outage(self) -> None:
        self.outage = None

    def tell_time(self) -> None:
        """The network sends its time (NITZ), as it does after each registration."""
        if self.stat.serves:
            self.watch(News.NITZ)

    @property
    def csq(self) -> int:
        """0–31, 99 = not known."""
        return 99 if self.stat in (Stat.OFF, Stat.SEARCHING) else self.csq_level

    # -- what the modem does ------------------------------------------------------------------

    def turn(self, on: bool) -> None:
        """The transmitter goes on (without a usable SIM: emergency calls at best) or off."""
        self._on = on
        if on:
            self.sim_seen = self.sim_present
            self._search()
        else:
            self._stop_timers()
            self._become(Stat.OFF)

    def _search(self) -> None:
        self._stop_timers()
        self._become(Stat.SEARCHING)
        if self._coverage is not Stat.SEARCHING:
            self._later(self.search_s, self._found)

    def _found(self) -> None:
        usable = self.sim_seen and self.sim.state == "READY"
        self._become(self._coverage if usable else Stat.EMERGENCY)
        if self.stat.serves:
            self._later(self.nitz_s, self.tell_time)

    def _become(self, stat: Stat) -> None:
        if stat is not self.stat:
            self.stat = stat
            self.watch(News.STAT)

    def _later(self, seconds: float, what: Callable[[], None]) -> None:
        self._timers.append(asyncio.get_running_loop().call_later(seconds, what))

    def _stop_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

"""Everything that can go wrong outside the board: what the terminal meets, and how it is made.

`FAULTS` is the table. A fault has one number, `size`, in its `unit`. A row written with `yield`
lasts until it is ended; the others pass by themselves. `trouble.py` begins and ends them.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import isgeneratorfunction

from simulator.world.cable import Cable, Way
from simulator.world.mains import Contactor, Mains
from simulator.world.mischief import Mischief
from simulator.world.modem import Modem
from simulator.world.radio import Outage, Radio, Stat


@dataclass
class Scene:
    """What faults act on."""

    modem: Modem
    mains: Mains
    rng: random.Random

    @property
    def line(self) -> Cable:
        return self.modem.line

    @property
    def radio(self) -> Radio:
        return self.modem.radio

    @property
    def mischief(self) -> Mischief:
        return self.modem.mischief

    @property
    def now_ns(self) -> int:
        return self.modem.clock()


@dataclass(frozen=True)
class Fault:
    """One row. `act(scene, size)` begins it; a lasting one gives an iterator whose end ends it."""

    name: str
    what: str
    size: float
    unit: str
    act: Callable[[Scene, float], Iterator[None] | None]

    @property
    def lasts(self) -> bool:
        return isgeneratorfunction(self.act)


FAULTS: dict[str, Fault] = {}


def fault(name: str, what: str, size: float = 1, unit: str = "") -> Callable:
    """Enters a row into the table."""

    def enter(act: Callable[[Scene, float], Iterator[None] | None]) -> Callable:
        FAULTS[name] = Fault(name, what, size, unit, act)
        return act

    return enter


@contextmanager
def _put(thing: object, name: str, value: object) -> Iterator[None]:
    """Another value while it lasts, then what was there before."""
    before = getattr(thing, name)
    setattr(thing, name, value)
    try:
        yield
    finally:
        setattr(thing, name, before)


# -- the cable --------------------------------------------------------------------------------


@fault("fragments", "bytes come in pieces of 1–8 with silences between")
def fragments(scene: Scene, size: float) -> Iterator[None]:
    with _put(scene.line, "fragment", True):
        yield


@fault("lost-to-host", "the next bytes from the modem are lost", 5, "bytes")
def lost_to_host(scene: Scene, size: float) -> None:
    scene.line.lose(Way.TO_HOST, nbytes=int(size))


@fault("lost-to-modem", "the next bytes to the modem are lost", 5, "bytes")
def lost_to_modem(scene: Scene, size: float) -> None:
    scene.line.lose(Way.TO_MODEM, nbytes=int(size))


@fault("noisy-line", "each byte is lost with this chance, both ways", 0.002, "chance")
def noisy_line(scene: Scene, size: float) -> Iterator[None]:
    for way in Way:
        scene.line.lose(way, chance=size)
    yield
    for way in Way:
        scene.line.lose(way)


@fault("garbage", "a burst of meaningless bytes", 40, "bytes")
def garbage(scene: Scene, size: float) -> None:
    scene.line.send(scene.rng.randbytes(int(size)))


@fault("wrong-baud", "the modem speaks at another rate until it restarts", 9_600, "baud")
def wrong_baud(scene: Scene, size: float) -> None:
    scene.line.set_modem_baud(int(size))


@fault("wrong-baud-kept", "the modem speaks at another rate, restarts or not", 9_600, "baud")
def wrong_baud_kept(scene: Scene, size: float) -> None:
    scene.modem.memory.baud = int(size)
    scene.line.set_modem_baud(int(size))


# -- the conversation -------------------------------------------------------------------------


@fault("echo-stuck", "ATE0 is answered OK and the echo stays")
def echo_stuck(scene: Scene, size: float) -> Iterator[None]:
    with _put(scene.mischief, "echo_stuck", True):
        yield


@fault("urc-inside", "an unsolicited line between two lines of the next answers", 3, "answers")
def urc_inside(scene: Scene, size: float) -> None:
    scene.mischief.intrusions = int(size)


@fault("urc-lost", "the next unsolicited lines never come", 1, "lines")
def urc_lost(scene: Scene, size: float) -> None:
    scene.mischief.lost_urcs = int(size)


@fault("errors", "ERROR to the next command lines, whatever they say", 3, "lines")
def errors(scene: Scene, size: float) -> None:
    scene.mischief.errors = int(size)


@fault("silence", "commands are not heard; unsolicited lines still come", 20, "s")
def silence(scene: Scene, size: float) -> None:
    scene.mischief.deaf_until_ns = scene.now_ns + int(size * 1e9)


@fault("hang", "nothing in, nothing out, until PWRKEY, RESET or the supply restarts it")
def hang(scene: Scene, size: float) -> Iterator[None]:
    with _put(scene.mischief, "hung", True):
        yield


@fault("no-prompt", "`>` does not come; after 10 s ERROR does", 1, "sends")
def no_prompt(scene: Scene, size: float) -> None:
    scene.mischief.no_prompt = int(size)


# -- the module -------------------------------------------------------------------------------


@fault("reboot", "the modem restarts without a word")
def reboot(scene: Scene, size: float) -> None:
    scene.modem.crash()


@fault("no-supply", "VBAT is gone; when it is back, the modem waits for PWRKEY")
def no_supply(scene: Scene, size: float) -> Iterator[None]:
    scene.modem.supply(False)
    yield
    scene.modem.supply(True)


# -- its connections --------------------------------------------------------------------------


@fault("open-fails", "+CIPOPEN: n,<size> to the next opening", 1, "error")
def open_fails(scene: Scene, size: float) -> None:
    scene.mischief.open_results.append(int(size))


@fault("send-dead", "+CIPSEND: n,asked,-1, and the connection is gone", 1, "sends")
def send_dead(scene: Scene, size: float) -> None:
    scene.mischief.send_results.extend([-1] * int(size))


@fault("send-short", "+CIPSEND confirms so few bytes, and no more are sent", 1, "bytes")
def send_short(scene: Scene, size: float) -> None:
    scene.mischief.send_results.append(int(size))


@fault("half-open", "the connections seem to stand, nothing passes, nobody is told")
def half_open(scene: Scene, size: float) -> None:
    scene.modem.outage(Outage.SILENT)


@fault("peer-reset", "+IPCLOSE: n,1 for all connections, RST to the other side")
def peer_reset(scene: Scene, size: float) -> None:
    scene.modem.outage(Outage.RESET)


@fault("late-data-lost", "what was not read yet dies when the peer closes")
def late_data_lost(scene: Scene, size: float) -> Iterator[None]:
    with _put(scene.mischief, "late_data_lost", True):
        yield


@fault("network-closed", "+CIPEVENT: NETWORK CLOSED UNEXPECTEDLY, then AT+NETOPEN? says 0")
def network_closed(scene: Scene, size: float) -> None:
    scene.modem.lose_bearer()


@fault("network-stuck", "the same, but AT+NETOPEN? still says 1 and the links stay taken")
def network_stuck(scene: Scene, size: float) -> None:
    with _put(scene.mischief, "sticky_network", True):
        scene.modem.lose_bearer()


# -- the network ------------------------------------------------------------------------------


def _outage(scene: Scene, how: Outage) -> Iterator[None]:
    scene.radio.begin_outage(how)
    yield
    scene.radio.end_outage()


@fault("outage-reset", "connections are reset, new ones fail at once")
def outage_reset(scene: Scene, size: float) -> Iterator[None]:
    yield from _outage(scene, Outage.RESET)


@fault("outage-silent", "connections become half-open for ever, new ones time out")
def outage_silent(scene: Scene, size: float) -> Iterator[None]:
    yield from _outage(scene, Outage.SILENT)


@fault("outage-refuse", "connections live on, new ones fail at once")
def outage_refuse(scene: Scene, size: float) -> Iterator[None]:
    yield from _outage(scene, Outage.REFUSE)


@fault("no-registration", "no cell: searching, CSQ 99, data stands still, later +CIPEVENT")
def no_registration(scene: Scene, size: float) -> Iterator[None]:
    with _put(scene.radio, "coverage", Stat.SEARCHING):
        yield


@fault("denied", "the network refuses the SIM: +CEREG: 0,3")
def denied(scene: Scene, size: float) -> Iterator[None]:
    with _put(scene.radio, "coverage", Stat.DENIED):
        yield


@fault("emergency-only", "+CEREG: 0,11")
def emergency_only(scene: Scene, size: float) -> Iterator[None]:
    with _put(scene.radio, "coverage", Stat.EMERGENCY):
        yield


@fault("no-sim", "the SIM is gone; put back, it is seen at the next start of the radio")
def no_sim(scene: Scene, size: float) -> Iterator[None]:
    scene.radio.remove_sim()
    yield
    scene.radio.insert_sim()


@fault("csq-99", "registered, but +CSQ: 99,99")
def csq_99(scene: Scene, size: float) -> Iterator[None]:
    with _put(scene.radio, "csq_level", 99):
        yield


@fault("weak", "a bad signal", 3, "csq")
def weak(scene: Scene, size: float) -> Iterator[None]:
    with _put(scene.radio, "csq_level", int(size)):
        yield


@fault("slow-air", "data takes so long, each way", 3, "s")
def slow_air(scene: Scene, size: float) -> Iterator[None]:
    with _put(scene.radio, "one_way_s", size):
        yield


@fault("no-position", "+CLBS: <size>", 12, "error")
def no_position(scene: Scene, size: float) -> Iterator[None]:
    with _put(scene.mischief, "no_place", int(size)):
        yield


@fault("zero-position", "+CLBS: 0,0.000000,0.000000,550")
def zero_position(scene: Scene, size: float) -> Iterator[None]:
    with _put(scene.mischief, "no_place", 0):
        yield


# -- the plant --------------------------------------------------------------------------------


def _contactor(scene: Scene, condition: Contactor) -> Iterator[None]:
    scene.mains.set_contactor(condition, scene.now_ns)
    yield
    scene.mains.set_contactor(Contactor.GOOD, scene.now_ns)


@fault("contactor-welded", "the machine has power whatever the relay does")
def contactor_welded(scene: Scene, size: float) -> Iterator[None]:
    yield from _contactor(scene, Contactor.WELDED)


@fault("contactor-refuses", "the machine has no power whatever the relay does")
def contactor_refuses(scene: Scene, size: float) -> Iterator[None]:
    yield from _contactor(scene, Contactor.REFUSES)


@fault("mains-off", "the supply is gone")
def mains_off(scene: Scene, size: float) -> Iterator[None]:
    scene.mains.set_mains(False, scene.now_ns)
    yield
    scene.mains.set_mains(True, scene.now_ns)


@fault("bypass", "somebody bridged the contactor")
def bypass(scene: Scene, size: float) -> Iterator[None]:
    scene.mains.set_bypass(True, scene.now_ns)
    yield
    scene.mains.set_bypass(False, scene.now_ns)


@fault("gas", "combustible gas about the machine", 25, "% LEL")
def gas(scene: Scene, size: float) -> Iterator[None]:
    scene.mains.set_gas(size, scene.now_ns)
    yield
    scene.mains.set_gas(0.0, scene.now_ns)


@fault("gas-sensor-absent", "no gas sensor is fitted, or its wire is off")
def gas_sensor_absent(scene: Scene, size: float) -> Iterator[None]:
    scene.mains.set_gas_sensor(False, scene.now_ns)
    yield
    scene.mains.set_gas_sensor(True, scene.now_ns)


@fault("lid", "the terminal's lid is off")
def lid(scene: Scene, size: float) -> Iterator[None]:
    scene.mains.set_lid(True, scene.now_ns)
    yield
    scene.mains.set_lid(False, scene.now_ns)


@fault("torn-off", "the lid is opened and the supply cut at the same moment")
def torn_off(scene: Scene, size: float) -> Iterator[None]:
    at_ns = scene.now_ns
    scene.mains.set_lid(True, at_ns)
    scene.mains.set_mains(False, at_ns)
    yield
    scene.mains.set_mains(True, scene.now_ns)
    scene.mains.set_lid(False, scene.now_ns)


@fault("hot", "the board is too hot", 95, "°C")
def hot(scene: Scene, size: float) -> Iterator[None]:
    before = scene.mains.board_c
    scene.mains.set_board(size, scene.now_ns)
    yield
    scene.mains.set_board(before, scene.now_ns)

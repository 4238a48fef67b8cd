"""`hanma faults modem`: every fault of the cable, the modem and the network, each on a terminal
that is on line; how long until it answers again, and how deep it went for that.

The world owns the time, so that hours pass in minutes and the figures are those of the firmware
and the module alone. A lasting fault lasts `HOLD_S`, or shorter where its end is what heals it;
the time to recover runs from its end. A terminal answers when it answers a question put to it
by MQTT after the fault.
"""

import asyncio
import json
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from simulator import solo, virtual
from simulator.broker import Broker
from simulator.certificates import Authority
from simulator.image import NoImage
from simulator.interpreter import NoInterpreter
from simulator.terminal import Manner, SimulatedTerminal
from simulator.virtual import Clock
from simulator.world.faults import FAULTS
from simulator.world.network import Network
from simulator.world.tls_door import TlsDoor

# of the plant, the board and the place: they touch no connection
ELSEWHERE = {
    *("contactor-welded", "contactor-refuses", "mains-off", "bypass", "gas", "gas-sensor-absent"),
    *("lid", "torn-off", "hot", "no-position", "zero-position"),
}
SERVER = (solo.SERVER.partition(":")[0], int(solo.SERVER.partition(":")[2]))
HOLD_S = 40.0
FOR_GOOD = (
    "fragments",
    "echo-stuck",
    "csq-99",
    "weak",
    "slow-air",
    "late-data-lost",
    "tls-expired",
)
LIMIT_S = 900.0
ASK_S = 2.0
SHORT = ("errors", "network-stuck", "peer-reset", "wrong-baud-kept", "hang", "tls-other-host")

AT_OPENING = ("open-fails", "late-data-lost")  # shown by a connection that ends and is made anew
BROKER = {  # what the other end does wrong: begun and ended at the broker
    "mqtt-silent": "the broker takes everything and says nothing",
    "mqtt-refuses": "the broker refuses the log-in",
    "mqtt-gone": "nothing listens where the broker was",
}
TLS = {  # on a terminal that speaks TLS: begun and ended at the broker's door, or at the plug
    "tls-other-host": "the broker shows the certificate of another host",
    "tls-unknown-ca": "its certificate is of a CA that the terminal was not given",
    "tls-broken": "it hangs up in the middle of the handshake",
    "tls-stalls": "it takes the terminal's hello and says nothing",
    "tls-expired": "its certificate is out of date; the module does not look at the date",
    "tls-no-clock": "a first start: the module's clock says 1970, and no network tells the time",
}
TLS_HOST, TLS_PORT = "mqtt.example", 8883
NEVER_S = 1e9
LADDER = ("socket", "context", "radio", "power")


def names() -> list[str]:
    return [*(name for name in FAULTS if name not in ELSEWHERE), *BROKER, *TLS]


def what(name: str) -> str:
    return (BROKER | TLS).get(name) or FAULTS[name].what


@dataclass(frozen=True)
class Course:
    """What became of one fault: seconds until the terminal answered again, None = it did not."""

    name: str
    recovered_s: float | None
    connects: int  # new log-ins at the broker that it took
    depth: str  # the deepest rung of the ladder
    starts: int  # of the module
    said: str = ""  # the terminal's own word on its console for why it was off line

    def line(self) -> str:
        took = "—" if self.recovered_s is None else f"{self.recovered_s:.1f} s"
        said = f"  [{self.said}]" if self.said else ""
        return f"{self.name:<18} {took:>9}  {self.depth:<8} {what(self.name)}{said}"


class _Watch:
    """Asks the terminal, and knows when it last answered something that was asked since."""

    def __init__(self) -> None:
        self.broker = Broker(self._heard)
        self.answered: set[str] = set()
        self._asked = 0

    def _heard(self, said: dict[str, Any]) -> None:
        if "id" in said:
            self.answered.add(said["id"])

    def ask(self) -> None:
        self._asked += 1
        body = {"id": f"q{self._asked:07}", "command_name": "say", "paras": {"content": {}}}
        self.broker.publish(json.dumps(body).encode())

    async def until_it_answers(self) -> bool:
        """Whether it answered within LIMIT_S a question put from now on."""
        since = self._asked
        loop = asyncio.get_running_loop()
        end = loop.time() + LIMIT_S
        while loop.time() < end:
            self.ask()
            for _ in range(int(ASK_S / 0.1)):
                await asyncio.sleep(0.1)
                if any(int(id[1:]) > since for id in self.answered):
                    return True
        return False


class _Doors:
    """The broker's door for terminals that speak TLS; good until a fault is begun."""

    def __init__(self, watch: _Watch, folder: Path) -> None:
        ours, others = Authority(), Authority()
        self.pem = ours.pem
        self._good = ours.server(folder, TLS_HOST)
        self._bad = {
            "tls-other-host": ours.server(folder, "other.example"),
            "tls-unknown-ca": others.server(folder, TLS_HOST),
            "tls-expired": ours.server(folder, TLS_HOST, expired=True),
        }
        self.door = TlsDoor(self._good, watch.broker.accept)

    def turn(self, name: str, on: bool) -> None:
        self.door.context = self._bad.get(name, self._good) if on else self._good
        self.door.breaks = on and name == "tls-broken"
        self.door.stalls = on and name == "tls-stalls"


@dataclass
class _Stage:
    """A terminal, its network, and the broker that asks it."""

    watch: _Watch
    network: Network
    terminal: SimulatedTerminal
    bad: _Doors | None = None

    def lasts(self, name: str) -> bool:
        """Whether its end is what heals it."""
        if name in BROKER or name in TLS:
            return name not in FOR_GOOD
        return FAULTS[name].lasts and name not in FOR_GOOD and name != "hang"

    def turn(self, name: str, on: bool) -> None:
        """Begins or ends a fault."""
        broker = self.watch.broker
        if name == "mqtt-silent":
            broker.silent = on
        elif name == "mqtt-refuses":
            broker.refuses = on
        elif name == "mqtt-gone":
            self.network.close(*SERVER)
            if not on:
                self.network.listen(*SERVER, broker.accept)
        elif name == "tls-no-clock":
            self.terminal.radio.nitz_s = NEVER_S
            self.terminal.hands["mains"](not on)
        elif self.bad:
            self.bad.turn(name, on)
        elif on:
            self.terminal.trouble.begin(name)
        else:
            self.terminal.trouble.end(name)
        if name in AT_OPENING:
            self.terminal.trouble.begin("peer-reset")
        if on and (name in ("mqtt-refuses", "mqtt-gone") or name in TLS):
            broker.drop()

    @property
    def depth(self) -> int:
        """The deepest rung that the firmware's console tells of."""
        lines = [line for _, line in self.terminal.chip.console]
        return max([0, *(int(line.split()[-1]) for line in lines if "modem depth" in line)])

    @property
    def said(self) -> str:
        """Why the last connect failed, as the firmware's console tells."""
        lines = [line for _, line in self.terminal.chip.console]
        said = [line.removeprefix("hanma uplink ") for line in lines if "refused" in line]
        return said[-1] if said else ""


async def _course(clock: Clock, folder: Path, name: str, verbose: bool, modem: str) -> Course:
    watch, network, provision = _Watch(), Network(), solo.PROVISION
    network.listen(*SERVER, watch.broker.accept)
    doors = _Doors(watch, folder) if name in TLS else None
    if doors:
        provision = replace(provision, server=f"mqtts://{TLS_HOST}:{TLS_PORT}")
        network.listen(SERVER[0], TLS_PORT, doors.door.accept)
        flash = folder / provision.device
        flash.mkdir(exist_ok=True)
        (flash / "ca.pem").write_bytes(doors.pem)
    manner = Manner(boot_s=11.1, search_s=4.0, one_way_s=0.05, speech_rate=3.0, modem=modem)
    async with solo.terminal(
        folder, clock, network, provision=provision, manner=manner
    ) as terminal:
        terminal.radio.names[TLS_HOST] = SERVER[0]
        begun_ns = clock.monotonic_ns()
        if not await watch.until_it_answers():
            raise RuntimeError("the terminal does not come on line")
        await asyncio.sleep(5)
        try:
            return await _suffer(_Stage(watch, network, terminal, doors), name)
        finally:
            for at, line in terminal.chip.console if verbose else ():
                print(f"{(at - begun_ns) / 1e9:9.1f} {line}")


async def _suffer(stage: _Stage, name: str) -> Course:
    watch, modem = stage.watch, stage.terminal.modem
    connects, starts = watch.broker.connects, modem.starts
    loop = asyncio.get_running_loop()
    begun = loop.time()
    stage.turn(name, True)
    if stage.lasts(name):
        for _ in range(int(HOLD_S / ASK_S)):
            watch.ask()
            await asyncio.sleep(ASK_S)
        stage.turn(name, False)
        begun = loop.time()
    good = await watch.until_it_answers()
    took = loop.time() - begun
    if good:
        await asyncio.sleep(20)  # what a fault left behind shows now
        good = await watch.until_it_answers()
    connects = watch.broker.connects - connects
    depth = LADDER[stage.depth] if connects else "none"
    said = stage.said if name in TLS else ""
    return Course(name, took if good else None, connects, depth, modem.starts - starts, said)


def play(wanted: list[str], verbose: bool = False, modem: str = "a7670") -> int:
    """Prints a line a fault and the figures as one JSON object; exit code."""
    courses, why = [], ""
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="hanma-faults-") as folder:
            for name in wanted:
                place = Path(folder)

                async def work(clock: Clock, name: str = name, place: Path = place) -> Course:
                    return await _course(clock, place, name, verbose, modem)

                course = virtual.run(work)
                courses.append(course)
                print(course.line(), flush=True)
    except (NoImage, NoInterpreter, RuntimeError, OSError) as error:
        why = str(error)
    result = figures(courses, time.monotonic() - started)
    if why or len(courses) < len(wanted):
        result |= {"ok": False, "why": why}
    print(json.dumps(result, ensure_ascii=False), flush=True)
    return 0 if result["ok"] else 1


def figures(courses: list[Course], real_s: float) -> dict[str, Any]:
    good = [course for course in courses if course.recovered_s is not None]
    slowest = max(good, key=lambda course: course.recovered_s or 0, default=None)
    return {
        "ok": bool(courses) and len(good) == len(courses),
        "faults": len(courses),
        "recovered": len(good),
        "slowest": slowest.name if slowest else None,
        "slowest_s": round(slowest.recovered_s or 0, 1) if slowest else None,
        "median_s": round(sorted(c.recovered_s or 0 for c in good)[len(good) // 2], 1)
        if good
        else None,
        "lost": [course.name for course in courses if course.recovered_s is None],
        "real_s": round(real_s, 1),
    }

"""One simulated terminal: the real firmware on its chip, in a world of its own."""

import asyncio
import contextlib
import random
import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from simulator import pins, wiring
from simulator.chip import Chip, complain
from simulator.interpreter import HEAP_KB
from simulator.virtual import Clock
from simulator.world.ble import Ble
from simulator.world.camera import Camera
from simulator.world.ear import Ear
from simulator.world.mains import Contactor, Mains
from simulator.world.makers import VENDORS, setting
from simulator.world.modem import Modem
from simulator.world.network import Network
from simulator.world.radio import Outage, Radio, Sim
from simulator.world.serials import iccid, imei
from simulator.world.speaker import Speaker
from simulator.world.trouble import Trouble

_PLANT_S = 0.01
_AMPS_EVERY = 10  # plant rounds between two looks at the current
_MOVES = 1_000
_WINDOWS = 60  # of the firmware's own reports, five seconds each
_PRESS_S = 0.3
_VOLTS_PER_AMP = 0.002  # the reference carrier's transformer and burden
_STAND_INS = re.compile(r"hanma stand-ins heap_kb=(\d+)")
_WATCH = re.compile(r"hanma watch heap_kb=(\d+) lag_ms=(\d+) lag_connect_ms=(\d+) deaths=(\d+)")


@dataclass(frozen=True)
class Provision:
    """What the bench writes into a terminal's NVS."""

    device: str
    secret: bytes
    server: str  # host:port
    release_key: bytes = b""  # x‖y; without it no upgrade is taken

    def write(self, flash: Path, modem: str) -> None:
        """`modem`: which driver the firmware shall take."""
        nvs = flash / "nvs"
        nvs.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, value in (
            ("device", self.device.encode()),
            ("secret", self.secret),
            ("server", self.server.encode()),
            ("modem", modem.encode()),
            ("release_key", self.release_key),
        ):
            if not value:
                continue
            path = nvs / f"hanma.{name}"
            path.touch(mode=0o600)
            path.write_bytes(value)


class AsFlashed(Provision):
    """A terminal whose store holds already what the cable brought; nothing is written."""

    def __init__(self, device: str) -> None:
        super().__init__(device, b"", "")

    def write(self, flash: Path, modem: str) -> None:
        pass


@dataclass(frozen=True)
class Manner:
    """How the world around the terminals behaves.

    boot_s: of the modem, 11.1 by its datasheet. search_s: until the network has it. one_way_s:
    delay of user data. speech_rate: 1 = as spoken. nasty, fragment: the modem's bad manners.
    holdup_s: how long the board lives on without mains. modem: a name of world/makers.py.
    """

    boot_s: float = 1.0
    search_s: float = 0.5
    one_way_s: float = 0.0
    speech_rate: float = 3.0
    baud: int = 115_200
    nasty: bool = False
    fragment: bool = False
    holdup_s: float = 2.0
    modem: str = "a7670"
    seed: int = 0


class SimulatedTerminal:
    """`start`, then look (`show`, `wire`) and touch (`hands`). All in one event loop.

    clock: of a world that owns the time (`virtual.run`; MicroPython only). network: its internet,
    None = this computer's. ticks_ms: where the firmware's ticks then begin at each start; heap_kb:
    its heap. chip: another processor than one that runs by itself.
    """

    def __init__(
        self,
        provision: Provision,
        *,
        kind: str,
        image: Path,
        flash: Path,
        manner: Manner,
        clock: Clock | None = None,
        network: Network | None = None,
        ticks_ms: int = 0,
        heap_kb: int = HEAP_KB,
        chip: type[Chip] = Chip,
    ) -> None:
        self.device = provision.device
        provision.write(flash, setting(manner.modem))
        rng = random.Random(f"{manner.seed} {provision.device}")
        self._clock = clock
        self._now = now = clock.monotonic_ns if clock else time.monotonic_ns
        wire = (
            partial(wiring.lockstep, clock, ticks_ms=ticks_ms, heap_kb=heap_kb)
            if clock
            else partial(wiring.real, kind, heap_kb, kind_of_chip=chip)
        )
        wired = wire(
            image,
            flash,
            self._pin,
            self._board_dead,
            baud=manner.baud,
            fragment=manner.fragment,
            rng=rng,
        )
        self.chip, self.line = wired.chip, wired.modem
        vendor = VENDORS[manner.modem]
        self.radio = Radio(
            Sim(iccid=iccid(provision.device)),
            search_s=manner.search_s,
            one_way_s=manner.one_way_s,
            utc=clock.utc if clock else lambda: datetime.now(UTC),
        )
        if network:
            self.radio.dial, self.radio.datagrams = network.dial, network.datagrams
        self.speaker = Speaker(now)
        self.modem = Modem(
            self.line,
            self.radio,
            self.speaker,
            vendor=vendor,
            identity=replace(vendor.identity, imei=imei(provision.device)),
            rng=rng,
            boot_s=manner.boot_s,
            speech_rate=manner.speech_rate,
            nasty=manner.nasty,
            clock=now,
        )
        self.mains = Mains(rng, volts_per_amp=_VOLTS_PER_AMP, holdup_ms=manner.holdup_s * 1000)
        self.trouble = Trouble(self.modem, self.mains, rng)
        self.camera = Camera(wired.camera, lambda: self.mains.arc, rng)
        self.chip.on_sound = Ear(self.speaker, flash / "clips").news
        self.ble = Ble(provision.device, self.chip.link.tell)
        self.chip.on_ble = self.ble.hear
        self.moves: deque[tuple[int, int]] = deque(maxlen=_MOVES)  # (monotonic ns, relay pin)
        self.lamp = 0
        self._stand_ins_kb = 0
        self._supplied = True
        self._struck = False  # whether the board was told of the current
        self._tasks: list[asyncio.Task[None]] = []
        self._stirred = asyncio.Event()  # somebody or something changed the plant
        hands: dict[str, Callable[[Any], None]] = {
            "strike": lambda amps: self.mains.strike(float(amps), now()),
            "lift": lambda _: self.mains.lift(now()),
            "button": self._press,
            "mains": lambda present: self.mains.set_mains(bool(present), now()),
            "contactor": lambda how: self.mains.set_contactor(Contactor(how), now()),
            "bypass": lambda closed: self.mains.set_bypass(bool(closed), now()),
            "lid": lambda is_open: self.mains.set_lid(bool(is_open), now()),
            "gas": lambda lel: self.mains.set_gas(float(lel), now()),
            "gas_sensor": lambda fitted: self.mains.set_gas_sensor(bool(fitted), now()),
            "board_c": lambda celsius: self.mains.set_board(float(celsius), now()),
            "signal": lambda csq: setattr(self.radio, "csq_level", int(csq)),
            "camera": lambda fitted: setattr(self.camera, "fitted", bool(fitted)),
            "ble": lambda on: self.ble.reach(bool(on)),
            "outage": self._outage,
            "fault": self._fault,
        }
        self.hands = {name: partial(self._touch, hand) for name, hand in hands.items()}

    async def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self.modem.run()),
            asyncio.create_task(self._plant()),
        ]
        self.camera.start()
        for task in self._tasks:
            task.add_done_callback(complain)
        self.chip.link.set_pin(pins.BUTTON, 1)
        self._show_pins()
        self._show_levels()
        await self.chip.power_on()

    async def stop(self) -> None:
        await self.chip.close()
        await self.ble.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.modem.close()
        self.line.close()
        self.camera.line.close()

    # to look at -----------------------------------------------------------------------------

    @property
    def relay(self) -> int:
        """The pin, as last driven."""
        return self.moves[-1][1] if self.moves else 0

    def watch(self) -> list[dict[str, int]]:
        """What the firmware said of itself, oldest first: heap, how long its loop was held up."""
        names = ("heap_kb", "lag_ms", "lag_connect_ms", "deaths")
        told = []
        for _, line in self.chip.console:
            if found := _STAND_INS.search(line):
                self._stand_ins_kb = int(found[1])  # a long life's console lets go of that line
            elif found := _WATCH.search(line):
                told.append(dict(zip(names, map(int, found.groups()), strict=True)))
                told[-1]["heap_kb"] -= self._stand_ins_kb  # on a board they are C in flash
        return told

    @property
    def on_line(self) -> bool:
        """Whether the firmware lives and said, in this life, that it reached the broker."""
        for _, line in reversed(self.chip.console):
            if line.startswith(("hanma on line", "hanma uplink", "hanma start")):
                return self.chip.running and line.startswith("hanma on line")
        return False

    def show(self, since_ns: int = 0) -> dict[str, Any]:
        return {
            "device": self.device,
            "now_ns": self._now(),
            "running": self.chip.running,
            "starts": self.chip.starts,
            "on_line": self.on_line,
            "relay": self.relay,
            "lamp": self.lamp,
            "contact": self.mains.contact,
            "mains": self.mains.mains,
            "arc": self.mains.arc,
            "amps": round(self.mains.amps, 1),
            "bypass": self.mains.bypass,
            "lid": self.mains.lid_open,
            "gas": self.mains.gas_lel,
            "board_c": self.mains.board_c,
            "signal": self.radio.csq_level,
            "ble": self.ble.in_reach,
            "outage": self.radio.outage.value if self.radio.outage else None,
            "watch": self.watch()[-_WINDOWS:],
            "moves": [[at, level] for at, level in self.moves if at >= since_ns],
            "said": [[at, text] for at, text in self.speaker.heard(since_ns)],
        }

    def wire(self, from_ns: int, to_ns: int) -> dict[str, Any]:
        """UART bytes that crossed in a stretch of time, and how long the wire needs for them."""
        count = self.line.bytes_between(from_ns, to_ns)
        return {"bytes": count, "wire_ms": self.line.wire_ms(count)}

    # what the board does ----------------------------------------------------------------------

    def _pin(self, number: int, level: int) -> None:
        if number == pins.RELAY:
            self.moves.append((self._now(), level))
            self.mains.set_relay(bool(level), self._now())
            self._stirred.set()
        elif number == pins.MODEM_PWRKEY:
            self.modem.power_key(1 - level)  # a transistor inverts it
        elif number == pins.LAMP:
            self.lamp = level

    def _board_dead(self) -> None:
        """Without power or in reset every pin floats, and the relay's driver pulls it open."""
        for number in (pins.RELAY, pins.MODEM_PWRKEY, pins.LAMP):
            self._pin(number, 0)
        self.line.forget_host_input()
        self.camera.line.forget_host_input()
        self.ble.dead()

    async def _plant(self) -> None:
        """Looks again and again; where the world owns the time, only when there is a reason."""
        rounds = 0
        while True:
            self.mains.step(self._now())
            self._supply(self.mains.supplied)
            self._show_pins()
            if self._clock or rounds % _AMPS_EVERY == 0 or self._struck != self.mains.comparator:
                self._struck = self.mains.comparator
                self._show_levels()
            rounds += 1
            await self._pause()

    async def _pause(self) -> None:
        if self._clock is None:
            await asyncio.sleep(_PLANT_S)
            return
        due_ns = self.mains.next_ns
        wait_s = None if due_ns is None else max(0, due_ns - self._now()) / 1e9
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stirred.wait(), wait_s)
        self._stirred.clear()

    def _show_pins(self) -> None:
        link, mains = self.chip.link, self.mains
        link.set_pin(pins.READBACK, int(mains.readback))
        link.set_pin(pins.MAINS, int(mains.mains))
        link.set_pin(pins.TAMPER, int(mains.lid_open))
        link.set_pin(pins.ARC, int(mains.comparator))

    def _show_levels(self) -> None:
        link, mains = self.chip.link, self.mains
        link.set_rms_mv(pins.CURRENT, round(mains.adc_rms * 1000))
        link.set_mv(pins.GAS, round(mains.gas_mv))
        link.set_board_c(mains.board_c)

    def _supply(self, present: bool) -> None:
        """Power for the board and its modem, from the mains or the hold-up capacitor."""
        if present == self._supplied:
            return
        self._supplied = present
        self.modem.supply(present)
        work = self.chip.power_on() if present else self.chip.power_off()
        self._tasks.append(asyncio.get_running_loop().create_task(work))

    # hands ---------------------------------------------------------------------------------------

    def _touch(self, hand: Callable[[Any], None], value: Any = None) -> None:
        hand(value)
        self._stirred.set()

    def _press(self, held_s: float | None) -> None:
        """The button, held down for so long."""
        held_s = _PRESS_S if held_s is None else float(held_s)
        self.chip.link.set_pin(pins.BUTTON, 0)
        asyncio.get_running_loop().call_later(held_s, self.chip.link.set_pin, pins.BUTTON, 1)

    def _outage(self, how: str | None) -> None:
        if how:
            self.radio.begin_outage(Outage(how))
        else:
            self.radio.end_outage()

    def _fault(self, name: str) -> None:
        """Begins a fault of world/faults.py, or ends it if it is under way."""
        if name in self.trouble.active:
            self.trouble.end(name)
        else:
            self.trouble.begin(name)

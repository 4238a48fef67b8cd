"""The module: it is switched on, boots, registers, and does what its maker's commands and the
network make it do. What differs from maker to maker is its `vendor`.

The world presses its pins and sets its radio; the firmware meets it only through the line. All
that a start sets anew is in `Settings`; what the module keeps without power is in `Memory`.
"""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine

from simulator.world.at import Command, Refused
from simulator.world.cable import Cable
from simulator.world.link import Link
from simulator.world.mischief import Mischief
from simulator.world.module import Identity, Memory, Net, Settings, Timing
from simulator.world.power import Life, Power
from simulator.world.radio import News, Outage, Radio, Stat
from simulator.world.rtc import Rtc
from simulator.world.simcom import A7670
from simulator.world.sockets import Stack
from simulator.world.speaker import Speaker, Utterance
from simulator.world.talk import Said, Talk
from simulator.world.tls import Secure, Session
from simulator.world.vendor import Vendor


class Modem:
    """One module. Start `run()` as a task; it never ends by itself.

    boot_s: PWRKEY to the first line (A7670 datasheet: typ. 11.1). speech_rate: 1 = as spoken,
    larger = faster. nasty: spelling, timing and order in every way that the manual leaves open,
    chosen by `rng`.
    """

    def __init__(
        self,
        line: Cable,
        radio: Radio,
        speaker: Speaker,
        *,
        vendor: Vendor = A7670,
        rng: random.Random | None = None,
        boot_s: float = 11.1,
        timing: Timing | None = None,
        identity: Identity | None = None,
        speech_rate: float = 1.0,
        nasty: bool = False,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.line, self.radio, self.speaker = line, radio, speaker
        self.rng = rng or random.Random(0)
        self.boot_s, self.speech_rate = boot_s, speech_rate
        self.vendor = vendor
        self.timing = timing or Timing(presses=vendor.presses)
        self.identity = identity or vendor.identity
        self.clock = clock
        self.mischief = Mischief()
        self.memory, self.settings = Memory(baud=line.modem_baud), Settings()
        self.own = vendor.own()  # what only this maker's commands know of
        self.rtc = Rtc(clock)
        self.life = Life.OFF
        self.starts = 0
        self.sim_sought = False  # since the start
        self.net = Net.CLOSED
        self.stale: set[int] = set()  # link numbers still taken after the network went
        self.leftovers: dict[int, Link] = {}  # closed by the peer, not yet read dry
        self.locating = False
        self.speaking: Utterance | None = None
        self.stack = Stack(
            radio,
            self,
            connect_timeout_s=self.timing.connect_timeout_s,
            send_timeout_s=self.timing.send_timeout_s,
        )
        self.secure = Secure(radio, self, connect_timeout_s=self.timing.connect_timeout_s)
        self.secure_started = False
        self.talk = Talk(
            line,
            self._execute,
            self.mischief,
            rng=self.rng,
            reply_s=self.timing.reply_s,
            data_wait_s=self.timing.data_wait_s,
            nasty=nasty,
            swallows_newline=vendor.swallows_newline,
        )
        self.talk.answered = self._answered
        self._power = Power(
            self.timing.presses,
            lambda: self.life,
            boot=self._boot,
            stop=self.power_off,
            die=self._die,
        )
        self._afterwards: list[tuple[float, Callable[[], None]]] = []
        self._timers: set[asyncio.TimerHandle] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._bearer_timer: asyncio.TimerHandle | None = None
        radio.watch = self._news

    # -- for the world ------------------------------------------------------------------------

    async def run(self) -> None:
        self.line.start(self.talk.hear)
        await self.talk.run()

    def close(self) -> None:
        """The end of the simulation; peers get a RST."""
        self._power.close()
        self._die()
        self.stack.end()
        self.secure.stack.end()

    def supply(self, on: bool) -> None:
        """The module's VBAT (IO12 of a T-A7670)."""
        self._power.supply(on)
        if not on:
            self.rtc.lose()

    def power_key(self, level: int) -> None:
        """Level at the module's PWRKEY: 0 = pressed. (A board's transistor may invert its pin.)"""
        self._power.power_key(level)

    def reset(self, level: int) -> None:
        """Level at the module's RESET: 0 = pressed; it restarts when released."""
        self._power.reset(level)

    def crash(self) -> None:
        """Restarts of its own accord, without a word."""
        if self.life is not Life.OFF:
            self._die()
            self._boot()

    @property
    def transcript(self) -> list[Said]:
        return list(self.talk.transcript)

    # -- for the commands ---------------------------------------------------------------------

    def urc(self, text: str, data: bytes = b"") -> None:
        self.talk.urc(text, data)

    async def prompt(self, nbytes: int) -> bytes:
        return await self.talk.prompt(nbytes)

    def after(self, seconds: float, what: Callable[[], None]) -> None:
        """Later, counted from the final result code if one is due; dies with the power."""
        if self.talk.answering:
            self._afterwards.append((seconds, what))
        else:
            self.later(seconds, what)

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        """Later, whatever is being answered; dies with the power."""

        def ring() -> None:
            self._timers.discard(timer)
            what()

        timer = asyncio.get_running_loop().call_later(seconds, ring)
        self._timers.add(timer)

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        """Work that takes its time and dies with the power."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def power_off(self) -> None:
        """Orderly: deaf at once, gone after a while."""
        if self.life in (Life.BOOTING, Life.ON):
            self.life = Life.STOPPING
            self.talk.shut()
            self.later(self.timing.off_s, self._die)

    def restart(self) -> None:
        self._die()
        self._boot()

    def turn_radio(self, functionality: int) -> None:
        """AT+CFUN 0, 1 or 4."""
        self.settings.functionality = functionality
        self.radio.turn(functionality == 1)

    def lose_bearer(self) -> None:
        """The network took the data connection away."""
        if self.net is Net.OPEN:
            self.stale = set(self.stack.links) if self.mischief.sticky_network else set()
            self.net = Net.BROKEN if self.mischief.sticky_network else Net.CLOSED
            self.stack.forget(quietly=True)
            self._forget_secure()
            self.vendor.bearer_lost(self)

    def outage(self, how: Outage) -> None:
        """What the network does to the connections that stand."""
        self.stack.outage(how)
        self.secure.stack.outage(how)

    def _forget_secure(self) -> None:
        self.secure.forget(quietly=True)
        self.secure_started = False

    # -- life ---------------------------------------------------------------------------------

    def _boot(self) -> None:
        self.life = Life.BOOTING
        self.starts += 1
        self.settings, self.own = Settings(), self.vendor.own()
        self.sim_sought = False
        self.radio.sim.unlocked = False
        self.line.set_modem_baud(self.memory.baud)
        if self.talk.nasty:
            self.talk.noise(self.rng.randbytes(self.rng.randint(1, 12)))
        self.later(self.boot_s, self._ready)

    def _ready(self) -> None:
        self.life = Life.ON
        self.talk.open()
        self.vendor.ready(self)
        self.later(self.boot_s * 0.05, self._sim_found)

    def _sim_found(self) -> None:
        self.sim_sought = True
        self.radio.turn(True)
        if not self.radio.sim_seen:
            self.urc("+CPIN: SIM REMOVED")
            return
        self.urc(f"+CPIN: {self.radio.sim.state}")
        if self.radio.sim.state == "READY":
            self.vendor.sim_ready(self)

    def _die(self) -> None:
        self.life = Life.OFF
        self.mischief.hung = False
        self.talk.shut()
        self.line.cut()
        for timer in self._timers:
            timer.cancel()
        for task in list(self._tasks):
            task.cancel()
        self._timers.clear()
        self._afterwards.clear()
        self._stop_bearer_timer()
        self.stack.forget(quietly=True)
        self._forget_secure()
        self.net, self.stale, self.leftovers = Net.CLOSED, set(), {}
        self.locating = False
        self.hush()
        self.radio.turn(False)

    def hush(self) -> None:
        """Breaks off what is being spoken."""
        if self.speaking:
            self.speaker.end(self.speaking, whole=False)
            self.speaking = None

    def _answered(self) -> None:
        waiting, self._afterwards = self._afterwards, []
        for seconds, what in waiting:
            self.later(seconds, what)

    async def _execute(self, command: Command) -> list[str | bytes]:
        handler = self.vendor.table.get(command)
        if handler is None:
            if self.vendor.table.knows(command):
                return []
            raise Refused
        lines = handler(self, command)
        if asyncio.iscoroutine(lines):
            lines = await lines
        return lines or []

    # -- news from the radio and the sockets --------------------------------------------------

    def _news(self, news: News) -> None:
        if self.life is not Life.ON:
            return
        if news is News.STAT:
            self._registration_changed()
        elif news is News.SIM:
            self.urc("+CPIN: SIM REMOVED")
        elif news is News.OUTAGE and self.radio.outage:
            self.outage(self.radio.outage)
        elif news is News.NITZ:
            self.vendor.network_time(self)

    def _registration_changed(self) -> None:
        stat = self.radio.stat
        for name, level in self.settings.reports.items():
            if level:
                self.urc(f"{name}: {self.place_text(stat, level)}")
        self.stack.hold(not stat.serves)
        self.secure.stack.hold(not stat.serves)
        self._stop_bearer_timer()
        if stat.serves:
            self.vendor.registered(self)
        elif stat is Stat.OFF:
            self.lose_bearer()
        elif self.net is Net.OPEN:
            loop = asyncio.get_running_loop()
            self._bearer_timer = loop.call_later(self.radio.bearer_s, self.lose_bearer)

    def _stop_bearer_timer(self) -> None:
        if self._bearer_timer:
            self._bearer_timer.cancel()
            self._bearer_timer = None

    def place_text(self, stat: Stat, level: int) -> str:
        """`1`, or at level 2 with tracking area, cell and LTE's number."""
        if level < 2 or not stat.serves:
            return str(int(stat))
        return '{},"{}","{}",7'.format(int(stat), *self.radio.cell)

    def arrived(self, link: Link) -> None:
        self.vendor.arrived(self, link)

    def closed(self, link: Link, reason: int) -> None:
        self.vendor.closed(self, link, reason)

    def secure_arrived(self, session: Session) -> None:
        self.vendor.secure_arrived(self, session)

    def secure_closed(self, session: Session, reason: int) -> None:
        self.vendor.secure_closed(self, session, reason)

"""What a month does to one terminal: work, nights, outages, other SIMs, power cuts, upgrades.

Played in a world that owns the time. The cloud is a port, filled by who puts the two together.
"""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from simulator.terminal import SimulatedTerminal
from simulator.virtual import Clock
from simulator.world.radio import Outage, Sim, Stat

HOUR_S, DAY_S = 3_600, 86_400
WORK = ((8, 12), (13, 17))  # o'clock: eight hours a day
_ARC_S, _ARC_EVERY_S, _ARC_A = 90, 1_200, 120
_PATIENCE_S, _AGAIN_S = 15, 60
_SIMS = (
    Sim(imsi="460011234567890", iccid="89860112345678901234"),  # Unicom
    Sim(imsi="460111234567890", iccid="89860312345678901234"),  # Telecom
    Sim(imsi="460151234567890", iccid="89861512345678901234"),  # Broadnet
)


class Cloud(Protocol):
    """What the month asks of the platform; nothing of it fails."""

    def order(self, on: bool, job: str) -> None:
        """Sends the switch command, if the terminal can be reached at all."""

    def broker(self, up: bool) -> None: ...

    def upgrade(self, number: int) -> None:
        """Offers the next release, made for it."""

    def upgrading(self) -> bool:
        """Whether the release offered last is still under way."""

    def sweep(self) -> None:
        """One round of the housekeeping."""


class Month:
    """`play(days)` returns when they are over and a quiet half hour besides."""

    def __init__(
        self,
        terminal: SimulatedTerminal,
        cloud: Cloud,
        clock: Clock,
        *,
        upgrades: int = 3,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._t, self._cloud, self._clock, self._say = terminal, cloud, clock, say
        self._upgrades = upgrades
        self._rng = random.Random(20_261)
        self.jobs = self.arcs = self.closed = 0
        self.power_cuts = self.outages = self.sims = self.broker_restarts = 0

    async def play(self, days: int) -> None:
        parts = [
            asyncio.create_task(part)
            for part in (
                self._housekeeping(),
                self._work(days),
                self._outages(days),
                self._broker(days),
                self._sims(days),
                self._power(days),
                self._releases(days),
            )
        ]
        try:
            for day in range(days):
                self._say(f"day {day + 1}")
                await self._until(day + 1, 0)
            await asyncio.sleep(HOUR_S / 2)
            for part in parts:
                if part.done() and part.exception():
                    raise part.exception()  # type: ignore[misc]
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)

    async def _until(self, day: int, hour: float) -> None:
        due_s = day * DAY_S + hour * HOUR_S
        await asyncio.sleep(max(0.0, due_s - self._clock.now_us / 1e6))

    # work ------------------------------------------------------------------------------------

    async def _work(self, days: int) -> None:
        for day in range(days):
            for start, end in WORK:
                await self._until(day, start)
                await self._shift(day * DAY_S + end * HOUR_S)

    async def _shift(self, end_s: float) -> None:
        """Until the break: a job, again and again where something ended it; arcs while it runs."""
        next_arc_s = 0.0
        while (left_s := end_s - self._clock.now_us / 1e6) > 60:
            if not self._t.relay and not await self._switch(True):
                await asyncio.sleep(min(_AGAIN_S, left_s))
            elif next_arc_s <= self._clock.now_us / 1e6:
                next_arc_s = self._clock.now_us / 1e6 + _ARC_EVERY_S
                await self._weld()
            else:
                await asyncio.sleep(min(_AGAIN_S, left_s))
        while self._t.relay and not await self._switch(False):
            await asyncio.sleep(_AGAIN_S)

    async def _switch(self, on: bool) -> bool:
        if on:
            self.jobs += 1
        self._cloud.order(on, f"month-{self.jobs}")
        end_s = self._clock.now_us / 1e6 + _PATIENCE_S
        while self._t.relay != on and self._clock.now_us / 1e6 < end_s:
            await asyncio.sleep(0.5)
        self.closed += on and self._t.relay
        return self._t.relay == on

    async def _weld(self) -> None:
        self.arcs += 1
        self._t.hands["strike"](_ARC_A)
        await asyncio.sleep(_ARC_S)
        self._t.hands["lift"](None)

    # trouble ---------------------------------------------------------------------------------

    async def _housekeeping(self) -> None:
        while True:
            await asyncio.sleep(HOUR_S)
            self._cloud.sweep()

    async def _outages(self, days: int) -> None:
        """Every other day, at any hour: connections reset, half-open, refused, or no cell."""
        for day in range(1, days, 2):
            await self._until(day, self._rng.uniform(0, 20))
            self.outages += 1
            how = (day // 2) % 4
            length_s = self._rng.choice((40, 600, 2 * HOUR_S))
            if how == 3:
                self._t.radio.coverage = Stat.SEARCHING
                await asyncio.sleep(length_s)
                self._t.radio.coverage = Stat.HOME
            else:
                self._t.hands["outage"](tuple(Outage)[how].value)
                await asyncio.sleep(length_s)
                self._t.hands["outage"](None)

    async def _broker(self, days: int) -> None:
        for day in range(2, days, 5):
            await self._until(day, 10.3)
            self.broker_restarts += 1
            self._cloud.broker(False)
            await asyncio.sleep(self._rng.choice((5, 90, 900)))
            self._cloud.broker(True)

    async def _sims(self, days: int) -> None:
        """Every week another operator's card, the fourth week its own again."""
        cards = (*_SIMS, self._t.radio.sim)
        for number, day in enumerate(range(3, days, 7)):
            await self._until(day, 19)
            self.sims += 1
            self._t.radio.remove_sim()
            await asyncio.sleep(120)
            self._t.radio.insert_sim(cards[number % len(cards)])

    async def _power(self, days: int) -> None:
        """The plug is pulled: in the middle of work, for a minute or for the night."""
        for day in range(1, days, 4):
            await self._until(day, self._rng.choice((9.5, 14.2, 21.0)))
            self.power_cuts += 1
            self._t.hands["mains"](False)
            await asyncio.sleep(self._rng.choice((60, HOUR_S, 2 * HOUR_S)))
            self._t.hands["mains"](True)

    async def _releases(self, days: int) -> None:
        for number in range(self._upgrades):
            day = (number + 1) * days // (self._upgrades + 1)
            await self._until(day, 18)
            self._cloud.upgrade(number)
            for _ in range(60):
                if not self._cloud.upgrading():
                    break
                await asyncio.sleep(60)
                self._cloud.sweep()


def journal_of(flash: Path) -> int:
    """The newest number in the terminal's own journal (crc, number, text: a line an entry)."""
    newest = 0
    for file in sorted((flash / "journal").glob("[cn]*")):
        for line in file.read_bytes().splitlines():
            part = line.split(b" ", 2)
            if len(part) == 3 and part[1].isdigit():
                newest = max(newest, int(part[1]))
    return newest

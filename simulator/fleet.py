"""Many light terminals in one process, each with its own line to a broker (`hanma fleet`).

Each logs in, beats with jitter, sends its journal until it is stored, raises an alarm now and
then, obeys what it is told, and after a lost line comes back by itself with growing pauses, going
through its list of brokers.
"""

import asyncio
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from simulator.light import LightTerminal
from simulator.mqtt_line import Line, LineBroken

Address = tuple[str, int]

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_JITTER = 0.1
_LEAVE_S = 20
_CONNECTS_AT_ONCE = 200
_STORED_S = 30.0  # the cloud's time to say `stored`, as in the firmware
_ALARMS = (("OVER_TEMP", 2), ("LOW_SIGNAL", 1), ("TAMPER", 3))


@dataclass(frozen=True)
class Profile:
    """How a day goes: seconds between heartbeats, and per heartbeat the chance of an entry in the
    journal and of an alarm. `arrive_s` = within which all terminals come on line."""

    beat_s: float = 180.0
    journal: float = 0.05
    alarm: float = 0.0005
    arrive_s: float = 60.0


PROFILES = {
    "wuyi": Profile(),  # a working day: the policy's idle heartbeat
    "busy": Profile(beat_s=5.0, journal=0.02, arrive_s=30.0),
    "quiet": Profile(beat_s=180.0, journal=0.0, alarm=0.0),
}


@dataclass
class Counts:
    """What all of them did together. `sent` = given to a broker, `acked` = it took it."""

    sent: int = 0
    acked: int = 0
    answers: int = 0
    commands: int = 0
    alarms: int = 0
    connects: int = 0
    breaks: int = 0


class Member:
    """One terminal with its line."""

    def __init__(
        self,
        terminal: LightTerminal,
        brokers: Sequence[Address],
        profile: Profile,
        counts: Counts,
        gate: asyncio.Semaphore,
        rng: random.Random,
    ) -> None:
        self.terminal = terminal
        self.profile = profile
        self.beat_up = -1  # of the last heartbeat that a broker took
        self._brokers = brokers
        self._counts, self._gate, self._rng = counts, gate, rng
        self._line: Line | None = None
        self._lost = asyncio.Event()
        self._sent_from, self._sent_at = -1, 0.0  # the last batch of the journal
        device = terminal.device
        self._up, self._down = f"hm/{device}/up", f"hm/{device}/down"

    @property
    def connected(self) -> bool:
        return self._line is not None

    async def run(self, after_s: float = 0.0) -> None:
        """For ever: connect, talk, come back."""
        await asyncio.sleep(after_s)
        pause_s, turn = _FIRST_PAUSE_S, self._rng.randrange(len(self._brokers))
        while True:
            try:
                await self._connect(self._brokers[turn % len(self._brokers)])
                pause_s = _FIRST_PAUSE_S
                await self._talk()
            except LineBroken:
                self._counts.breaks += 1
            turn += 1
            await asyncio.sleep(pause_s * self._rng.uniform(0.5, 1.5))
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def cut(self) -> None:
        """The line breaks, as by a dead zone."""
        if self._line is not None:
            self._line.close(rough=True)

    def leave(self) -> None:
        if self._line is not None:
            self._line.close()

    async def _connect(self, broker: Address) -> None:
        terminal = self.terminal
        self._lost.clear()
        async with self._gate:
            self._line = await Line.connect(
                broker,
                terminal.device,
                terminal.password,
                up=self._up,
                down=self._down,
                will=terminal.will(),
                heard=self._heard,
                gone=self._gone,
            )
        self._counts.connects += 1
        await self._say(terminal.login(_now()))

    async def _talk(self) -> None:
        """Heartbeats, and with them whatever else there is to say, until the line is lost."""
        terminal = self.terminal
        self._sent_from = -1
        await self._journal()
        pause_s = self._rng.uniform(0, self.profile.beat_s)
        while not await self._lost_within(pause_s):
            profile = self.profile  # it may have changed meanwhile
            now = _now()
            await self._say(terminal.beat(now))
            self.beat_up = terminal.up(now)
            if self._rng.random() < profile.alarm:
                self._counts.alarms += 1
                await self._say(terminal.alarm(*self._rng.choice(_ALARMS), _now()))
            if self._rng.random() < profile.journal:
                terminal.note("clock", _now())
            await self._journal()
            pause_s = profile.beat_s * self._rng.uniform(1 - _JITTER, 1 + _JITTER)
        raise LineBroken("the line is gone")

    async def _journal(self) -> None:
        """What is not stored yet; the same again only when the cloud has had its time."""
        stored, now = self.terminal.stored, time.monotonic()
        if stored == self._sent_from and now < self._sent_at + _STORED_S:
            return
        batch = self.terminal.entries() if self.profile.journal else None
        if batch is not None:
            self._sent_from, self._sent_at = stored, now
            await self._say(batch)

    async def _lost_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._lost.wait()
        except TimeoutError:
            return False

    async def _say(self, body: bytes) -> None:
        if self._line is None:
            raise LineBroken("no line")
        self._counts.sent += 1
        await self._line.publish(self._up, body)
        self._counts.acked += 1

    def _heard(self, body: bytes) -> None:
        answer = self.terminal.hear(body, _now())
        if answer is not None and self._line is not None:
            self._counts.commands += 1
            self._counts.sent += 1
            self._line.publish(self._up, answer).add_done_callback(self._answered)

    def _answered(self, sent: "asyncio.Future[None]") -> None:
        if not sent.cancelled() and sent.exception() is None:
            self._counts.acked += 1
            self._counts.answers += 1

    def _gone(self) -> None:
        self._line = None
        self._lost.set()


class Fleet:
    """All of them; `start`, then look at `counts`, then `stop`."""

    def __init__(
        self,
        secrets: dict[str, bytes],
        brokers: Sequence[Address],
        profile: Profile,
        seed: int = 1,
        kind: type[LightTerminal] = LightTerminal,
    ) -> None:
        self.counts = Counts()
        rng = random.Random(seed)
        gate = asyncio.Semaphore(_CONNECTS_AT_ONCE)
        self.members = [
            Member(kind(device, secret, _now()), brokers, profile, self.counts, gate, rng)
            for device, secret in secrets.items()
        ]
        self._profile, self._rng = profile, rng
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        for member in self.members:
            after_s = self._rng.uniform(0, self._profile.arrive_s)
            self._tasks.append(asyncio.create_task(member.run(after_s)))

    @property
    def connected(self) -> int:
        return sum(member.connected for member in self.members)

    @property
    def unstored(self) -> int:
        """Entries of the journals that the cloud has not confirmed."""
        return sum(len(member.terminal.journal) for member in self.members)

    @property
    def oddities(self) -> int:
        """Commands and confirmations whose mac or content was wrong."""
        return sum(member.terminal.oddities for member in self.members)

    def pace(self, profile: Profile) -> None:
        """From the next heartbeat on."""
        for member in self.members:
            member.profile = profile

    def storm(self) -> None:
        """All lines break at once."""
        for member in self.members:
            member.cut()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for member in self.members:
            member.leave()
        async with asyncio.timeout(_LEAVE_S):
            while self.connected:
                await asyncio.sleep(0.01)

    def told(self) -> dict[str, Any]:
        more = {"connected": self.connected, "unstored": self.unstored, "oddities": self.oddities}
        return {"terminals": len(self.members)} | asdict(self.counts) | more


async def play(
    secrets: dict[str, bytes],
    brokers: Sequence[Address],
    profile: Profile,
    *,
    minutes: float,
    storm_at: float | None,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Runs a fleet for some minutes; a reconnect storm at a minute, if wanted."""
    fleet = Fleet(secrets, brokers, profile)
    fleet.start()
    began = time.monotonic()
    stormed = storm_at is None
    while (gone_min := (time.monotonic() - began) / 60) < minutes:
        await asyncio.sleep(min(5.0, minutes * 60 - gone_min * 60))
        say(json.dumps(fleet.told()))
        if not stormed and storm_at is not None and gone_min >= storm_at:
            stormed = True
            fleet.storm()
    told = fleet.told()
    await fleet.stop()
    return told


def _now() -> int:
    return int(time.time() * 1000)

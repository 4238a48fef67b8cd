"""Fleets of light terminals in processes of their own, so that none shares a core with another.

They share the terminals among them; each terminal chooses among the brokers by itself.
"""

import asyncio
import json
import sys
import time
from collections import ChainMap, Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cloud.bench.served import NotReady
from simulator.fleet import Profile

News = Callable[[dict[str, Any]], None]
_LINE = 1 << 28  # every terminal's moves in one line
_END_S = 30
_LOOK_S = 0.2
_SETTLED_S = 3


class _One:
    """One process: a wish, and its answer."""

    def __init__(self, process: asyncio.subprocess.Process, news: News | None) -> None:
        self.process, self._news = process, news
        self._answers: asyncio.Queue[Any] = asyncio.Queue()
        self._reading = asyncio.create_task(self._read())

    async def ask(self, do: str, **more: Any) -> Any:
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"do": do} | more).encode() + b"\n")
        answer = await self._answers.get()
        if answer is NotReady:
            raise NotReady("a fleet's process has ended")
        return answer

    async def end(self) -> None:
        if self.process.stdin:
            self.process.stdin.close()
        try:
            async with asyncio.timeout(_END_S):
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
        await self._reading

    async def _read(self) -> None:
        assert self.process.stdout
        while line := await self.process.stdout.readline():
            told = json.loads(line)
            if "answer" in told:
                self._answers.put_nowait(told["answer"])
            elif self._news is not None:
                self._news(told)
        self._answers.put_nowait(NotReady)


class Fleets:
    """All of them as one; `running` makes it."""

    def __init__(self, every: list[_One]) -> None:
        self._every = every

    @property
    def pids(self) -> list[int]:
        return [one.process.pid for one in self._every]

    async def look(self) -> Counter[str]:
        """The counts of all together (simulator.fleet.Fleet.told)."""
        return sum(map(Counter, await self._asked("look")), Counter())

    async def terminals(self) -> dict[str, dict[str, Any]]:
        """By device: epoch, beat_up, log, stored, moved."""
        return dict(ChainMap(*await self._asked("terminals")))

    async def connected(self, count: int, seconds: float) -> None:
        """Wait until so many are; NotReady."""
        end = time.monotonic() + seconds
        while (here := (await self.look())["connected"]) < count:
            if time.monotonic() > end:
                raise NotReady(f"{here} of {count} terminals are connected after {seconds:.0f} s")
            await asyncio.sleep(_LOOK_S)

    async def settled(self) -> None:
        """What follows from the log-ins is done: policies come and are answered."""
        last = -1
        while (now := (await self.look())["answers"]) != last:
            last = now
            await asyncio.sleep(_SETTLED_S)

    async def pace(self, profile: Profile) -> None:
        await self._asked("pace", **asdict(profile))

    async def _asked(self, do: str, **more: Any) -> list[Any]:
        return await asyncio.gather(*(one.ask(do, **more) for one in self._every))


@asynccontextmanager
async def running(
    folder: Path,
    secrets: dict[str, bytes],
    ports: Sequence[int],
    profile: Profile,
    processes: int,
    news: News | None = None,
    trusting: bool = False,
) -> AsyncIterator[Fleets]:
    """`processes` fleets that share these terminals, and speak to the brokers on these ports;
    `news` = who hears what terminals say and do, `trusting` ones obey without a mac
    (simulator/fleet_process.py)."""
    names, every = sorted(secrets), []
    try:
        for number in range(processes):
            mine = {device: secrets[device].hex() for device in names[number::processes]}
            told: dict[str, Any] = {
                "terminals": mine,
                "brokers": list(ports),
                "profile": asdict(profile),
            }
            told |= {"seed": 1 + number, "news": news is not None, "trusting": trusting}
            file = folder / f"fleet-{number}{'-trusting' * trusting}.json"
            file.touch(0o600)
            file.write_text(json.dumps(told))
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "simulator.fleet_process", str(file)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=_LINE,
                start_new_session=True,
            )
            every.append(_One(process, news))
        yield Fleets(every)
    finally:
        await asyncio.gather(*(one.end() for one in every))

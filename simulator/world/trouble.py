"""Who makes the faults of `faults.py` happen: one by one, by a script, or in a seeded storm."""

import asyncio
import random
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from simulator.world.faults import FAULTS, Scene
from simulator.world.mains import Mains
from simulator.world.modem import Modem

REMEMBERED = 10_000


@dataclass(frozen=True)
class Entry:
    """A line of the log."""

    at_ns: int
    name: str
    size: float
    began: bool  # False: ended


@dataclass(frozen=True)
class Step:
    """A line of a script: what begins `at_s` seconds after the start, and lasts `for_s`."""

    at_s: float
    name: str
    size: float | None = None
    for_s: float = 0.0


class Trouble:
    """Begins and ends faults on one terminal. An unknown name is a KeyError."""

    def __init__(self, modem: Modem, mains: Mains, rng: random.Random | None = None) -> None:
        self.scene = Scene(modem, mains, rng or random.Random(0))
        self.log: deque[Entry] = deque(maxlen=REMEMBERED)
        self._lasting: dict[str, Iterator[None]] = {}

    @property
    def active(self) -> list[str]:
        """Names of the lasting faults that were begun and not ended."""
        return list(self._lasting)

    def begin(self, name: str, size: float | None = None) -> None:
        """Begins a fault; one that lasts already starts anew."""
        fault = FAULTS[name]
        self.end(name)
        size = fault.size if size is None else size
        self._note(name, size, True)
        course = fault.act(self.scene, size)
        if course is not None:
            next(course)
            self._lasting[name] = course

    def end(self, name: str) -> None:
        """Ends a lasting fault; no matter if it is not there."""
        course = self._lasting.pop(name, None)
        if course is not None:
            self._note(name, 0, False)
            next(course, None)

    def end_all(self) -> None:
        """The last one first, so that each puts back what it found."""
        for name in reversed(self.active):
            self.end(name)

    async def play(self, script: Iterable[Step]) -> None:
        """Plays a script to its end."""
        start = asyncio.get_running_loop().time()
        moments = []
        for step in script:
            moments.append((step.at_s, True, step))
            if FAULTS[step.name].lasts:
                moments.append((step.at_s + step.for_s, False, step))
        for at_s, begins, step in sorted(moments, key=lambda moment: moment[:2]):
            await asyncio.sleep(start + at_s - asyncio.get_running_loop().time())
            if begins:
                self.begin(step.name, step.size)
            else:
                self.end(step.name)

    def storm(self, names: Iterable[str], seconds: float, mean_s: float) -> list[Step]:
        """A script by chance: faults on average every `mean_s`, lasting about half as long."""
        rng, names, steps, at_s = self.scene.rng, list(names), [], 0.0
        while (at_s := at_s + rng.expovariate(1 / mean_s)) < seconds:
            for_s = rng.uniform(0, mean_s)
            steps.append(Step(round(at_s, 3), rng.choice(names), None, round(for_s, 3)))
        return steps

    def _note(self, name: str, size: float, began: bool) -> None:
        self.log.append(Entry(self.scene.now_ns, name, size, began))

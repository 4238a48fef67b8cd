"""What a person beside the machine hears the terminal say."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

REMEMBERED = 1_000


@dataclass
class Utterance:
    """One spoken text; `end_ns` None while it lasts, `whole` False when it was broken off."""

    start_ns: int
    text: str
    end_ns: int | None = None
    whole: bool = False


class Speaker:
    """Fed by the modem or the ear; a listener reads `heard`, or awaits `next` for what comes."""

    def __init__(self, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self.clock = clock
        self.utterances: deque[Utterance] = deque(maxlen=REMEMBERED)
        self._waiting: list[tuple[Callable[[str], bool], asyncio.Future[Utterance]]] = []

    def begin(self, text: str) -> Utterance:
        utterance = Utterance(self.clock(), text)
        self.utterances.append(utterance)
        for matches, future in self._waiting:
            if not future.done() and matches(text):
                future.set_result(utterance)
        self._waiting = [(m, f) for m, f in self._waiting if not f.done()]
        return utterance

    def end(self, utterance: Utterance, *, whole: bool) -> None:
        utterance.end_ns = self.clock()
        utterance.whole = whole

    def overhear(self, start_ns: int, text: str, *, whole: bool) -> None:
        """A text that was understood only when it was over."""
        utterance = self.begin(text)
        utterance.start_ns = start_ns
        self.end(utterance, whole=whole)

    def heard(self, since_ns: int = 0) -> list[tuple[int, str]]:
        """(start in monotonic ns, text) of everything that began since then, oldest first."""
        return [(u.start_ns, u.text) for u in self.utterances if u.start_ns >= since_ns]

    async def next(
        self, matches: Callable[[str], bool] = lambda text: True, timeout_s: float | None = None
    ) -> Utterance:
        """The next text that begins from now on and matches; TimeoutError when none comes."""
        future: asyncio.Future[Utterance] = asyncio.get_running_loop().create_future()
        self._waiting.append((matches, future))
        async with asyncio.timeout(timeout_s):
            return await future

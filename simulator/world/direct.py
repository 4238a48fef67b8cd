"""The cable where the world owns the time: no file between, whole pieces, no chance."""

import asyncio
import random
from collections.abc import Callable

from simulator.world.cable import Cable, Way
from simulator.world.pacing import Wire


class DirectCable(Cable):
    """`to_board(bytes)` hands over what reaches the board; it says `from_board` what it sends.

    What follows without a gap is handed over together, when the wire has carried its last byte.
    """

    def __init__(
        self,
        baud: int,
        *,
        clock: Callable[[], int],
        rng: random.Random | None = None,
        fragment: bool = False,
    ) -> None:
        super().__init__(baud, fragment=fragment, rng=rng, clock=clock)
        self._up.whole = self._down.whole = True
        self.to_board: Callable[[bytes], None] = lambda data: None
        self._timers: dict[Way, asyncio.TimerHandle] = {}

    def from_board(self, data: bytes) -> None:
        self._up.push(data, self.clock())
        self._arm_way(Way.TO_MODEM, self._up)

    def send(self, data: bytes) -> None:
        self._down.push(data, self.clock())
        self._arm_way(Way.TO_HOST, self._down)

    def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        super().close()

    def _arm_way(self, way: Way, wire: Wire) -> None:
        if self.fragment:
            self._arm()
        elif self._loop:
            if timer := self._timers.get(way):
                timer.cancel()
            late_s = (wire.free_ns - self.clock()) / 1e9
            carry = self._up_now if way is Way.TO_MODEM else self._down_now
            self._timers[way] = self._loop.call_later(late_s, carry)

    def _up_now(self) -> None:
        self._carry_up(self._now_ns())

    def _down_now(self) -> None:
        up, down, now_ns = self._up.baud, self._down.baud, self._now_ns()
        pieces = [
            self._through(piece, Way.TO_HOST, down, up, now_ns) for piece in self._down.due(now_ns)
        ]
        self._to_board(b"".join(pieces))

    def _now_ns(self) -> int:
        return self.clock() + 1_000  # the world counts in microseconds

    def _to_board(self, piece: bytes) -> None:
        if piece:
            self.to_board(piece)

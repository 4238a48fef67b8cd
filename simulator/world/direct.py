"""The cable where the world owns the time: no file between, whole pieces, no chance."""

import random
from collections.abc import Callable

from simulator.world.cable import Cable


class DirectCable(Cable):
    """`to_board(bytes)` hands over what reaches the board; it says `from_board` what it sends.

    What was sent at once is handed over at once, when the wire has carried its last byte.
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

    def from_board(self, data: bytes) -> None:
        self._up.push(data, self.clock())
        self._arm()

    def _now_ns(self) -> int:
        return self.clock() + 1_000  # the world counts in microseconds

    def _to_board(self, piece: bytes) -> None:
        if piece:
            self.to_board(piece)

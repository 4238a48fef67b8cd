"""What any serial cable between board and modem does, whatever carries the bytes at the board's
end: it takes its time, counts, garbles at the wrong rate, and loses what a fault says."""

import asyncio
import random
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from enum import Enum
from itertools import islice

from simulator.world.pacing import NS, Wire, as_heard, carry_ns

LEDGER_ENTRIES = 20_000


class Way(Enum):
    TO_MODEM = "to modem"
    TO_HOST = "to host"


class Ledger:
    """Who sent how much, when: the newest entries (monotonic ns, way, bytes)."""

    def __init__(self, entries: int = LEDGER_ENTRIES) -> None:
        self._entries: deque[tuple[int, Way, int]] = deque(maxlen=entries)
        self.forgotten_ns = 0  # before this moment the ledger no longer knows
        self.total = {Way.TO_MODEM: 0, Way.TO_HOST: 0}

    def write(self, at_ns: int, way: Way, nbytes: int) -> None:
        if len(self._entries) == self._entries.maxlen:
            self.forgotten_ns = self._entries[0][0] + 1
        self._entries.append((at_ns, way, nbytes))
        self.total[way] += nbytes

    def bytes_between(self, t0_ns: int, t1_ns: int, way: Way | None = None) -> int:
        """Bytes that arrived in t0 ≤ t < t1, one way or both; LookupError when too long ago."""
        if t0_ns < self.forgotten_ns:
            raise LookupError("the ledger does not reach back that far")
        first = bisect_left(self._entries, t0_ns, key=lambda entry: entry[0])
        total = 0
        for at_ns, entry_way, nbytes in islice(self._entries, first, None):
            if at_ns >= t1_ns:
                break
            if way in (None, entry_way):
                total += nbytes
        return total


class Cable:
    """Both directions of a cable; `on_bytes` gets what the modem's receiver hears.

    baud: of the modem's UART; the board's own rate is told with `set_host_baud`. fragment: bytes
    reach the firmware in pieces of 1–8 with silences between. clock: monotonic nanoseconds.
    """

    slice_ns = 1_000_000  # how finely bytes are handed over

    def __init__(
        self,
        baud: int = 115_200,
        *,
        fragment: bool = False,
        rng: random.Random | None = None,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.rng = rng or random.Random(0)
        self.clock = clock
        self.ledger = Ledger()
        self.on_bytes: Callable[[bytes], None] | None = None
        self._up = Wire(baud)
        self._down = Wire(baud)
        self._loss = {way: [0, 0.0] for way in Way}  # next bytes lost, chance of each byte
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.fragment = fragment

    # -- settings -----------------------------------------------------------------------------

    @property
    def fragment(self) -> bool:
        return self._down.rng is not None

    @fragment.setter
    def fragment(self, on: bool) -> None:
        self._down.rng = self.rng if on else None

    @property
    def host_baud(self) -> int:
        return self._up.baud

    @property
    def modem_baud(self) -> int:
        return self._down.baud

    def set_host_baud(self, baud: int) -> None:
        """The rate the firmware set on its UART, as the board's stand-in tells."""
        self._up.baud = baud

    def set_modem_baud(self, baud: int) -> None:
        self._down.baud = baud

    def lose(self, way: Way, nbytes: int = 0, chance: float = 0.0) -> None:
        """Fault: the next `nbytes` vanish, then each byte with this chance; zeros end it."""
        self._loss[way] = [nbytes, chance]

    def wire_ms(self, nbytes: int, way: Way = Way.TO_MODEM) -> float:
        """Milliseconds that so many bytes take at the present rate."""
        baud = self._up.baud if way is Way.TO_MODEM else self._down.baud
        return carry_ns(nbytes, baud) / 1e6

    def bytes_between(self, t0_ns: int, t1_ns: int, way: Way | None = None) -> int:
        return self.ledger.bytes_between(t0_ns, t1_ns, way)

    # -- life ---------------------------------------------------------------------------------

    def start(self, on_bytes: Callable[[bytes], None]) -> None:
        """Connects the modem's end; needs a running loop."""
        self.on_bytes = on_bytes
        self._loop = asyncio.get_running_loop()

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._loop = None

    def forget_host_input(self) -> None:
        """Empties what waits for the firmware: the board was reset, and with it its UART."""

    # -- the modem's side ---------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """Queues bytes towards the firmware."""
        self._down.push(data, self.clock())
        self._arm()

    @property
    def pending(self) -> int:
        """Bytes on their way to the firmware."""
        return self._down.pending

    @property
    def drain_s(self) -> float:
        """Seconds until the last queued byte has left the modem."""
        return max(0, self._down.free_ns - self.clock()) / 1e9 if self._down.pending else 0.0

    def cut(self) -> None:
        """The modem's transmitter lost its power: what was queued never leaves."""
        self._down.clear()

    # -- carrying -----------------------------------------------------------------------------

    def _arm(self) -> None:
        """One timer for both directions; none while both are quiet."""
        now_ns = self.clock()
        moments = [w.next_ns(now_ns, self.slice_ns) for w in (self._up, self._down)]
        moments.append(self._again_ns(now_ns))
        soonest = min((m for m in moments if m is not None), default=None)
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if soonest is not None and self._loop:
            delay_s = max(0, soonest - now_ns) / NS
            self._timer = self._loop.call_later(delay_s, self._carry)

    def _again_ns(self, now_ns: int) -> int | None:
        """When the board's end must be looked at again; None = it will say so."""
        return None

    def _now_ns(self) -> int:
        """Up to when things have arrived at a look."""
        return self.clock()

    def _carry(self) -> None:
        now_ns = self._now_ns()
        self._carry_up(now_ns)
        self._carry_down(now_ns)
        self._arm()

    def _carry_up(self, now_ns: int) -> None:
        for piece in self._up.due(now_ns):
            piece = self._through(piece, Way.TO_MODEM, self._up.baud, self._down.baud, now_ns)
            if piece and self.on_bytes:
                self.on_bytes(piece)

    def _carry_down(self, now_ns: int) -> None:
        for piece in self._down.due(now_ns):
            self._to_board(
                self._through(piece, Way.TO_HOST, self._down.baud, self._up.baud, now_ns)
            )

    def _to_board(self, piece: bytes) -> None:
        raise NotImplementedError

    def _through(self, piece: bytes, way: Way, sent: int, heard: int, now_ns: int) -> bytes:
        """Counts a piece and does to it what the cable does."""
        self.ledger.write(now_ns, way, len(piece))
        piece = as_heard(piece, sent, heard)
        loss = self._loss[way]
        if loss[0]:
            gone = min(loss[0], len(piece))
            loss[0] -= gone
            piece = piece[gone:]
        if loss[1]:
            piece = bytes(b for b in piece if self.rng.random() >= loss[1])
        return piece

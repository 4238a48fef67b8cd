"""One direction of a serial wire, as arithmetic: bytes go in at a time, and come out when the wire
has carried them.

Eight data bits, no parity, one stop bit: ten bit times a byte. The moments are computed from the
start of each run of bytes, never from the moment somebody looked, so a late look catches up and
nothing drifts.
"""

import random
from collections import deque
from dataclasses import dataclass

BITS_PER_BYTE = 10
NS = 1_000_000_000
TOLERANCE = 0.03  # a receiver follows a sender whose rate is off by less than this
FRAGMENT_BYTES = 8  # pieces of 1…8 bytes, as Zephyr's mock pipe hands them over
FRAGMENT_GAP_NS = (500_000, 2_000_000)  # silence between two pieces


def carry_ns(nbytes: int, baud: int) -> int:
    """Nanoseconds that `nbytes` take on the wire, rounded up."""
    return -(-nbytes * BITS_PER_BYTE * NS // baud)


@dataclass(slots=True)
class _Run:
    """Bytes that follow each other without a gap; `whole` ones come out only all at once."""

    start_ns: int
    baud: int
    data: bytes
    whole: bool = False
    taken: int = 0

    @property
    def end_ns(self) -> int:
        return self.start_ns + carry_ns(len(self.data), self.baud)

    @property
    def first_ns(self) -> int:
        """When the next thing can be taken out of this run."""
        if self.whole:
            return self.end_ns
        return self.start_ns + carry_ns(self.taken + 1, self.baud)

    def take(self, now_ns: int) -> bytes:
        if now_ns >= self.end_ns:
            upto = len(self.data)
        elif self.whole:
            return b""
        else:
            upto = max(self.taken, (now_ns - self.start_ns) * self.baud // (BITS_PER_BYTE * NS))
        piece = self.data[self.taken : upto]
        self.taken = upto
        return piece


class Wire:
    """A queue of bytes under way. With `rng` they travel in pieces of 1–8, silence between.

    whole: what was put in at once comes out at once, when its last byte has arrived.
    """

    whole = False

    def __init__(self, baud: int, rng: random.Random | None = None) -> None:
        self.baud = baud
        self.rng = rng
        self.free_ns = 0  # when the wire has carried everything that was put in
        self.pending = 0  # bytes put in and not yet taken out
        self._runs: deque[_Run] = deque()

    def push(self, data: bytes, now_ns: int) -> None:
        """Puts bytes on the wire; they start when it is free, at the earliest now."""
        if not data:
            return
        self.pending += len(data)
        start_ns = max(self.free_ns, now_ns)
        if self.rng is None:
            self._add(_Run(start_ns, self.baud, bytes(data), whole=self.whole))
            return
        at = 0
        while at < len(data):
            size = self.rng.randint(1, FRAGMENT_BYTES)
            self._add(_Run(start_ns, self.baud, bytes(data[at : at + size]), whole=True))
            start_ns = self.free_ns + self.rng.randint(*FRAGMENT_GAP_NS)
            at += size

    def _add(self, run: _Run) -> None:
        self._runs.append(run)
        self.free_ns = run.end_ns

    def due(self, now_ns: int) -> list[bytes]:
        """Takes out what has arrived by now, in order; each element is one piece."""
        pieces = []
        while self._runs and self._runs[0].first_ns <= now_ns:
            run = self._runs[0]
            piece = run.take(now_ns)
            self.pending -= len(piece)
            pieces.append(piece)
            if run.taken == len(run.data):
                self._runs.popleft()
        return pieces

    def next_ns(self, now_ns: int, slice_ns: int) -> int | None:
        """When to look again, so that nothing is kept longer than about a slice; None = never."""
        if not self._runs:
            return None
        first = self._runs[0]
        return max(first.first_ns, min(first.end_ns, now_ns + slice_ns))

    def clear(self) -> None:
        """Forgets what is under way (the sender lost its power)."""
        self._runs.clear()
        self.pending = 0
        self.free_ns = 0


def as_heard(data: bytes, sent_baud: int, heard_baud: int) -> bytes:
    """What a receiver set to `heard_baud` makes of bytes sent back to back at `sent_baud`.

    The bits are laid out in time and sampled as a UART does: wait for a falling edge, then look in
    the middle of each of its own bit times. A bad stop bit still gives a byte, as it does on the
    ESP32.
    """
    if abs(sent_baud - heard_baud) < TOLERANCE * heard_baud:
        return data
    levels = [bit for byte in data for bit in (0, *((byte >> i) & 1 for i in range(8)), 1)]
    step = sent_baud / heard_baud  # the sender's bits in one bit time of the receiver

    def level(at: float) -> int:
        return levels[int(at)] if at < len(levels) else 1

    heard = bytearray()
    at = 0.0
    while at < len(levels):
        if level(at):
            at = int(at) + 1.0
            continue
        heard.append(sum(level(at + (1.5 + i) * step) << i for i in range(8)))
        at += 9.5 * step
    return bytes(heard)

"""The serial line between board and modem: a pseudo terminal that keeps the time of a cable.

The firmware opens `path` and reads and writes plainly; a read never blocks (VMIN = VTIME = 0).
Both directions are paced at ten bits a byte. Nothing is lost on the way unless a fault says so:
where the firmware does not read, bytes wait; where it writes faster than the wire, its writes fill
the kernel's buffer and then come short.
"""

import array
import asyncio
import contextlib
import fcntl
import os
import random
import termios
import time
import tty
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from enum import Enum
from itertools import islice

from simulator.world.pacing import BITS_PER_BYTE, NS, Wire, as_heard, carry_ns

SLICE_NS = 1_000_000  # how finely bytes are handed over
SEND_AHEAD_S = 0.02  # how much of the firmware's output stands in the sender's own buffer
FRAGMENT_WAIT_NS = 50_000_000  # a piece waits so long at most until the one before it was read
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


class Line:
    """A pty pair with a cable's timing; `on_bytes` gets what the modem's receiver hears.

    baud: of the modem's UART; the board's own rate is told with `set_host_baud`. fragment: bytes
    reach the firmware in pieces of 1–8 with silences between. clock: monotonic nanoseconds.
    """

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
        self._stuck: deque[bytes] = deque()  # arrived, but the firmware does not read
        self._piece_ns = 0  # when the last piece was handed to the kernel
        self._timer: asyncio.TimerHandle | None = None
        self._reading = self._writing = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._master, self._slave = os.openpty()
        os.set_blocking(self._master, False)
        tty.setraw(self._slave)
        mode = termios.tcgetattr(self._slave)
        mode[6][termios.VMIN] = mode[6][termios.VTIME] = 0
        termios.tcsetattr(self._slave, termios.TCSANOW, mode)
        self.path = os.ttyname(self._slave)
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
        self._listen(True)

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()
        if self._loop and not self._loop.is_closed():
            self._loop.remove_reader(self._master)
            self._loop.remove_writer(self._master)
        for fd in (self._master, self._slave):
            with contextlib.suppress(OSError):
                os.close(fd)
        self._loop = None

    def forget_host_input(self) -> None:
        """Empties what waits for the firmware: the board was reset, and with it its UART."""
        self._stuck.clear()
        termios.tcflush(self._slave, termios.TCIFLUSH)

    # -- the modem's side ---------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """Queues bytes towards the firmware."""
        self._down.push(data, self.clock())
        self._arm()

    @property
    def pending(self) -> int:
        """Bytes on their way to the firmware."""
        return self._down.pending + sum(map(len, self._stuck))

    @property
    def drain_s(self) -> float:
        """Seconds until the last queued byte has left the modem."""
        return max(0, self._down.free_ns - self.clock()) / 1e9 if self._down.pending else 0.0

    def cut(self) -> None:
        """The modem's transmitter lost its power: what was queued never leaves."""
        self._down.clear()

    # -- carrying -----------------------------------------------------------------------------

    def _listen(self, on: bool) -> None:
        if on != self._reading and self._loop:
            self._reading = on
            if on:
                self._loop.add_reader(self._master, self._from_host)
            else:
                self._loop.remove_reader(self._master)

    def _room(self) -> int:
        ahead = int(self._up.baud / BITS_PER_BYTE * SEND_AHEAD_S)
        return max(64, ahead) - self._up.pending

    def _from_host(self) -> None:
        """The firmware wrote while the wire had room."""
        self._fetch(self.clock())
        self._arm()

    def _fetch(self, start_ns: int) -> None:
        room = self._room()
        if room > 0:
            try:
                data = os.read(self._master, room)
            except (BlockingIOError, OSError):
                data = b""
            self._up.push(data, start_ns)
            room -= len(data)
        self._listen(room > 0)

    def _arm(self) -> None:
        """One timer for both directions; none while both are quiet."""
        now_ns = self.clock()
        moments = [w.next_ns(now_ns, SLICE_NS) for w in (self._up, self._down)]
        if self._stuck and not self._writing:
            moments.append(now_ns + SLICE_NS)
        soonest = min((m for m in moments if m is not None), default=None)
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if soonest is not None and self._loop:
            delay_s = max(0, soonest - now_ns) / NS
            self._timer = self._loop.call_later(delay_s, self._carry)

    def _carry(self) -> None:
        now_ns = self.clock()
        if not self._reading:  # the firmware's bytes were waiting: no gap between them on the wire
            self._fetch(self._up.free_ns)
        for piece in self._up.due(now_ns):
            piece = self._through(piece, Way.TO_MODEM, self._up.baud, self._down.baud, now_ns)
            if piece and self.on_bytes:
                self.on_bytes(piece)
        for piece in self._down.due(now_ns):
            self._stuck.append(
                self._through(piece, Way.TO_HOST, self._down.baud, self._up.baud, now_ns)
            )
        self._to_host()
        if not self._reading and self._room() > 0:
            self._fetch(self._up.free_ns)
        self._arm()

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

    def _to_host(self) -> None:
        while self._stuck and not (self.fragment and self._too_soon()):
            piece = self._stuck.popleft()
            try:
                done = os.write(self._master, piece) if piece else 0
            except BlockingIOError:
                done = 0
            if done < len(piece):
                self._stuck.appendleft(piece[done:])
                self._await_room(True)
                return
            if self.fragment:
                self._piece_ns = self.clock()
                break
        self._await_room(False)

    def _await_room(self, waiting: bool) -> None:
        """The kernel's buffer is full, or no longer."""
        if waiting != self._writing and self._loop:
            self._writing = waiting
            if waiting:
                self._loop.add_writer(self._master, self._carry)
            else:
                self._loop.remove_writer(self._master)

    def _too_soon(self) -> bool:
        """Pieces must not grow together again because the firmware is slow to read."""
        unread = array.array("i", [0])
        fcntl.ioctl(self._slave, termios.FIONREAD, unread)
        return unread[0] > 0 and self.clock() - self._piece_ns < FRAGMENT_WAIT_NS

"""The serial line between board and modem: a pseudo terminal that keeps the time of a cable.

The firmware opens `path` and reads and writes plainly; a read never blocks (VMIN = VTIME = 0).
Both directions are paced at ten bits a byte. Nothing is lost on the way unless a fault says so:
where the firmware does not read, bytes wait; where it writes faster than the wire, its writes fill
the kernel's buffer and then come short.
"""

import array
import contextlib
import fcntl
import os
import random
import termios
import time
import tty
from collections import deque
from collections.abc import Callable

from simulator.world.cable import Cable, Ledger, Way
from simulator.world.pacing import BITS_PER_BYTE

__all__ = ["Ledger", "Line", "Way"]

SEND_AHEAD_S = 0.02  # how much of the firmware's output stands in the sender's own buffer
FRAGMENT_WAIT_NS = 50_000_000  # a piece waits so long at most until the one before it was read


class Line(Cable):
    """A pty pair with a cable's timing."""

    def __init__(
        self,
        baud: int = 115_200,
        *,
        fragment: bool = False,
        rng: random.Random | None = None,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        super().__init__(baud, fragment=fragment, rng=rng, clock=clock)
        self._stuck: deque[bytes] = deque()  # arrived, but the firmware does not read
        self._piece_ns = 0  # when the last piece was handed to the kernel
        self._reading = self._writing = False
        self._master, self._slave = os.openpty()
        os.set_blocking(self._master, False)
        tty.setraw(self._slave)
        mode = termios.tcgetattr(self._slave)
        mode[6][termios.VMIN] = mode[6][termios.VTIME] = 0
        termios.tcsetattr(self._slave, termios.TCSANOW, mode)
        self.path = os.ttyname(self._slave)

    def start(self, on_bytes: Callable[[bytes], None]) -> None:
        super().start(on_bytes)
        self._listen(True)

    def close(self) -> None:
        if self._loop and not self._loop.is_closed():
            self._loop.remove_reader(self._master)
            self._loop.remove_writer(self._master)
        for fd in (self._master, self._slave):
            with contextlib.suppress(OSError):
                os.close(fd)
        super().close()

    def forget_host_input(self) -> None:
        self._stuck.clear()
        termios.tcflush(self._slave, termios.TCIFLUSH)

    @property
    def pending(self) -> int:
        return super().pending + sum(map(len, self._stuck))

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

    def _again_ns(self, now_ns: int) -> int | None:
        return now_ns + self.slice_ns if self._stuck and not self._writing else None

    def _carry(self) -> None:
        now_ns = self.clock()
        if not self._reading:  # the firmware's bytes were waiting: no gap between them on the wire
            self._fetch(self._up.free_ns)
        self._carry_up(now_ns)
        self._carry_down(now_ns)
        self._to_host()
        if not self._reading and self._room() > 0:
            self._fetch(self._up.free_ns)
        self._arm()

    def _to_board(self, piece: bytes) -> None:
        self._stuck.append(piece)

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

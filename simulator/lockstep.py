"""The simulated ESP32 where the world owns the time: it runs only in its turns.

The same interpreter with the same firmware as `chip.Chip`, other stand-ins for time and the loop
(`board/virtual`). MicroPython only.
"""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import IO

import msgspec

from simulator import interpreter
from simulator.boardlink import BoardLink
from simulator.virtual import Clock, Loop
from simulator.world.direct import DirectCable

STAND_INS_KB = 32  # what the stand-ins take of the heap; on a board they are C in flash
_RESTART_S = 0.2
_FAR_US = 1 << 60
_PATIENCE_S = 60  # of the computer's own time, for one turn
_PIECE = 256
_CONSOLE_LINES = 2_000


class Hangs(AssertionError):
    """The firmware does not come to an end of its turn."""


class _Link(BoardLink):
    """The board link without a server: what is told waits for the board's next turn."""

    def __init__(self, on_news: Callable[[dict], None]) -> None:
        super().__init__(on_news)
        self.waiting: list[dict] = []
        self.alive = False

    def begin(self) -> None:
        """A board starts: all inputs as they are."""
        self.alive = True
        self.waiting = [self.standing()]

    def drop(self) -> None:
        self.alive = False
        self.waiting = []

    def tell(self, news: dict) -> None:
        if self.alive:
            self.waiting.append(news)


class LockstepChip:
    """Like `chip.Chip`, with the cables to its UARTs by their numbers.

    ticks_ms: where the firmware's ticks begin at each start; they wrap at 2**30.
    heap_kb: what the firmware has on a board, and room for the stand-ins besides.
    """

    def __init__(
        self,
        *,
        image: Path,
        flash: Path,
        clock: Clock,
        on_pin: Callable[[int, int], None],
        on_dead: Callable[[], None],
        cables: Mapping[int, DirectCable],
        ticks_ms: int = 0,
        heap_kb: int = interpreter.HEAP_KB,
    ) -> None:
        self._image, self._flash, self._clock = image, flash, clock
        self._on_pin, self._on_dead = on_pin, on_dead
        self._cables = cables
        for number, cable in cables.items():
            cable.to_board = partial(self.receive, number)
        self._ticks_ms, self._heap_kb = ticks_ms, heap_kb
        self.link = _Link(self._news)
        self.on_sound: Callable[[dict], None] = lambda news: None
        self.on_ble: Callable[[dict], None] = lambda news: None
        self.echo: Callable[[str], None] | None = None
        self.starts = 0
        self.reasons: list[str] = []
        self.turns = 0
        self._started_us = self._lives_wraps = 0
        self.next_us = _FAR_US
        self._log: IO[bytes] | None = None
        self._lines: deque[tuple[int, str]] = deque(maxlen=_CONSOLE_LINES)
        self._half_line = b""
        self._read_upto = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._buffer = b""
        self._reason = "power"
        self._powered = False
        self._restart: asyncio.TimerHandle | None = None

    # power -----------------------------------------------------------------------------------

    async def power_on(self) -> None:
        if not self._powered:
            self._powered, self._reason = True, "power"
            self._start()

    async def power_off(self) -> None:
        self._powered = False
        if self._restart:
            self._restart.cancel()
        self._die()

    async def close(self) -> None:
        await self.power_off()
        self._read_console()
        if self._log:
            self._log.close()

    @property
    def running(self) -> bool:
        return self._process is not None

    @property
    def wraps(self) -> int:
        """How often the firmware's ticks have wrapped, in all its lives."""
        lived_ms = (self._clock.now_us - self._started_us) // 1000 if self._process else 0
        return self._lives_wraps + ((self._ticks_ms + lived_ms) >> 30 if lived_ms else 0)

    @property
    def news(self) -> bool:
        return bool(self.link.waiting)

    @property
    def console(self) -> deque[tuple[int, str]]:
        """(when it was looked at, line), newest last."""
        self._read_console()
        return self._lines

    # one life --------------------------------------------------------------------------------

    def _start(self) -> None:
        nvs = self._flash / "nvs"
        nvs.mkdir(parents=True, exist_ok=True)
        self._read_console()
        self._lines.append((self._clock.monotonic_ns(), f"hanma start, {self._reason}"))
        if self._log is None:
            self._log = (self._flash / "console.txt").open("w+b")
        arguments, extra = interpreter.command(
            "micropython", self._image, self._heap_kb + STAND_INS_KB
        )
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listening.settimeout(_PATIENCE_S)
            environment = extra | {
                "MICROPYPATH": f"{self._image}/virtual:{extra['MICROPYPATH']}",
                "HANMA_WORLD": str(listening.getsockname()[1]),
                "HANMA_NVS": str(nvs.resolve()),
                "HANMA_BOOT": self._reason,
                "HANMA_TICKS_MS": str(self._ticks_ms),
                "HANMA_UTC_US": str(self._clock.begins_us),
            }
            self._process = subprocess.Popen(
                arguments,
                env=os.environ | environment,
                cwd=self._flash,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._socket, _ = listening.accept()
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(_PATIENCE_S)
        self._buffer = b""
        self.starts += 1
        self.reasons.append(self._reason)
        self._reason = "reset"
        self.link.begin()
        self._started_us = self._clock.now_us
        self.next_us = self._clock.now_us
        _loop().add_board(self)

    def _die(self) -> None:
        if self._process is None:
            return
        self._lives_wraps = self.wraps
        process, self._process = self._process, None
        process.kill()
        process.wait()
        if self._socket:
            self._socket.close()
        _loop().remove_board(self)
        self.next_us = _FAR_US
        self.link.drop()
        self._on_dead()
        if self._powered:
            self._restart = _loop().call_later(_RESTART_S, self._start)

    def turn(self, at_us: int, until_us: int) -> int:
        """See `virtual.Board`."""
        self.turns += 1
        lines = []
        if self.link.waiting:
            lines = [f'{{"at": {at_us}}}', *map(json.dumps, self.link.waiting)]
        lines.append(f'{{"at": {at_us}, "until": {until_us}}}\n')
        self.link.waiting = []
        told: list[dict] = []
        with contextlib.suppress(ConnectionError):
            self._socket.sendall("\n".join(lines).encode())
            for news in self._hear():
                if "idle" in news:
                    self._clock.now_us = max(at_us, news["idle"])
                    self.next_us = _FAR_US if news["next"] is None else news["next"]
                    self._tell(told)
                    return self._clock.now_us
                told.append(news)
        self._die()
        return at_us

    def _hear(self) -> Iterator[dict]:
        while True:
            while b"\n" not in self._buffer:
                try:
                    data = self._socket.recv(65_536)
                except TimeoutError:
                    raise Hangs(f"the firmware works on and on: {self._last_words()}") from None
                if not data:
                    return
                self._buffer += data
            line, self._buffer = self._buffer.split(b"\n", 1)
            yield msgspec.json.decode(line)

    def _tell(self, told: list[dict]) -> None:
        for news in told:
            if self._process:
                self._news(news)

    def _news(self, news: dict) -> None:
        if "ended" in news and self._process:
            self._process.wait(_PATIENCE_S)  # it has something to say yet
            self._die()
        elif "tx" in news:
            self._cables[news["tx"]].from_board(bytes.fromhex(news["hex"]))
        elif "pin" in news:
            self._on_pin(news["pin"], news["value"])
        elif "baud" in news:
            self._cables[news["uart"]].set_host_baud(news["baud"])
        elif "sound" in news:
            self.on_sound(news)
        elif "ble" in news:
            self.on_ble(news)
        elif "bite" in news or "reset" in news:
            self._reason = "watchdog" if "bite" in news else "restart"
            self._die()

    def receive(self, number: int, data: bytes) -> None:
        """Bytes for the firmware on UART `number`; in pieces that cost its heap little."""
        for at in range(0, len(data), _PIECE):
            self.link.tell({"rx": number, "hex": data[at : at + _PIECE].hex()})

    def _read_console(self) -> None:
        if self._log is None or self._log.closed:
            return
        fresh = os.pread(self._log.fileno(), 1 << 24, self._read_upto)
        self._read_upto += len(fresh)
        *lines, self._half_line = (self._half_line + fresh).split(b"\n")
        for line in lines:
            text = line.decode(errors="replace").rstrip()
            self._lines.append((self._clock.monotonic_ns(), text))
            if self.echo:
                self.echo(text)

    def _last_words(self) -> str:
        return " / ".join(text for _, text in list(self.console)[-3:])


def _loop() -> Loop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Loop)
    return loop

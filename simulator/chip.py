"""The simulated ESP32: the real interpreter with the real firmware, its power, its watchdog."""

import asyncio
import contextlib
import os
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable
from pathlib import Path

from simulator import interpreter
from simulator.boardlink import BoardLink

_CONSOLE_LINES = 2_000
_LOOK_S = 0.25
_RESTART_S = 0.2


class Chip:
    """One board's processor. `on_pin(number, level)` gets what it drives.

    A reset that the firmware asks for, a watchdog that is not fed and a crash all end in a new
    start, with the reason that the firmware will read.
    """

    def __init__(
        self,
        *,
        kind: str,
        image: Path,
        flash: Path,
        uart: str,
        on_pin: Callable[[int, int], None],
        on_baud: Callable[[int], None],
        on_dead: Callable[[], None],
        heap_kb: int = interpreter.HEAP_KB,
    ) -> None:
        self._heap_kb = heap_kb
        self._kind, self._image, self._flash, self._uart = kind, image, flash, uart
        self._on_pin, self._on_baud, self._on_dead = on_pin, on_baud, on_dead
        self.link = BoardLink(self._news)
        self.console: deque[tuple[int, str]] = deque(maxlen=_CONSOLE_LINES)
        self.echo: Callable[[str], None] | None = None
        self.camera_uart = ""
        self.on_camera_baud: Callable[[int], None] = lambda baud: None
        self.on_sound: Callable[[dict], None] = lambda news: None
        self.on_ble: Callable[[dict], None] = lambda news: None
        self.starts = 0
        self._process: asyncio.subprocess.Process | None = None
        self._life: asyncio.Task[None] | None = None
        self._reason = "power"
        self._watchdog_ms = 0
        self._fed_at = 0.0

    _stdin = asyncio.subprocess.DEVNULL

    def _command(self) -> tuple[list[str], dict[str, str]]:
        image = Path(os.path.relpath(self._image, self._flash))  # paths are kept in the heap
        return interpreter.command(self._kind, image, self._heap_kb)

    async def power_on(self) -> None:
        """Starts the firmware, as after a cold start."""
        if self._life is None:
            if not self.link.port:
                await self.link.open()
            self._reason = "power"
            self._life = asyncio.create_task(self._live())
            self._life.add_done_callback(complain)

    async def power_off(self) -> None:
        """Takes the power away in the middle of whatever it does."""
        life, self._life = self._life, None
        if life:
            life.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await life

    async def close(self) -> None:
        await self.power_off()
        await self.link.close()

    @property
    def running(self) -> bool:
        return self._process is not None

    # one life --------------------------------------------------------------------------------

    async def _live(self) -> None:
        while True:
            try:
                await self._run()
            finally:
                self._on_dead()
            await asyncio.sleep(_RESTART_S)

    async def _run(self) -> None:
        """From one start to the next death; the reason for the next start is then known."""
        arguments, extra = self._command()
        nvs = self._flash / "nvs"
        nvs.mkdir(parents=True, exist_ok=True)
        environment = (
            os.environ
            | extra
            | {
                "HANMA_WORLD": str(self.link.port),
                "HANMA_UART": self._uart,
                "HANMA_CAMERA": self.camera_uart,
                "HANMA_NVS": str(nvs.resolve()),
                "HANMA_BOOT": self._reason,
            }
        )
        self.console.append((time.monotonic_ns(), f"hanma start, {self._reason}"))
        self._reason, self._watchdog_ms = "reset", 0
        self.starts += 1
        self._process = process = await asyncio.create_subprocess_exec(
            *arguments,
            env=environment,
            cwd=self._flash,
            stdin=self._stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the simulator, not for the boards
        )
        reader = asyncio.create_task(self._listen(process))
        try:
            while process.returncode is None:
                await asyncio.wait({reader}, timeout=_LOOK_S)
                self._look(process)
                if reader.done():
                    await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            reader.cancel()
            self._process = None
            self.link.drop()

    def _look(self, process: asyncio.subprocess.Process) -> None:
        """The watchdog: bites when it was not fed in time."""
        late_s = time.monotonic() - self._fed_at
        if self._watchdog_ms and late_s * 1000 > self._watchdog_ms:
            self._bite(process, "watchdog")

    def _bite(self, process: asyncio.subprocess.Process, reason: str) -> None:
        self._reason, self._watchdog_ms = reason, 0
        with contextlib.suppress(ProcessLookupError):
            process.kill()

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout
        while line := await process.stdout.readline():
            self.note(line.decode(errors="replace").rstrip())

    def note(self, line: str) -> None:
        """A line of the board's console."""
        self.console.append((time.monotonic_ns(), line))
        if self.echo:
            self.echo(line)

    def _news(self, news: dict) -> None:
        if "pin" in news:
            self._on_pin(news["pin"], news["value"])
        elif "baud" in news:
            tell = self._on_baud if news["uart"] == 1 else self.on_camera_baud
            tell(news["baud"])
        elif "sound" in news:
            self.on_sound(news)
        elif "ble" in news:
            self.on_ble(news)
        elif "watchdog_ms" in news:
            self._watchdog_ms, self._fed_at = news["watchdog_ms"], time.monotonic()
        elif "fed" in news:
            self._fed_at = time.monotonic()
        elif "reset" in news and self._process:
            self._bite(self._process, "restart")


def complain(task: asyncio.Task[None]) -> None:
    """Shows why a part of the simulation ended: it must not pass for a silent board or modem."""
    if not task.cancelled() and (error := task.exception()):
        traceback.print_exception(error)


def to_console(device: str) -> Callable[[str], None]:
    """Shows a board's console lines on ours."""
    return lambda line: print(f"[{device}] {line}", file=sys.stderr, flush=True)

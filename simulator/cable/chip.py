"""The processor of a board on the cable: what comes through it reaches MicroPython's prompt."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable

from simulator import interpreter
from simulator.chip import Chip

_WAIT_S = 0.005
_BREAK = b"\x03"


class CableChip(Chip):
    """`on_output(bytes)` gets all that it says; `type_in(bytes)` is what the technician sends.

    may_start: whether power alone starts MicroPython, or there is none.
    """

    _stdin = asyncio.subprocess.PIPE
    on_output: Callable[[bytes], None] = staticmethod(lambda data: None)
    may_start: Callable[[], bool] = staticmethod(lambda: True)
    _how = ""  # how the prompt begins
    _ready = False  # it would meet a Ctrl-C

    def _command(self) -> tuple[list[str], dict[str, str]]:
        how, self._how, self._ready = self._how, "", False
        start = "import cable_repl; cable_repl.run()"
        arguments, extra = interpreter.command("flashed", self._image, self._heap_kb, start)
        return arguments, extra | {"HANMA_CABLE": how}

    async def power_on(self) -> None:
        if self.may_start():
            await super().power_on()

    async def power_off(self) -> None:
        """Not in the middle of a start: a process that is half made would be left behind."""
        while self._life and not self._life.done() and self._process is None:
            await asyncio.sleep(_WAIT_S)
        await super().power_off()

    async def type_in(self, data: bytes) -> None:
        """Waits while the board restarts; Ctrl-C breaks off what runs."""
        while self._process is None or not self._ready:
            await asyncio.sleep(_WAIT_S)
        process = self._process
        assert process.stdin
        if _BREAK in data:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGINT)
        with contextlib.suppress(ConnectionError):
            process.stdin.write(data)
            await process.stdin.drain()

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout
        line = b""
        while data := await process.stdout.read(4096):
            self.on_output(data)
            *lines, line = (line + data).split(b"\n")
            for one in lines:
                self.note(one.decode(errors="replace").rstrip())

    def _bite(self, process: asyncio.subprocess.Process, reason: str) -> None:
        self._ready = False
        super()._bite(process, reason)

    def _news(self, news: dict) -> None:
        if news.get("cable") == "ready":
            self._ready = True
        elif "cable" in news and self._process:
            self._how = news["cable"]
            self._bite(self._process, "restart")
        else:
            super()._news(news)

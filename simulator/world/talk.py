"""The modem's end of the conversation: it hears, echoes, answers, and interrupts.

One command line is worked on at a time; what arrives meanwhile waits. Bytes that come between
AT+CIPSEND and its `>` are lost. `nasty` spells and times things in every way the manual allows.
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from simulator.world.at import (
    Bare,
    Command,
    Ear,
    Refused,
    answer_bytes,
    final_text,
    line_bytes,
    parse,
    respelled,
)
from simulator.world.cable import Cable
from simulator.world.mischief import Mischief

BACKLOG_BYTES = 4_096
REMEMBERED = 1_000  # lines of the transcript
INTRUDER = "+CGEV: NW MODIFY 1,0"  # an unsolicited line that means nothing to a terminal


@dataclass(frozen=True)
class Said:
    """A line of the transcript: who, when (monotonic ns), what."""

    at_ns: int
    by_modem: bool
    text: str


class Talk:
    """Speaks on `line`; `execute` carries out one command and gives its information lines."""

    def __init__(
        self,
        line: Cable,
        execute: Callable[[Command], Awaitable[list[str | bytes]]],
        mischief: Mischief,
        *,
        rng: random.Random,
        reply_s: float,
        data_wait_s: float,
        nasty: bool,
        swallows_newline: bool = False,
    ) -> None:
        self.line = line
        self.execute = execute
        self.mischief = mischief
        self.rng = rng
        self.reply_s, self.data_wait_s, self.nasty = reply_s, data_wait_s, nasty
        self.swallows_newline = swallows_newline  # the one after `\r`, even where it is data
        self.echo = True
        self.cmee = 0
        self.transcript: deque[Said] = deque(maxlen=REMEMBERED)
        self.answered: Callable[[], None] = lambda: None  # called after a final result code
        self._awake = False
        self._ear = Ear()
        self._backlog = bytearray()
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._job: asyncio.Task[None] | None = None
        self._data: bytearray | None = None  # being collected after a prompt
        self._wanted = 0
        self._complete: asyncio.Future[bytes] | None = None
        self.busy = False
        self._newline_due = False

    # -- life ---------------------------------------------------------------------------------

    def open(self) -> None:
        """The UART answers from now on; echo is on after every start."""
        self._awake, self.echo, self.cmee = True, True, 0
        self._forget()

    def shut(self) -> None:
        self._awake = False
        if self._job:
            self._job.cancel()
        self._forget()

    def _forget(self) -> None:
        self._ear.forget()
        self._backlog.clear()
        self._data = None
        self.busy = self._newline_due = False
        while not self._lines.empty():
            self._lines.get_nowait()

    async def run(self) -> None:
        """Answers lines until cancelled."""
        try:
            while True:
                line = await self._lines.get()
                self._job = asyncio.create_task(self._answer(line))
                await asyncio.wait({self._job})
                if not self._job.cancelled():
                    self._job.result()  # a defect in here must not pass for a silent modem
                    self.busy = False
                    self._work()
        finally:
            if self._job:
                self._job.cancel()

    @property
    def answering(self) -> bool:
        """Whether the caller is the command being carried out, not a timer or the network."""
        return self._job is not None and asyncio.current_task() is self._job

    # -- hearing ------------------------------------------------------------------------------

    def hear(self, data: bytes) -> None:
        """Bytes from the line."""
        deaf = self.mischief.hung or self.line.clock() < self.mischief.deaf_until_ns
        if self._awake and not deaf:
            self._backlog += data[: BACKLOG_BYTES - len(self._backlog)]
            self._work()

    def _work(self) -> None:
        while self._backlog and (self._data is not None or not self.busy):
            if self._newline_due and self._skip_newline():
                continue
            if self._data is not None:
                self._collect()
                continue
            byte = self._backlog.pop(0)
            self._repeat(bytes([byte]))
            heard = self._ear.hear(byte)
            if heard is not None:
                self._newline_due = self.swallows_newline
                self.busy = True
                self._note(False, heard[0] or "(over-long line)")
                self._lines.put_nowait(heard[0])

    def _skip_newline(self) -> bool:
        self._newline_due = False
        if self._backlog[0] != 0x0A:
            return False
        self._backlog.pop(0)
        return True

    def _collect(self) -> None:
        missing = self._wanted - len(self._data)
        self._repeat(bytes(self._backlog[:missing]))
        self._data += self._backlog[:missing]
        del self._backlog[:missing]
        if len(self._data) == self._wanted:
            self._complete.set_result(bytes(self._data))
            self._data = None

    def _repeat(self, data: bytes) -> None:
        if self.echo or self.mischief.echo_stuck:
            self._send(data)

    async def prompt(self, nbytes: int) -> bytes:
        """Asks for exactly so many raw bytes with `>`."""
        if self._newline_due and self._backlog:
            self._skip_newline()
        self._backlog.clear()
        if self.mischief.swallow_prompt():
            await asyncio.sleep(self.mischief.no_prompt_s)
            raise Refused
        self._send(b"\r\n> " if self.nasty and self.rng.random() < 0.5 else b"\r\n>")
        self._note(True, ">")
        self._data, self._wanted = bytearray(), nbytes
        self._complete = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self.data_wait_s):
                data = await self._complete
        except TimeoutError:
            self._data = None
            raise Refused from None
        self._note(False, f"({nbytes} bytes)")
        return data

    # -- speaking -----------------------------------------------------------------------------

    def _send(self, data: bytes) -> None:
        if self._awake and not self.mischief.hung:
            self.line.send(data)

    def urc(self, text: str, data: bytes = b"") -> None:
        """An unsolicited line, at once, with raw data behind it if there is any."""
        if not self._awake or self.mischief.lose_urc():
            return
        text = respelled(text, self.rng) if self.nasty else text
        self._note(True, text)
        self._send(line_bytes(text) + data)

    def noise(self, data: bytes) -> None:
        """Bytes that no command asked for and no manual knows."""
        self.line.send(data)

    async def _answer(self, line: str | None) -> None:
        commands = parse(line) if line is not None else []
        if commands is None:
            return
        await asyncio.sleep(self.reply_s * (self.rng.uniform(1, 15) if self.nasty else 1))
        lines: list[list[str | bytes]] = []
        refusal = Refused() if line is None or self.mischief.fail_command() else None
        for command in commands if refusal is None else ():
            try:
                lines.append(await self.execute(command))
            except Refused as stop:
                lines.append(list(stop.lines))
                refusal = stop
                break
        bare = refusal is None and bool(lines) and isinstance(lines[-1], Bare)
        await self._say_all(lines, "" if bare else final_text(refusal, self.cmee))
        self.answered()

    async def _say_all(self, answers: list[list[str | bytes]], final: str) -> None:
        pieces: list[bytes] = []
        for answer in answers:
            texts = [respelled(t, self.rng) if self._spells(t) else t for t in answer]
            pieces += answer_bytes(texts)
            for text in texts:
                self._note(True, text if isinstance(text, str) else f"({len(text)} bytes)")
        if final:
            pieces.append(line_bytes(final))
            self._note(True, final)
        if self.mischief.intrude():
            pieces.insert(self.rng.randrange(len(pieces)), line_bytes(INTRUDER))
        for piece in pieces:
            self._send(piece)
            if self.nasty and self.rng.random() < 0.5:
                await asyncio.sleep(self.rng.uniform(0, 3 * self.reply_s))

    def _spells(self, text: str | bytes) -> bool:
        return self.nasty and isinstance(text, str)

    def _note(self, by_modem: bool, text: str) -> None:
        self.transcript.append(Said(self.line.clock(), by_modem, text))

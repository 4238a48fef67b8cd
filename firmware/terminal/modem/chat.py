"""The AT dialogue: one command at a time, unsolicited lines between any two, raw data on demand.

After Zephyr's modem_chat: a command, what may answer it, and how long it may take. Every surprise
is an OSError (ModemError), so that there is one door for recovery.
"""

import asyncio

from micropython import const

_LINE_MAX = const(1024)
_DATA_MAX = const(1500)  # after one prompt
_FINAL_MS = const(10000)  # OK or ERROR comes within, whatever the command does afterwards
_MARK_MS = const(1000)
_MARKS = (b"AT+CMEE?", b"AT+CFUN?", b"AT+CREG?")  # in turn: each answer tells its own question
DIGITS = b"#"  # as `until`: a line of digits (and points) alone, which some commands answer with
_FINAL_BAD = (b"ERROR", b"+CME ERROR", b"+CMS ERROR")


class ModemError(OSError):
    """The modem refused, fell silent, or said what it must not."""


class _Turn:
    """One command under way and what has come for it so far."""

    def __init__(self, text, expect=b"", until=b"", raw=None, mark=False):
        self.text = text
        self.expect = expect
        self.until = until
        self.raw = raw
        self.mark = mark  # what ends other commands is not for this one until its own line came
        self.lines = []
        self.data = b""
        self.final = False  # OK or an error has come
        self.ended = not until  # the line that `until` names has come
        self.bare = False  # and no OK comes with it
        self.failure = None
        self.prompt = False
        self.event = asyncio.Event()

    def answered(self):
        return self.final and (self.ended or not self.mark)

    def complete(self):
        return self.final and (self.ended or bool(self.failure))

    def may_send(self):
        return not self.prompt or (self.final and bool(self.failure))

    def takes(self, line):
        """Whether the line is of this answer, before or after its OK."""
        if self.until and _ends(self.until, line):
            self.ended = True
            self.final = self.final or self.bare
        elif not self.expect or not line.startswith(self.expect):
            return False
        self.lines.append(line)
        return True


class Chat:
    """`serial` has `async read(n)`, `write(bytes)` and `set_baud(n)`. Keep `run` as a task."""

    def __init__(self, serial):
        self._serial = serial
        self.end = b"\r"  # of a command line
        self._lock = asyncio.Lock()
        self._turn = None
        self._later = []  # turns that had their OK and wait for the line that ends them
        self._heard = {}
        self._buffer = b""
        self._raw_left = 0
        self._raw_turn = None
        self._late = 0  # an answer is owed to a command given up: so many marks were tried since
        self._owed = 0  # data bytes that a modem may still wait for
        self.silences = 0  # time-outs in a row: is the modem still there?

    def on(self, prefix, call):
        """`call(line)` for each unsolicited line that starts with `prefix`; it must not block."""
        self._heard[prefix] = call

    def set_baud(self, baud):
        self._serial.set_baud(baud)

    def fill(self, count=_DATA_MAX):
        """Empty lines, or the data that a modem still waits for since before we restarted."""
        self._serial.write(b"\r" * count)

    async def command(
        self,
        text,
        expect=b"",
        until=b"",
        timeout_ms=2000,
        data=None,
        raw=None,
        settle=True,
        bare=False,
        final_ms=_FINAL_MS,
    ):
        """Sends one AT line and gives its answer lines.

        expect: prefix of the lines that belong to the answer. until: prefix of the line that ends
        it when it comes apart from OK (before or after); after OK others may speak. data: bytes to
        send after the prompt. raw: gives, for an `expect` line, how many raw bytes follow it; they
        are returned instead. settle: after a time-out, first wait for what is still owed. bare:
        what `until` names is all, no OK comes. final_ms: nobody else may speak for so long.
        """
        turn = _Turn(text, expect, until, raw)
        turn.bare = bare
        async with self._lock:
            if self._late and settle:
                await self._settle()
            await self._converse(turn, data, min(timeout_ms, final_ms))
            if not turn.complete():
                self._later.append(turn)
        if not turn.complete():
            try:
                await self._wait(turn, turn.complete, timeout_ms)
            finally:
                self._later.remove(turn)
        if turn.failure:
            raise ModemError("%s: %s" % (_printable(text), _printable(turn.failure)))
        return turn.data if raw else turn.lines

    async def _converse(self, turn, data, timeout_ms):
        self._turn = turn
        late, self._late = self._late, self._late or 1
        try:
            turn.prompt = data is not None
            self._serial.write(turn.text + self.end)
            if data is not None:
                self._owed = len(data)
                await self._wait(turn, turn.may_send, timeout_ms)
                if not turn.failure:
                    self._serial.write(data)
            await self._wait(turn, turn.answered, timeout_ms)
            self._owed = 0
            self._late = late
        finally:
            self._turn = None

    async def _settle(self):
        """A command was given up. The modem works on one at a time: when it answers a question
        that nothing else asks, what it owed has come, and hits no other command."""
        self.fill(self._owed)
        self._owed = 0
        mark = _MARKS[self._late % len(_MARKS)]
        self._late += 1
        await self._converse(_Turn(mark, until=mark[2:-1] + b":", mark=True), None, _MARK_MS)
        self._late = 0

    async def _wait(self, turn, done, timeout_ms):
        while not done():
            try:
                await asyncio.wait_for_ms(turn.event.wait(), timeout_ms)
            except asyncio.TimeoutError:
                if self._raw_turn is turn:
                    self._raw_left = 0
                if turn.failure and not turn.mark:
                    return  # an +IPERROR without the ERROR that should follow
                if not turn.final and not turn.lines:
                    self.silences += 1
                raise ModemError("%s: no answer" % _printable(turn.text)) from None
            turn.event.clear()
        self.silences = 0

    # what comes in -----------------------------------------------------------

    async def run(self):
        while True:
            self.feed(await self._serial.read(512))

    def feed(self, data):
        """Bytes in any pieces."""
        self._buffer += data
        while self._buffer:
            if self._raw_left:
                self._take_raw()
            elif not self._take_prompt() and not self._take_line():
                break
        if len(self._buffer) > _LINE_MAX and not self._raw_left:
            self._buffer = b""  # garbage without an end

    def _take_raw(self):
        part = self._buffer[: self._raw_left]
        self._buffer = self._buffer[len(part) :]
        self._raw_left -= len(part)
        self._raw_turn.data += part

    def _take_line(self):
        end = self._buffer.find(b"\n")
        if end < 0:
            return False
        line = self._buffer[:end].strip()
        self._buffer = self._buffer[end + 1 :]
        if line:
            self._line(line.replace(b": ", b":", 1))  # the manual writes both forms
        return True

    def _take_prompt(self):
        turn = self._turn
        if not turn or not turn.prompt:
            return False
        start = self._buffer.lstrip()
        if not start.startswith(b">"):
            return False
        self._buffer = start[1:].lstrip(b" ")
        turn.prompt = False
        turn.event.set()
        return True

    def _line(self, line):
        turn = self._turn
        if turn and self._belongs(turn, line):
            turn.event.set()
            return
        for turn in self._later:
            if turn.takes(line):
                self._expect_raw(turn, line)
                turn.event.set()
                return
        for prefix, call in self._heard.items():
            if line.startswith(prefix):
                call(line)
                return

    def _belongs(self, turn, line):
        if line == b"OK":
            turn.final = True
        elif line.startswith(_FINAL_BAD):
            turn.failure = turn.failure or line
            turn.final = True
        elif turn.takes(line):
            self._expect_raw(turn, line)
        elif line.startswith(b"+IPERROR"):
            turn.failure = line  # its ERROR is still to come, and must not hit the next command
        else:
            return line == turn.text  # the echo, where it is on
        if turn.mark and not turn.ended:
            turn.final = False  # what was owed to an earlier command
            turn.failure = None
        return True

    def _expect_raw(self, turn, line):
        if turn.raw and line.startswith(turn.expect):
            self._raw_left = turn.raw(line)
            self._raw_turn = turn


def field(line, at):
    """The number at place `at` of an answer line such as `+CSQ:20,99`; -1 where there is none."""
    try:
        return int(line.split(b":", 1)[1].split(b",")[at])
    except (IndexError, ValueError):
        return -1


def _ends(until, line):
    return line.replace(b".", b"").isdigit() if until == DIGITS else line.startswith(until)


def _printable(line):
    return "".join([chr(b) for b in line if 0x20 <= b < 0x7F])

"""The AT dialogue: one command at a time, unsolicited lines between any two, raw data on demand.

After Zephyr's modem_chat: a command, what may answer it, and how long it may take. Every surprise
is an OSError (ModemError), so that there is one door for recovery.
"""

import asyncio

_LINE_MAX = 1024
DIGITS = b"#"  # as `until`: a line of digits alone, which some commands answer with
_FINAL_BAD = (b"ERROR", b"+CME ERROR", b"+CMS ERROR")


class ModemError(OSError):
    """The modem refused, fell silent, or said what it must not."""


class _Turn:
    """One command under way and what has come for it so far."""

    def __init__(self, text, expect, until, raw):
        self.text = text
        self.expect = expect
        self.until = until
        self.raw = raw
        self.lines = []
        self.data = b""
        self.final = False  # OK or an error has come
        self.ended = False  # the line that `until` names has come
        self.failure = None
        self.prompt = False
        self.event = asyncio.Event()

    def complete(self):
        return self.final and (self.ended or not self.until or bool(self.failure))

    def may_send(self):
        return not self.prompt or (self.final and bool(self.failure))


class Chat:
    """`serial` has `async read(n)` and `write(bytes)`. `run` must be kept running as a task."""

    def __init__(self, serial):
        self._serial = serial
        self._lock = asyncio.Lock()
        self._turn = None
        self._heard = {}
        self._buffer = b""
        self._raw_left = 0
        self.silences = 0  # time-outs in a row; the driver takes some as the modem's death
        self.strays = 0  # lines nobody asked for or knows

    def on(self, prefix, call):
        """`call(line)` for each unsolicited line that starts with `prefix`; it must not block."""
        self._heard[prefix] = call

    async def command(self, text, expect=b"", until=b"", timeout_ms=2000, data=None, raw=None):
        """Sends one AT line and gives its answer lines.

        expect: prefix of the lines that belong to the answer. until: prefix of the line that ends
        it when it comes apart from OK (before or after). data: bytes to send after the prompt.
        raw: gives, for an answer line, how many raw bytes follow it; they are returned instead.
        """
        async with self._lock:
            turn = self._turn = _Turn(text, expect, until, raw)
            try:
                if data is not None:
                    turn.prompt = True
                self._serial.write(text + b"\r")
                if data is not None:
                    await self._wait(turn, turn.may_send, timeout_ms)
                    if not turn.failure:
                        self._serial.write(data)
                await self._wait(turn, turn.complete, timeout_ms)
            finally:
                self._turn = None
        if turn.failure:
            raise ModemError("%s: %s" % (text.decode(), _printable(turn.failure)))
        return turn.data if raw else turn.lines

    async def _wait(self, turn, done, timeout_ms):
        while not done():
            try:
                await asyncio.wait_for_ms(turn.event.wait(), timeout_ms)
            except asyncio.TimeoutError:
                self._raw_left = 0
                if turn.failure:
                    return  # an +IPERROR without the ERROR that should follow
                if not turn.final and not turn.lines:
                    self.silences += 1
                raise ModemError("%s: no answer" % turn.text.decode()) from None
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
        turn = self._turn
        part = self._buffer[: self._raw_left]
        self._buffer = self._buffer[len(part) :]
        self._raw_left -= len(part)
        if turn:
            turn.data += part

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
        for prefix, call in self._heard.items():
            if line.startswith(prefix):
                call(line)
                return
        self.strays += 1

    def _belongs(self, turn, line):
        if line == b"OK":
            turn.final = True
        elif line.startswith(_FINAL_BAD):
            turn.failure = turn.failure or line
            turn.final = True
        elif turn.until and _ends(turn.until, line):
            turn.lines.append(line)
            turn.ended = True
        elif turn.expect and line.startswith(turn.expect):
            turn.lines.append(line)
            if turn.raw:
                self._raw_left = turn.raw(line)
        elif line.startswith(b"+IPERROR"):
            turn.failure = line  # its ERROR is still to come, and must not hit the next command
        else:
            return line == turn.text  # the echo, where it is on
        return True


def _ends(until, line):
    return line.isdigit() if until == DIGITS else line.startswith(until)


def _printable(line):
    return "".join([chr(b) for b in line if 0x20 <= b < 0x7F])

"""The AT language as the modem understands it (ITU V.250, 3GPP 27.007): lines in, commands;
answers out, framing.

Pure text work. `\\r` ends a line; what stands before `AT` is noise; a line may join basic commands
(`ATE0V1`) and extended ones with `;` (`AT+CSQ;+CREG?`).
"""

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

MAX_LINE = 1024  # characters before the `\r`; what is longer is answered with ERROR and forgotten

CME = {  # 3GPP 27.007 §9.2
    "operation not allowed": 3,
    "operation not supported": 4,
    "SIM not inserted": 10,
    "SIM PIN required": 11,
    "SIM PUK required": 12,
    "SIM failure": 13,
    "SIM busy": 14,
    "incorrect password": 16,
    "no network service": 30,
    "invalid parameters": 50,
    "unknown error": 100,
}


class Kind(Enum):
    RUN = ""
    READ = "?"
    TEST = "=?"
    WRITE = "="


class Refused(Exception):
    """A command that ends in an error: first `lines`, then ERROR or the +CME ERROR of `cme`."""

    def __init__(self, *lines: str, cme: str | None = None) -> None:
        super().__init__(*lines)
        self.lines = lines
        self.cme = cme


class Bare(list):
    """Information lines that no OK follows."""


@dataclass(frozen=True)
class Command:
    """One command of a line. name: `+CSQ`, `E`, `&F`; args: quotes removed, empty ones None."""

    name: str
    kind: Kind
    args: tuple[str | None, ...] = ()

    def has(self, at: int) -> bool:
        return at < len(self.args) and self.args[at] is not None

    def word(self, at: int, default: str | None = None) -> str:
        if self.has(at):
            return self.args[at]
        if default is None:
            raise Refused(cme="invalid parameters")
        return default

    def number(self, at: int, low: int, high: int, default: int | None = None) -> int:
        """A whole number of the closed range, else the command is refused."""
        if not self.has(at) and default is not None:
            return default
        text = self.word(at)
        if not re.fullmatch(r"-?\d{1,9}", text) or not low <= int(text) <= high:
            raise Refused(cme="invalid parameters")
        return int(text)


class Ear:
    """Gathers received bytes into lines. Too long a line gives one None in its place."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._too_long = False

    def hear(self, byte: int) -> tuple[str | None] | None:
        """One byte; (line,) when it ends a line with words in it, (None,) for a too long one."""
        if byte == 0x0D:
            line, long = self._line.decode("latin-1").replace("\0", "").strip(), self._too_long
            self.forget()
            if long:
                return (None,)
            return (line,) if line else None
        if byte == 0x08:
            del self._line[-1:]
        elif len(self._line) < MAX_LINE:
            self._line.append(byte)
        else:
            self._too_long = True
        return None

    def forget(self) -> None:
        self._line.clear()
        self._too_long = False


_EXTENDED = re.compile(r"([+*^$][A-Z0-9]+)(?:(=\?)|(\?)|(=)(.*))?", re.IGNORECASE | re.DOTALL)
_BASIC = re.compile(r"(&?[A-Z])(\d*)", re.IGNORECASE)
UNKNOWN = Command("", Kind.RUN)


def parse(line: str) -> list[Command] | None:
    """The commands of a line; None when it holds no `AT` (the modem says nothing)."""
    start = line.upper().find("AT")
    if start < 0:
        return None
    commands = []
    for part in _split(line[start + 2 :], ";"):
        part = part.strip()
        while part and part[0] not in "+*^$":
            match = _BASIC.match(part)
            if not match:
                return [*commands, UNKNOWN]
            commands.append(Command(match[1].upper(), Kind.RUN, (match[2] or None,)))
            part = part[match.end() :].strip()
        if part:
            commands.append(_extended(part))
    return commands


def _extended(part: str) -> Command:
    match = _EXTENDED.fullmatch(part)
    if not match:
        return UNKNOWN
    name, test, read, write, rest = match.groups()
    if write:
        args = tuple(_argument(text) for text in _split(rest, ","))
        return Command(name.upper(), Kind.WRITE, args)
    return Command(name.upper(), Kind.TEST if test else Kind.READ if read else Kind.RUN)


def _split(text: str, separator: str) -> list[str]:
    """Splits outside quotation marks."""
    pieces, quoted = [""], False
    for char in text:
        quoted ^= char == '"'
        if char == separator and not quoted:
            pieces.append("")
        else:
            pieces[-1] += char
    return pieces


def _argument(text: str) -> str | None:
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text[1:-1]
    return text or None


# -- what the modem says ----------------------------------------------------------------------


def line_bytes(text: str) -> bytes:
    """A result code or an unsolicited line: CRLF before and after."""
    return b"\r\n" + text.encode("latin-1", "replace") + b"\r\n"


def answer_bytes(lines: Iterable[str | bytes]) -> list[bytes]:
    """Information text in pieces between which others may come; raw data stays with its line."""
    pieces: list[bytes] = []
    for line in lines:
        if isinstance(line, bytes):
            pieces[-1] += line
        elif pieces:
            pieces.append(line.encode("latin-1", "replace") + b"\r\n")
        else:
            pieces.append(line_bytes(line))
    return pieces


def final_text(refusal: Refused | None, cmee: int) -> str:
    """The final result code at a verbosity of AT+CMEE."""
    if refusal is None:
        return "OK"
    if refusal.cme is None or cmee == 0:
        return "ERROR"
    return f"+CME ERROR: {refusal.cme if cmee == 2 else CME[refusal.cme]}"


def respelled(text: str, rng: random.Random) -> str:
    """The manuals write `+CIPOPEN: 1,0` and `+CIPSEND:1,5,5`, `0, CONNECT OK` and `0,CONNECT OK`:
    drops the space half the time."""
    if text.startswith("+") and rng.random() < 0.5:
        return text.replace(": ", ":", 1)
    if text[:1].isdigit() and text[1:3] == ", " and rng.random() < 0.5:
        return text.replace(", ", ",", 1)
    return text

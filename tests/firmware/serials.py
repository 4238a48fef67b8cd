"""Stand-ins for the modem's UART: one fed by hand, one that follows a written dialogue."""

import asyncio
from collections.abc import Iterable
from itertools import pairwise

MARKS = {  # what the chat asks after a time-out, to learn that nothing more is owed
    b"AT+CMEE?\r": b"\r\n+CMEE: 2\r\n\r\nOK\r\n",
    b"AT+CFUN?\r": b"\r\n+CFUN: 1\r\n\r\nOK\r\n",
    b"AT+CREG?\r": b"\r\n+CREG: 0,1\r\n\r\nOK\r\n",
}
MOST = 8  # bytes handed over at once: every answer comes in fragments


class Serial:
    """What the terminal wrote is in `written`; what it shall read is given to `say`."""

    knows_marks = True

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.written: list[bytes] = []
        self.bauds: list[int] = []
        self._to_read = b""
        self._more = asyncio.Event()

    def say(self, text: bytes) -> None:
        self._to_read += text
        self._more.set()

    async def read(self, most: int = 512) -> bytes:
        while not self._to_read:
            self._more.clear()
            await self._more.wait()
        await asyncio.sleep(0)  # the others' turn between any two fragments
        count = min(most, self.most)
        piece, self._to_read = self._to_read[:count], self._to_read[count:]
        return piece

    def write(self, data: bytes) -> None:
        self.written.append(bytes(data))
        if self.knows_marks and data in MARKS:
            self.say(MARKS[data])

    def set_baud(self, baud: int) -> None:
        self.bauds.append(baud)


class Dialogue(Serial):
    """A written dialogue: (what the terminal must write, what the modem then says).

    An answer of None is silence. `left` holds what was not reached; `surprises` what the terminal
    wrote out of turn (which is answered with ERROR).
    """

    def __init__(self, *lines: tuple[bytes, bytes | None], most: int = MOST) -> None:
        super().__init__(most)
        self.left = list(lines)
        self.surprises: list[bytes] = []

    def then(self, *lines: tuple[bytes, bytes | None]) -> None:
        self.left += lines

    def write(self, data: bytes) -> None:
        named = bool(self.left) and bytes(data).rstrip(b"\r") == self.left[0][0]
        self.knows_marks = not named
        super().write(data)
        if not named and (data in MARKS or not data.strip(b"\r")):
            return
        if not self.left or bytes(data).rstrip(b"\r") != self.left[0][0]:
            self.surprises.append(bytes(data))
            self.say(b"\r\nERROR\r\n")
            return
        answer = self.left.pop(0)[1]
        if answer is not None:
            self.say(answer)

    def is_over(self) -> bool:
        return not self.left and not self.surprises


def lines(*texts: str) -> bytes:
    """The lines of an answer as the modem frames them."""
    return b"".join(b"\r\n" + text.encode() + b"\r\n" for text in texts)


def cut(text: bytes, places: Iterable[int]) -> list[bytes]:
    """`text` in pieces, cut at the given places."""
    edges = [0, *sorted({place % (len(text) + 1) for place in places}), len(text)]
    return [text[a:b] for a, b in pairwise(edges) if a != b]

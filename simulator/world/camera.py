"""The optional camera: VC0706 by its communication protocol, with a picture of the site.

Slow and not always in the mood: `fitted` (False = nothing on the cable), `mute` (so many answers
never come), `garbled` (so many come with a wrong byte), `shutter_s` (from the order to freeze to
its answer).
"""

import asyncio
import random
from collections.abc import Callable

from simulator.world.cable import Cable
from simulator.world.jpeg import jpeg

ROWS, COLUMNS = 30, 40  # blocks: 320 by 240 points
_FRAME, _READ, _LENGTH, _RESET = 0x36, 0x32, 0x34, 0x26
_FREEZE, _RESUME = 0, 3
_GOOD, _UNKNOWN = 0, 1


class Camera:
    """`arc()` tells whether there is a bright light to be seen."""

    def __init__(
        self, line: Cable, arc: Callable[[], bool], rng: random.Random, shutter_s: float = 0.2
    ) -> None:
        self.line, self._arc, self._rng = line, arc, rng
        self.shutter_s = shutter_s
        self.fitted = True
        self.mute = self.garbled = 0
        self.pictures: list[bytes] = []
        self._frozen = b""
        self._heard = bytearray()

    def start(self) -> None:
        self.line.start(self._hear)

    def _hear(self, data: bytes) -> None:
        self._heard += data
        while (at := self._heard.find(b"\x56")) >= 0:
            del self._heard[:at]
            if len(self._heard) < 4 or len(self._heard) < 4 + self._heard[3]:
                return
            length = self._heard[3]
            command, body = self._heard[2], bytes(self._heard[4 : 4 + length])
            del self._heard[: 4 + length]
            if self.fitted:
                self._obey(command, body)

    def _obey(self, command: int, body: bytes) -> None:
        if command == _FRAME and body == bytes([_FREEZE]):
            self._frozen = jpeg(self._look())
            self.pictures.append(self._frozen)
            asyncio.get_running_loop().call_later(self.shutter_s, self._answer, command)
        elif command == _FRAME and body == bytes([_RESUME]):
            self._frozen = b""
            self._answer(command)
        elif command == _LENGTH:
            self._answer(command, len(self._frozen).to_bytes(4, "big"))
        elif command == _READ and len(body) == 12:
            at, count = int.from_bytes(body[2:6], "big"), int.from_bytes(body[6:10], "big")
            self._answer(command, picture=self._frozen[at : at + count])
        elif command == _RESET:
            self._answer(command)
        else:
            self._answer(command, status=_UNKNOWN)

    def _answer(
        self, command: int, body: bytes = b"", picture: bytes = b"", status: int = _GOOD
    ) -> None:
        head = bytes([0x76, 0, command, status, len(body)])
        said = bytearray(head + body + (picture + head if picture else b""))
        if self.mute:
            self.mute -= 1
            return
        if self.garbled:
            self.garbled -= 1
            del said[self._rng.randrange(len(said))]
        self.line.send(bytes(said))

    def _look(self) -> list[list[int]]:
        """The wall, the floor, the machine, and the arc beside it."""
        rows = []
        for y in range(ROWS):
            row = [90 + 2 * y + self._rng.randrange(24) for _ in range(COLUMNS)]
            if 12 <= y < 24:
                row[6:16] = [40] * 10
            if self._arc() and 16 <= y < 20:
                row[24:28] = [255] * 4
            rows.append(row)
        return rows

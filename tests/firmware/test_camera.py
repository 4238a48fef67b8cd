"""A picture in pieces from a camera that is slow, garbles, or is not there."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from terminal.camera import Camera, CameraError, shoot

from .virtual_time import run

PICTURE = b"\xff\xd8" + bytes(range(256)) * 5 + b"\xff\xd9"


class Serial:
    """A camera by its protocol; `spoil(command, answer)` may change what it says."""

    def __init__(self, picture: bytes = PICTURE) -> None:
        self.picture = picture
        self.asked: list[bytes] = []
        self.spoil: Callable[[bytes, bytes], bytes] = lambda asked, answer: answer
        self._said: asyncio.Queue[int] = asyncio.Queue()

    def write(self, data: bytes) -> None:
        self.asked.append(data)
        for byte in self.spoil(data, self.answer(data)):
            self._said.put_nowait(byte)

    async def read(self, most: int) -> bytes:
        read = [await self._said.get()]
        while len(read) < min(most, 7) and not self._said.empty():
            read.append(self._said.get_nowait())
        return bytes(read)

    def answer(self, data: bytes) -> bytes:
        command, body = data[2], data[4:]
        assert data[:2] == b"\x56\x00" and data[3] == len(body)
        head = bytes([0x76, 0, command, 0])
        if command == 0x34:
            return head + b"\x04" + len(self.picture).to_bytes(4, "big")
        if command == 0x32:
            at, count = int.from_bytes(body[2:6], "big"), int.from_bytes(body[6:10], "big")
            return head + b"\0" + self.picture[at : at + count] + head + b"\0"
        return head + b"\0"


def take(serial: Serial) -> list[tuple[bytes, int]]:
    """(piece, total) of one picture; CameraError."""
    pieces: list[tuple[bytes, int]] = []

    async def sink(piece: bytes, total: int) -> None:
        pieces.append((piece, total))

    assert run(shoot(serial, sink)) == len(serial.picture)
    return pieces


def commands(serial: Serial) -> list[bytes]:
    return [asked[2:3] + asked[4:5] for asked in serial.asked]


def test_the_picture_comes_whole_in_small_pieces_and_the_camera_is_released() -> None:
    serial = Serial()
    pieces = take(serial)
    assert b"".join(piece for piece, _ in pieces) == PICTURE
    assert max(len(piece) for piece, _ in pieces) <= 512
    assert {total for _, total in pieces} == {len(PICTURE)}
    told = commands(serial)
    assert told[:3] == [b"\x36\x03", b"\x36\x00", b"\x34\x00"] and told[-1] == b"\x36\x03"


@pytest.mark.parametrize("how", ["lost", "short", "wrong head", "noise before", "flipped"])
def test_a_spoilt_answer_is_asked_for_again(how: str) -> None:
    spoils: dict[str, Any] = {
        "lost": lambda answer: b"",
        "short": lambda answer: answer[:-3],
        "wrong head": lambda answer: b"\x76\x00\x99" + answer[3:],
        "noise before": lambda answer: b"\x00\xff" + answer,
        "flipped": lambda answer: answer[:3] + b"\x01" + answer[4:],
    }
    serial, seen = Serial(), {}

    def spoil(asked: bytes, answer: bytes) -> bytes:
        first = not seen.get(asked)
        seen[asked] = True
        return spoils[how](answer) if first and asked[2] == 0x32 else answer

    serial.spoil = spoil
    assert b"".join(piece for piece, _ in take(serial)) == PICTURE


def test_without_a_camera_it_gives_up_with_an_error_of_the_systems_kind() -> None:
    serial = Serial()
    serial.spoil = lambda asked, answer: b""
    with pytest.raises(CameraError):
        take(serial)
    assert issubclass(CameraError, OSError)
    assert len(serial.asked) == 3


def test_a_camera_that_never_stops_talking_holds_nobody_for_ever() -> None:
    serial = Serial()
    serial.spoil = lambda asked, answer: b"\xaa" * 20_000
    with pytest.raises(CameraError):
        take(serial)


@pytest.mark.parametrize("length", [0, 3, 200_001, 0xFFFFFFFF])
def test_a_length_that_cannot_be_is_refused(length: int) -> None:
    serial = Serial()

    def spoil(asked: bytes, answer: bytes) -> bytes:
        return answer[:5] + length.to_bytes(4, "big") if asked[2] == 0x34 else answer

    serial.spoil = spoil
    with pytest.raises(CameraError):
        take(serial)


def test_what_does_not_begin_as_a_jpeg_is_no_picture_and_the_camera_is_released() -> None:
    serial = Serial(b"\x00" * 700)
    with pytest.raises(CameraError):
        take(serial)
    assert commands(serial)[-1] == b"\x36\x03"


def test_a_sink_that_fails_ends_it_and_the_camera_is_released() -> None:
    serial = Serial()

    async def sink(piece: bytes, total: int) -> None:
        raise OSError(104)

    with pytest.raises(OSError):
        run(shoot(serial, sink))
    assert commands(serial)[-1] == b"\x36\x03"


def test_after_the_last_piece_there_is_nothing_more() -> None:
    async def work() -> None:
        camera = Camera(Serial())
        total = await camera.freeze()
        while total > 0:
            total -= len(await camera.piece())
        assert await camera.piece() == await camera.piece() == b""

    run(work())

"""The firmware's camera code on real MicroPython, against the simulated camera on its own UART."""

import random
from pathlib import Path

import pytest

from simulator.image import FIRMWARE
from simulator.world.camera import Camera
from simulator.world.line import Line

from .test_chip import Stage, play

pytestmark = pytest.mark.slow  # takes seconds

MAIN = """
import asyncio
from binascii import hexlify
from terminal.board.camera_port import CameraPort
from terminal.camera import CameraError, shoot

async def sink(piece, total):
    print("piece", hexlify(piece).decode())

async def work():
    for _ in range(2):
        port = CameraPort()
        try:
            print("total", await shoot(port, sink))
        except CameraError as error:
            print("failed", error)
        port.close()
    print("over")
    while True:
        await asyncio.sleep(1)

asyncio.run(work())
"""


def shots(tmp_path: Path, fitted: bool = True, garbled: int = 0) -> tuple[Camera, list[str]]:
    """The camera after two shots, and what the program printed."""
    rng = random.Random(5)
    camera = Camera(Line(rng=rng), lambda: True, rng)
    camera.fitted, camera.garbled = fitted, garbled

    async def run(stage: Stage) -> None:
        (tmp_path / "image" / "terminal").symlink_to(FIRMWARE / "terminal")
        stage.chip.camera_uart = camera.line.path
        stage.chip.on_camera_baud = camera.line.set_host_baud
        camera.start()
        await stage.chip.power_on()
        await stage.until(lambda: "over" in stage.lines())
        printed.extend(stage.lines())
        camera.line.close()

    printed: list[str] = []
    play(tmp_path, MAIN, run)
    return camera, printed


def received(printed: list[str]) -> bytes:
    return b"".join(bytes.fromhex(line.split()[1]) for line in printed if line[:5] == "piece")


def test_the_picture_that_was_taken_is_the_one_that_arrives(tmp_path: Path) -> None:
    camera, printed = shots(tmp_path)
    assert len(camera.pictures) == 2
    assert received(printed) == b"".join(camera.pictures)
    assert camera.pictures[0][:2] == b"\xff\xd8" and len(camera.pictures[0]) > 1_000


def test_garbled_answers_are_asked_for_again(tmp_path: Path) -> None:
    camera, printed = shots(tmp_path, garbled=2)
    totals = [int(line.split()[1]) for line in printed if line.startswith("total")]
    assert len(totals) == 2 and received(printed).endswith(camera.pictures[-1])


def test_without_a_camera_the_program_is_told_and_goes_on(tmp_path: Path) -> None:
    _, printed = shots(tmp_path, fitted=False)
    assert printed.count("failed no answer") == 2

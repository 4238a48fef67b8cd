"""The simulated chip: power, watchdog and restarts around a tiny program in place of the firmware.

The programs here stand on the same board stand-ins (machine, esp32) as the firmware.
"""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from simulator.chip import Chip
from simulator.image import STAND_INS

PATIENCE_S = 60


class Stage:
    """A chip that runs `main` (source text) on MicroPython, and what it did."""

    def __init__(self, folder: Path, main: str, kind: str = "micropython") -> None:
        image = folder / "image"
        image.mkdir()
        for path in STAND_INS.glob("*.py"):
            (image / path.name).write_text(path.read_text())
        (image / "boot.py").write_text("")
        (image / "main.py").write_text(main)
        master, slave = os.openpty()
        self.moves: list[tuple[int, int]] = []
        self.deaths = 0
        self._files = (master, slave)
        self.chip = Chip(
            kind=kind,
            image=image,
            flash=folder / "flash",
            uart=os.ttyname(slave),
            on_pin=lambda pin, level: self.moves.append((pin, level)),
            on_baud=lambda baud: None,
            on_dead=self._died,
        )

    def _died(self) -> None:
        self.deaths += 1

    def lines(self) -> list[str]:
        return [text for _, text in self.chip.console]

    async def until(self, wanted: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not wanted():
                await asyncio.sleep(0.01)

    async def close(self) -> None:
        await self.chip.close()
        for file in self._files:
            os.close(file)


def play(tmp_path: Path, main: str, script: Callable, kind: str = "micropython") -> None:
    async def run() -> None:
        stage = Stage(tmp_path, main, kind)
        try:
            await script(stage)
        finally:
            await stage.close()

    asyncio.run(run())


def test_pins_reach_the_world_and_inputs_reach_the_board(tmp_path: Path) -> None:
    main = (
        "import time\nfrom machine import Pin\n"
        "out, back = Pin(21, Pin.OUT, value=0), Pin(34, Pin.IN)\n"
        "out.value(1)\n"
        "while not back.value(): time.sleep_ms(5)\n"
        "out.value(0)\n"
        "while True: time.sleep_ms(50); back.value()\n"
    )

    async def script(stage: Stage) -> None:
        await stage.chip.power_on()
        await stage.until(lambda: (21, 1) in stage.moves)
        stage.chip.link.set_pin(34, 1)
        await stage.until(lambda: stage.moves[-1] == (21, 0))
        assert stage.moves == [(21, 0), (21, 1), (21, 0)]

    play(tmp_path, main, script)


def test_the_converter_gives_a_level_or_a_wave_and_the_chip_its_warmth(tmp_path: Path) -> None:
    main = (
        "import time, esp32\nfrom machine import ADC, Pin\n"
        "level, wave = ADC(Pin(39)), ADC(Pin(36))\n"
        "while level.read_uv() != 330000: time.sleep_ms(5)\n"
        "seen = []\n"
        "for _ in range(40): seen.append(wave.read_uv() // 1000); time.sleep_ms(1)\n"
        "print('wave', max(seen) > 1700, min(seen) < 1600, 'warm', esp32.raw_temperature())\n"
        "while True: time.sleep_ms(50); level.read_uv()\n"
    )

    async def script(stage: Stage) -> None:
        stage.chip.link.set_rms_mv(36, 100)
        stage.chip.link.set_board_c(85)
        await stage.chip.power_on()
        stage.chip.link.set_mv(39, 330)
        await stage.until(lambda: "wave True True warm 185" in stage.lines())

    play(tmp_path, main, script)


def test_a_watchdog_that_is_not_fed_ends_in_a_start_with_that_reason(tmp_path: Path) -> None:
    main = (
        "import machine, time\n"
        "print('because', machine.reset_cause() == machine.WDT_RESET)\n"
        "machine.WDT(timeout=300).feed()\n"
        "while True: time.sleep(1)\n"
    )

    async def script(stage: Stage) -> None:
        await stage.chip.power_on()
        await stage.until(lambda: "because True" in stage.lines())
        assert "because False" in stage.lines()
        assert stage.deaths >= 1

    play(tmp_path, main, script)


def test_a_crash_restarts_the_board(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        await stage.chip.power_on()
        await stage.until(lambda: stage.chip.starts >= 3)
        assert any("ZeroDivisionError" in line for line in stage.lines())

    play(tmp_path, "1 / 0\n", script)


def test_a_reset_by_the_program_is_told_as_a_restart(tmp_path: Path) -> None:
    main = (
        "import machine\n"
        "cause = machine.reset_cause()\n"
        "print('soft', cause == machine.SOFT_RESET)\n"
        "machine.reset()\n"
    )

    async def script(stage: Stage) -> None:
        await stage.chip.power_on()
        await stage.until(lambda: "soft True" in stage.lines())

    play(tmp_path, main, script)


def test_what_was_put_into_the_nvs_is_there_after_the_power_was_cut(tmp_path: Path) -> None:
    main = (
        "import esp32, time\n"
        "nvs, room = esp32.NVS('t'), bytearray(8)\n"
        "try:\n    print('had', bytes(room[:nvs.get_blob('x', room)]))\n"
        "except OSError:\n    print('had nothing')\n"
        "nvs.set_blob('x', b'kept'); nvs.commit()\n"
        "nvs.set_blob('x', b'lost')\n"
        "print('ready')\nimport world_link\n"
        "while True: time.sleep_ms(20); world_link.link.look()\n"
    )

    async def script(stage: Stage) -> None:
        await stage.chip.power_on()
        await stage.until(lambda: "ready" in stage.lines())
        await stage.chip.power_off()
        assert not stage.chip.running
        await stage.chip.power_on()
        await stage.until(lambda: "had b'kept'" in stage.lines())
        assert "had nothing" in stage.lines()

    play(tmp_path, main, script)


SLEEPER = """
import asyncio
from machine import Pin

flag, edges = asyncio.ThreadSafeFlag(), []

def felt(pin):
    edges.append(pin.value())
    flag.set()

async def other():
    await asyncio.sleep(3600)

async def main():
    back = Pin(34, Pin.IN)
    back.irq(felt, TRIGGER)
    asyncio.create_task(other())
    print("ready")
    for _ in range(2):
        await flag.wait()
        print("woken", edges)
    back.irq(None)
    Pin(21, Pin.OUT, value=1)
    await asyncio.sleep(3600)

asyncio.run(main())
"""


@pytest.mark.parametrize("kind", ["micropython", "cpython"])
def test_an_edge_wakes_a_loop_in_which_everybody_sleeps(tmp_path: Path, kind: str) -> None:
    async def script(stage: Stage) -> None:
        await stage.chip.power_on()
        await stage.until(lambda: "ready" in stage.lines())
        stage.chip.link.set_pin(34, 1)
        await stage.until(lambda: "woken [1]" in stage.lines())
        stage.chip.link.set_pin(34, 0)
        await stage.until(lambda: "woken [1, 0]" in stage.lines())
        await stage.until(lambda: (21, 1) in stage.moves)
        stage.chip.link.set_pin(34, 1)  # nobody's business any more
        await asyncio.sleep(0.05)
        assert stage.chip.starts == 1

    play(tmp_path, SLEEPER.replace("TRIGGER", "Pin.IRQ_RISING | Pin.IRQ_FALLING"), script, kind)


def test_only_the_edges_that_were_asked_for_are_felt(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        await stage.chip.power_on()
        await stage.until(lambda: "ready" in stage.lines())
        for felt in ("woken [0]", "woken [0, 0]"):  # a flag set twice before the look wakes once
            for level in (1, 0):
                stage.chip.link.set_pin(34, level)
                await asyncio.sleep(0.05)
            await stage.until(lambda felt=felt: felt in stage.lines())
        await stage.until(lambda: (21, 1) in stage.moves)
        assert [line for line in stage.lines() if "woken" in line] == ["woken [0]", "woken [0, 0]"]

    play(tmp_path, SLEEPER.replace("TRIGGER", "Pin.IRQ_FALLING"), script)


def test_several_edges_told_at_once_are_each_felt(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        await stage.chip.power_on()
        await stage.until(lambda: "ready" in stage.lines())
        for level in (1, 0, 1):
            stage.chip.link.set_pin(34, level)
        await stage.until(lambda: any("woken" in line for line in stage.lines()))

    play(tmp_path, SLEEPER.replace("TRIGGER", "Pin.IRQ_RISING | Pin.IRQ_FALLING"), script)


def test_a_sleeping_loop_costs_no_looks(tmp_path: Path) -> None:
    """The waiter of a flag is woken by the flag, not by a poll a millisecond."""
    main = """
import asyncio, sys
import machine
looks = 0
core = asyncio.core
wait = core._io_queue.wait_io_event
class Counting:
    def __getattr__(self, name):
        return getattr(queue, name)
    def wait_io_event(self, dt):
        global looks
        looks += 1
        queue.wait_io_event(dt)
queue, core._io_queue = core._io_queue, Counting()
async def main():
    flag = asyncio.ThreadSafeFlag()
    asyncio.create_task(flag.wait())
    await asyncio.sleep_ms(300)
    print("looks", looks < 10, core._io_queue.map is queue.map)
    await asyncio.sleep(3600)
asyncio.run(main())
"""

    async def script(stage: Stage) -> None:
        await stage.chip.power_on()
        await stage.until(lambda: any("looks" in line for line in stage.lines()))
        assert "looks True True" in stage.lines()

    play(tmp_path, main, script)

"""The simulated chip: power, watchdog and restarts around a tiny program in place of the firmware.

The programs here stand on the same board stand-ins (machine, esp32) as the firmware.
"""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from simulator.chip import Chip
from simulator.image import STAND_INS

PATIENCE_S = 20


class Stage:
    """A chip that runs `main` (source text) on MicroPython, and what it did."""

    def __init__(self, folder: Path, main: str) -> None:
        image = folder / "image"
        image.mkdir()
        for name in ("machine", "esp32", "world_link", "start"):
            (image / f"{name}.py").write_text((STAND_INS / f"{name}.py").read_text())
        (image / "boot.py").write_text("")
        (image / "main.py").write_text(main)
        master, slave = os.openpty()
        self.moves: list[tuple[int, int]] = []
        self.deaths = 0
        self._files = (master, slave)
        self.chip = Chip(
            kind="micropython",
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


def play(tmp_path: Path, main: str, script: Callable) -> None:
    async def run() -> None:
        stage = Stage(tmp_path, main)
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
        assert stage.lines()[1] == "because False"
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

"""The firmware's own loader on the simulated chip, with tiny applications in the three trees."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from simulator.chip import Chip
from simulator.image import FIRMWARE, STAND_INS

pytestmark = pytest.mark.slow  # takes seconds

PATIENCE_S = 60
IDLE = (
    "import time\nfrom world_link import link\n"
    "def run(board):\n"
    "    print('{name} runs')\n"
    "    while True: time.sleep_ms(20); link.look()\n"
)
CRASH = "def run(board):\n    print('{name} crashes')\n    1 / 0\n"
GOOD_THEN_CRASH = (
    "import boots\ndef run(board):\n    print('{name} is well')\n    boots.good()\n    1 / 0\n"
)
AT_IMPORT = "print('{name} crashes')\nimport nothing_of_the_kind\n"
HANG = "print('{name} hangs')\nimport machine\nmachine.WDT(timeout=400)\nwhile True: pass\n"
PARTS = (
    "from machine import Pin\n"
    "class Relay:\n    def open(self): Pin(21, Pin.OUT, value=0)\n"
    "class Board:\n    relay = Relay()\n"
)


class Stage:
    """A chip whose factory tree, slot a and slot b hold what they are given."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        image = folder / "image"
        (folder / "flash" / "nvs").mkdir(parents=True)
        image.mkdir()
        for path in STAND_INS.glob("*.py"):
            (image / path.name).write_text(path.read_text())
        for name in ("boot", "boots", "slots", "main"):
            (image / f"{name}.py").write_text((FIRMWARE / f"{name}.py").read_text())
        master, slave = os.openpty()
        self._files = (master, slave)
        self.moves: list[tuple[int, int]] = []
        self.chip = Chip(
            kind="micropython",
            image=image,
            flash=folder / "flash",
            uart=os.ttyname(slave),
            on_pin=lambda pin, level: self.moves.append((pin, level)),
            on_baud=lambda baud: None,
            on_dead=lambda: None,
        )

    def tree(self, name: str, app: str, rescue: str = "") -> None:
        root = self.folder / "image" if name == "factory" else self.folder / "flash" / name
        (root / "terminal" / "board").mkdir(parents=True)
        (root / "terminal" / "__init__.py").write_text("")
        (root / "terminal" / "board" / "__init__.py").write_text("")
        (root / "terminal" / "board" / "parts.py").write_text(PARTS)
        (root / "terminal" / "app.py").write_text(app.format(name=name))
        (root / "terminal" / "rescue.py").write_text((rescue or IDLE).format(name="rescue"))

    @property
    def slots(self) -> str:
        return (self.folder / "flash" / "nvs" / "hanma.slots").read_text()

    @slots.setter
    def slots(self, text: str) -> None:
        (self.folder / "flash" / "nvs" / "hanma.slots").write_text(text)

    def said(self, text: str) -> int:
        return sum(text in line for _, line in self.chip.console)

    async def until(self, text: str, times: int = 1) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while self.said(text) < times:
                await asyncio.sleep(0.01)

    async def close(self) -> None:
        await self.chip.close()
        for file in self._files:
            os.close(file)


def play(tmp_path: Path, script: Callable) -> Stage:
    async def run() -> Stage:
        stage = Stage(tmp_path)
        try:
            await script(stage)
        finally:
            await stage.close()
        assert all(move == (21, 0) for move in stage.moves if move[0] == 21)
        return stage

    return asyncio.run(run())


def test_a_board_that_was_never_upgraded_runs_the_factorys_tree_and_writes_nothing(
    tmp_path: Path,
) -> None:
    async def script(stage: Stage) -> None:
        stage.tree("factory", IDLE)
        await stage.chip.power_on()
        await stage.until("factory runs")
        assert stage.moves[0] == (21, 0)
        assert not (tmp_path / "flash" / "nvs" / "hanma.slots").exists()

    play(tmp_path, script)


def test_a_confirmed_slot_runs_and_where_its_tree_is_gone_the_factorys(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        stage.tree("factory", IDLE)
        stage.tree("b", IDLE)
        stage.slots = "b,,9,0,0,9,0"
        await stage.chip.power_on()
        await stage.until("b runs")
        await stage.chip.power_off()
        (tmp_path / "flash" / "b").rename(tmp_path / "flash" / "c")
        await stage.chip.power_on()
        await stage.until("factory runs")

    play(tmp_path, script)


def test_a_trial_that_crashes_goes_back_to_what_ran_before(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        stage.tree("factory", IDLE)
        stage.tree("a", IDLE)
        stage.tree("b", CRASH)
        stage.slots = "a,b,9,0,0,8,0"
        await stage.chip.power_on()
        await stage.until("a runs")
        assert stage.said("b crashes") == 1
        assert stage.slots == "a,,9,0,0,8,9"

    play(tmp_path, script)


def test_a_trial_that_crashes_at_import_goes_back_to_the_factorys_tree(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        stage.tree("factory", IDLE)
        stage.tree("a", AT_IMPORT)
        stage.slots = ",a,9,0,0,0,0"
        await stage.chip.power_on()
        await stage.until("factory runs")
        assert stage.said("a crashes") == 1
        assert stage.slots == ",,9,0,0,0,9"

    play(tmp_path, script)


def test_a_trial_that_hangs_goes_back_by_the_watchdog(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        stage.tree("factory", IDLE)
        stage.tree("a", HANG)
        stage.slots = ",a,9,0,0,0,0"
        await stage.chip.power_on()
        await stage.until("factory runs")
        assert stage.said("hanma start, watchdog") == 1
        assert stage.slots == ",,9,0,0,0,9"

    play(tmp_path, script)


def test_a_trial_stands_two_power_cuts(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        stage.tree("factory", IDLE)
        stage.tree("a", IDLE)
        stage.slots = ",a,9,0,0,0,0"
        for start in (1, 2, 3):
            await stage.chip.power_on()
            await stage.until("a runs", start)
            await stage.chip.power_off()
        await stage.chip.power_on()
        await stage.until("factory runs")
        assert stage.slots == ",,9,0,0,0,9"

    play(tmp_path, script)


def test_after_five_crashes_the_rescue_runs_and_a_power_up_gives_one_more_chance(
    tmp_path: Path,
) -> None:
    async def script(stage: Stage) -> None:
        stage.tree("factory", IDLE)
        stage.tree("a", AT_IMPORT)
        stage.slots = "a,,9,0,0,9,0"
        await stage.chip.power_on()
        await stage.until("rescue runs")
        assert stage.said("a crashes") == 5
        await stage.chip.power_off()
        await stage.chip.power_on()
        await stage.until("rescue runs", 2)
        assert stage.said("a crashes") == 6

    play(tmp_path, script)


def test_what_runs_well_for_a_while_before_it_crashes_is_never_put_aside(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        stage.tree("factory", GOOD_THEN_CRASH)
        await stage.chip.power_on()
        await stage.until("factory is well", 8)
        assert not stage.said("rescue")

    play(tmp_path, script)


def test_a_board_that_is_not_provisioned_waits_for_the_cable(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        missing = (
            "class NotProvisioned(Exception): pass\n"
            "def run(board):\n    raise NotProvisioned('device')\n"
        )
        stage.tree("factory", missing)
        for start in range(1, 8):
            await stage.chip.power_on()
            await stage.until("hanma not provisioned: device", start)
            await stage.chip.power_off()
        assert not stage.said("rescue")

    play(tmp_path, script)

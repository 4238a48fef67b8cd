"""What escapes the application is kept, shown and answered by a restart; the relay stays open."""

import asyncio
import json
import os
from pathlib import Path

import pytest

from simulator import image
from simulator.chip import Chip

pytestmark = pytest.mark.slow  # takes seconds

RELAY = 21
PATIENCE_S = 60


async def starts_of(folder: Path, made: Path, wanted: int) -> tuple[list[tuple[int, int]], str]:
    """What the pins did over so many starts, and the console's text."""
    master, slave = os.openpty()
    moves: list[tuple[int, int]] = []
    chip = Chip(
        kind="micropython",
        image=made,
        flash=folder,
        uart=os.ttyname(slave),
        on_pin=lambda pin, level: moves.append((pin, level)),
        on_baud=lambda baud: None,
        on_dead=lambda: None,
    )
    try:
        await chip.power_on()
        async with asyncio.timeout(PATIENCE_S):
            while chip.starts < wanted:
                await asyncio.sleep(0.05)
    finally:
        await chip.close()
        os.close(master)
        os.close(slave)
    return moves, "\n".join(text for _, text in chip.console)


def test_a_crash_is_on_record_for_the_next_start_and_the_relay_is_never_closed(
    tmp_path: Path,
) -> None:
    made = image.make("micropython", tmp_path / "image")
    flash = tmp_path / "flash"
    (flash / "nvs").mkdir(parents=True)
    (flash / "nvs" / "hanma.device").write_bytes(b"\xff\xfe")  # no text: nobody reckoned with it
    moves, console = asyncio.run(starts_of(flash, made, 2))
    assert "Error" in console
    record = json.loads((flash / "nvs" / "hanma.crash").read_bytes())
    assert record["type"] == "UnicodeError"
    assert record["trace"].startswith("settings.py:")
    assert record["trace"].split(" < ")[-1].startswith(("main.py:", "app.py:"))
    assert {level for pin, level in moves if pin == RELAY} == {0}

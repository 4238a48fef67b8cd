"""Upgrades of simulated terminals that run the real firmware on MicroPython: over HTTP through the
modem, with a trial, a self-test and a way back. The terminals run side by side: what takes time
here is the minute of a trial and the watchdog's half minute."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from release import tree
from simulator.nearby_phone import NearbyPhone
from simulator.world.air import Air
from tests.firmware import signing
from tests.release import made

from .upgrading import Stage, application, image

pytestmark = pytest.mark.slow
HW = "a7670"
RELEASE, VERSION = tree.about(tree.sources(tree.FIRMWARE))
NEXT = {"release": RELEASE + 1, "version": "0.2.0", "hw": HW, "min_release": RELEASE}

GOOD = partial(application, RELEASE + 1, "0.2.0")
LATER = partial(application, RELEASE + 2, "0.3.0")
CRASHING = partial(application, RELEASE + 1, "0.2.0", "import nothing_of_the_kind")
HANGING = partial(application, RELEASE + 1, "0.2.0", "while True: pass")


def package(files: dict[str, bytes], **changed: Any) -> bytes:
    return made.package(files, **(NEXT | changed))


def play(tmp_path: Path, *scripts: Callable[[Stage], Coroutine[Any, Any, None]]) -> None:
    """Each script with a terminal of its own, all at once."""
    made_image = image(tmp_path / "cache")
    for make in (GOOD, LATER, CRASHING, HANGING):
        make()  # while no modem waits for its turn

    async def one(script: Callable[[Stage], Coroutine[Any, Any, None]]) -> None:
        stage = Stage(tmp_path / script.__name__, made_image)
        await stage.open()
        try:
            await stage.on_line()
            assert stage.logins()[0]["fw"] == VERSION
            await script(stage)
            assert stage.terminal.relay == 0
        finally:
            await stage.close()

    async def all_of_them() -> None:
        async with asyncio.TaskGroup() as group:
            for script in scripts:
                group.create_task(one(script))

    asyncio.run(all_of_them())


async def good(stage: Stage) -> None:
    """Downloaded, tried, confirmed; and then asked what it runs."""
    stage.offer(package(GOOD()))
    await stage.runs("0.2.0")
    assert "hanma boots a on trial" in stage.console()
    await stage.until(lambda: (0, 100) in stage.reports(), "confirmed")
    assert stage.slots == f"a,,{RELEASE + 1},0,0,{RELEASE + 1},0"
    stage.event("version_query", {})
    await stage.until(lambda: '"sw_version":"0.2.0"' in str(stage.peer.messages), "version report")
    progress = [p for code, p in stage.reports() if code == 0]
    assert progress == sorted(progress) and progress[-1] == 100
    assert stage.terminal.chip.starts == 2 and not stage.alarms()
    await stage.terminal.chip.power_off()
    before = len(stage.logins())
    await stage.terminal.chip.power_on()
    await stage.on_line(before + 1)
    assert stage.logins()[-1]["fw"] == "0.2.0"


async def crashing(stage: Stage) -> None:
    stage.offer(package(CRASHING()))
    await back(stage)
    assert stage.terminal.chip.starts == 3


async def hanging(stage: Stage) -> None:
    stage.offer(package(HANGING()))
    await back(stage)
    assert "hanma start, watchdog" in stage.console()


async def back(stage: Stage) -> None:
    """The old release runs again and says so."""
    await stage.until(lambda: (10, 0) in stage.reports(), "told of the failure")
    await stage.until(lambda: "UPGRADE_FAILED" in stage.alarms(), "alarm")
    assert stage.logins()[-1]["fw"] == VERSION
    assert stage.slots.startswith(",,")


async def cut(stage: Stage) -> None:
    """The power goes in the middle of the download, and the line breaks twice besides."""
    stage.packages.cuts = [12_000, 3_000]
    stage.offer(package(GOOD()))
    await stage.until(lambda: stage.reports() and stage.reports()[-1][1] >= 40, "half of it")
    await stage.terminal.chip.power_off()
    before = len(stage.packages.asked)
    await stage.terminal.chip.power_on()
    await stage.runs("0.2.0")
    starts = [start for _, start in stage.packages.asked]
    # A request that broke before the head was whole is made again from the start.
    assert starts[0] == 0 and max(starts[:before]) > 0, starts
    assert starts[before] > 10_000, starts


async def refused(stage: Stage) -> None:
    """Nothing of this is installed, and the terminal does not even start anew."""
    files = GOOD()
    right = package(files)
    stage.command("alive")  # the time, under a good mac
    offers = [
        (right[:-9] + bytes([right[-9] ^ 1]) + right[-8:], 7),
        (right[:60] + bytes([right[60] ^ 1]) + right[61:], 7),
        (made.package(files, key=made.OTHER_KEY, **NEXT), 7),
        (package(files, hw="air780e"), 8),
        (package(files, release=RELEASE, min_release=0), 3),
        (package(files, min_release=RELEASE + 1), 8),
        (package(files, expires=signing.IAT - 1), 7),
    ]
    for number, (data, code) in enumerate(offers, 1):
        stage.offer(data)
        await stage.until(
            lambda number=number: sum(c != 0 for c, _ in stage.reports()) == number, f"{code}"
        )
        assert stage.reports()[-1] == (code, 0)
    assert stage.terminal.chip.starts == 1
    assert stage.slots == ""
    assert "UPGRADE_FAILED" in stage.alarms()


async def rescued(stage: Stage) -> None:
    """A confirmed release that crashes at every start is replaced by way of the rescue; a phone
    that comes near meanwhile is told, and can switch nothing."""
    stage.offer(package(GOOD()))
    await stage.until(lambda: (0, 100) in stage.reports(), "confirmed")
    await stage.terminal.chip.power_off()
    broken = stage.folder / "flash" / "a" / "terminal" / "app.mpy"
    broken.write_bytes(b"")  # flash that forgets
    await stage.terminal.chip.power_on()
    await stage.until(lambda: stage.logins()[-1]["boot"] == "rescue", "rescue")
    login = stage.logins()[-1]
    assert (login["mode"], login["fw"]) == ("fault", VERSION)
    air = Air()
    air.add(stage.terminal.ble)
    phone = NearbyPhone(air)
    await phone.meet(stage.terminal.device, within_s=60)
    told = await phone.identity()
    assert (told["mode"], told["boot"], told["fw"]) == ("fault", "rescue", VERSION)
    assert (await phone.give("1.anything"))[0] == "unsupported"
    await phone.part()
    files = LATER()
    stage.offer(package(files, release=RELEASE, version="0.1.0"), version="0.1.0")
    await stage.until(lambda: (3, 0) in stage.reports(), "below the floor")
    stage.offer(package(files, release=RELEASE + 2, version="0.3.0"), version="0.3.0")
    await stage.runs("0.3.0")
    await stage.until(lambda: stage.slots.startswith("b,,"), "confirmed in slot b")


def test_terminals_upgrade_themselves_or_stay_what_they_were(tmp_path: Path) -> None:
    play(tmp_path, good, crashing, hanging, cut, refused, rescued)

"""The emergency release on the real firmware, with nobody to be reached, in a world that owns the
time: a quarter of an hour, two hours and a power cut pass at once."""

import asyncio
from pathlib import Path

import pytest

from simulator import solo, virtual
from simulator.terminal import SimulatedTerminal
from simulator.virtual import Clock
from simulator.world.network import Network

pytestmark = pytest.mark.slow

WAIT_S, ASK_S, MAX_S = 16 * 60, 30, 2 * 3600
ON = "应急放开，已记录，请两人在场，注意防火"
STILL = "仍在应急放开，全程记录，请注意防火"
OFF = "应急放开已结束，焊机已关机"
TOO_EARLY = "失联时间不够，请稍后再试"
BARRED = "现在不能应急放开"


async def long_press(terminal: SimulatedTerminal) -> None:
    terminal.hands["button"](5.5)
    await asyncio.sleep(ASK_S)


def said(terminal: SimulatedTerminal) -> list[str]:
    return [text for _, text in terminal.speaker.heard()]


def test_a_release_comes_after_a_quarter_of_an_hour_alone_and_ends_after_two(
    tmp_path: Path, images: Path
) -> None:
    async def work(clock: Clock) -> None:
        async with solo.terminal(tmp_path, clock, Network(), images=images) as terminal:
            await asyncio.sleep(300)
            await long_press(terminal)
            assert terminal.relay == 0
            assert TOO_EARLY in said(terminal)
            await asyncio.sleep(WAIT_S - 300)
            await long_press(terminal)
            assert terminal.relay == 1
            assert terminal.mains.contact
            await asyncio.sleep(60)  # the modem may be starting anew: it is said when it can be
            assert ON in said(terminal)
            await asyncio.sleep(MAX_S - 120)
            assert terminal.relay == 1
            assert said(terminal).count(STILL) == 3
            await asyncio.sleep(120)
            assert terminal.relay == 0
            assert OFF in said(terminal)
        spent = int((tmp_path / solo.PROVISION.device / "nvs" / "hanma.spent").read_bytes())
        assert spent == 120

    virtual.run(work)


def test_wrapping_the_antenna_is_no_free_pass_the_budget_ends(
    tmp_path: Path, images: Path
) -> None:
    async def work(clock: Clock) -> None:
        async with solo.terminal(tmp_path, clock, Network(), images=images) as terminal:
            await asyncio.sleep(WAIT_S)
            for _ in range(6):  # twelve hours are what thirty days have
                await long_press(terminal)
                assert terminal.relay == 1
                await asyncio.sleep(MAX_S)
                assert terminal.relay == 0
            await long_press(terminal)
            assert terminal.relay == 0
            assert "本月应急时间已用完" in said(terminal)

    virtual.run(work)


def test_an_opened_lid_and_gas_bar_it_and_end_it(tmp_path: Path, images: Path) -> None:
    async def work(clock: Clock) -> None:
        async with solo.terminal(tmp_path, clock, Network(), images=images) as terminal:
            await asyncio.sleep(WAIT_S)
            await long_press(terminal)
            assert terminal.relay == 1
            terminal.hands["gas"](70)
            await asyncio.sleep(40)
            assert terminal.relay == 0
            terminal.hands["gas"](0)
            await asyncio.sleep(40)
            await long_press(terminal)
            assert terminal.relay == 1
            terminal.hands["lid"](True)
            await asyncio.sleep(5)
            assert terminal.relay == 0
            await long_press(terminal)
            assert terminal.relay == 0
            assert BARRED in said(terminal)

    virtual.run(work)


def test_after_a_power_cut_it_needs_another_press_and_no_new_wait(
    tmp_path: Path, images: Path
) -> None:
    async def work(clock: Clock) -> None:
        async with solo.terminal(tmp_path, clock, Network(), images=images) as terminal:
            await asyncio.sleep(WAIT_S)
            await long_press(terminal)
            assert terminal.relay == 1
            terminal.hands["mains"](False)
            await asyncio.sleep(10)
            assert not terminal.chip.running
            terminal.hands["mains"](True)
            await asyncio.sleep(60)
            assert terminal.relay == 0
            await long_press(terminal)
            assert terminal.relay == 1

    virtual.run(work)

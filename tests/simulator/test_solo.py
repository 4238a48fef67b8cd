"""One whole terminal in a world that owns the time."""

import asyncio
from pathlib import Path

import pytest

from simulator import solo, virtual
from simulator.virtual import Clock
from simulator.world.network import Network

pytestmark = pytest.mark.slow  # takes seconds


def test_a_terminal_without_a_cloud_goes_on_trying_for_an_hour(
    tmp_path: Path, images: Path
) -> None:
    async def work(clock: Clock) -> None:
        calls = []

        async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            calls.append(clock.now_us // 1_000_000)
            first = await reader.read(100)
            assert b"MQTT" in first
            writer.close()

        network = Network()
        network.listen("10.0.0.1", 1883, hangs_up)
        async with solo.terminal(tmp_path, clock, network, images=images) as terminal:
            await asyncio.sleep(3600)
            assert terminal.chip.reasons == ["power"]
            assert not terminal.on_line
            assert terminal.relay == 0
        assert 15 < calls[0] < 60  # the modem boots and finds its network first
        assert len(calls) > 30
        assert calls[-1] > 3400

    virtual.run(work)


def test_mains_that_goes_takes_the_board_with_it_and_brings_it_back(
    tmp_path: Path, images: Path
) -> None:
    async def work(clock: Clock) -> None:
        async with solo.terminal(tmp_path, clock, Network(), images=images) as terminal:
            await asyncio.sleep(60)
            terminal.hands["mains"](False)
            await asyncio.sleep(1.5)
            assert terminal.chip.running  # on the capacitor
            await asyncio.sleep(3600)
            assert not terminal.chip.running
            terminal.hands["mains"](True)
            await asyncio.sleep(60)
            assert terminal.chip.reasons == ["power", "power"]

    virtual.run(work)

"""The real cloud and one terminal's real firmware, in a loop that owns the time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cloud.book import media
from cloud.inloop import InLoopCloud
from cloud.link import journal, snapshots, terminals
from release import tree
from simulator import solo, virtual
from simulator.terminal import Manner, Provision, SimulatedTerminal
from simulator.virtual import Clock
from simulator.world.network import Network

pytestmark = pytest.mark.slow  # starts MicroPython

HOST, MQTT, WEB = "10.0.0.1", 1883, 8080
DEVICE = "HM-990101-0001"
LIMIT_S = 900  # of made-up time


@asynccontextmanager
async def world(
    folder: Path, clock: Clock, images: Path, **kept: bytes
) -> AsyncIterator[tuple[InLoopCloud, SimulatedTerminal]]:
    """Cloud and terminal; `kept`: what the terminal's store holds besides, by its name."""
    cloud = InLoopCloud(folder / "cloud", clock.utc_ms, rounds=[], base_url=f"http://{HOST}:{WEB}")
    cloud.start()
    network = Network()
    network.listen(HOST, MQTT, cloud.accept)
    network.listen(HOST, WEB, cloud.accept_http)
    with cloud.ground.write() as unit:
        secret = terminals.provision(unit, DEVICE)
    nvs(folder).mkdir(parents=True)
    for name, value in kept.items():
        (nvs(folder) / f"hanma.{name}").write_bytes(value)
    provision = Provision(DEVICE, secret, f"{HOST}:{MQTT}")
    async with solo.terminal(
        folder, clock, network, provision=provision, manner=Manner(), images=images
    ) as terminal:
        yield cloud, terminal
    await cloud.stop()


def nvs(folder: Path) -> Path:
    return folder / DEVICE / "nvs"


async def until(clock: Clock, wanted: Callable[[], object], look_s: float = 1.0) -> None:
    while not wanted():
        assert clock.now_us < LIMIT_S * 1_000_000
        await asyncio.sleep(look_s)


def test_a_picture_that_was_asked_for_is_taken_sent_by_http_and_kept(
    tmp_path: Path, images: Path
) -> None:
    async def work(clock: Clock) -> None:
        async with world(tmp_path, clock, images, camera=b"yes") as (cloud, terminal):
            await until(clock, lambda: cloud.words["login"])
            with cloud.ground.write() as unit:
                asked = snapshots.ask(unit, DEVICE, "somebody").id

            def kept() -> bytes:
                with cloud.ground.read() as unit:
                    row = snapshots.get(unit, asked)
                    return media.opened(unit, row.digest) if row and row.digest else b""

            await until(clock, kept)
            assert terminal.camera.pictures == [kept()]

    virtual.run(work)


def test_a_crash_and_the_reason_of_the_next_start_stand_in_the_clouds_book(
    tmp_path: Path, images: Path
) -> None:
    """A value in flash that is no number: nobody reckoned with it. The relay is never closed."""
    crash, bad = nvs(tmp_path) / "hanma.crash", nvs(tmp_path) / "hanma.unlocked"

    async def work(clock: Clock) -> None:
        async with world(tmp_path, clock, images, unlocked=b"?") as (cloud, terminal):
            await until(clock, crash.exists, look_s=0.05)
            bad.unlink()
            await until(clock, lambda: cloud.words["journal"])
            assert any("ValueError" in line for _, line in terminal.chip.console)
            assert terminal.chip.starts == 2 and {level for _, level in terminal.moves} == {0}
            with cloud.ground.read() as unit:
                row = terminals.get(unit, DEVICE)
                assert row and row.boot == "crash"
                (log,) = journal.logs(unit, DEVICE)
                first = journal.entries(unit, DEVICE, log.log)[0]
            told = first.details["crash"]
            version = tree.about(tree.sources(tree.FIRMWARE))[1]
            assert (first.kind, first.boot, first.details["reason"]) == ("boot", 1, "crash")
            assert (told["type"], told["fw"], first.details["fw"]) == (
                *("ValueError", version),
                version,
            )
            places = told["trace"].split(" < ")
            assert places[0].startswith("both.py:") and places[-1].startswith(
                ("main.py:", "app.py:")
            )
            assert told["free"] > 0 and told["message"]

    virtual.run(work)

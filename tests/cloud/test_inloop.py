"""The real cloud and one terminal's real firmware, in a loop that owns the time."""

import asyncio
from pathlib import Path

import pytest

from cloud.book import media
from cloud.inloop import InLoopCloud
from cloud.link import snapshots, terminals
from simulator import solo, virtual
from simulator.terminal import Manner, Provision
from simulator.virtual import Clock
from simulator.world.network import Network

pytestmark = pytest.mark.slow  # starts MicroPython

HOST, MQTT, WEB = "10.0.0.1", 1883, 8080
DEVICE = "HM-990101-0001"
LIMIT_S = 900  # of made-up time


def test_a_picture_that_was_asked_for_is_taken_sent_by_http_and_kept(
    tmp_path: Path, images: Path
) -> None:
    async def work(clock: Clock) -> None:
        cloud = InLoopCloud(
            tmp_path / "cloud", clock.utc_ms, rounds=[], base_url=f"http://{HOST}:{WEB}"
        )
        cloud.start()
        network = Network()
        network.listen(HOST, MQTT, cloud.accept)
        network.listen(HOST, WEB, cloud.accept_http)
        with cloud.ground.write() as unit:
            secret = terminals.provision(unit, DEVICE)
        nvs = tmp_path / DEVICE / "nvs"
        nvs.mkdir(parents=True)
        (nvs / "hanma.camera").write_bytes(b"yes")
        provision = Provision(DEVICE, secret, f"{HOST}:{MQTT}")
        async with solo.terminal(
            tmp_path, clock, network, provision=provision, manner=Manner(), images=images
        ) as terminal:
            while not cloud.words["login"] and clock.now_us < LIMIT_S * 1_000_000:
                await asyncio.sleep(1)
            with cloud.ground.write() as unit:
                asked = snapshots.ask(unit, DEVICE, "somebody").id
            digest = None
            while digest is None and clock.now_us < LIMIT_S * 1_000_000:
                await asyncio.sleep(1)
                with cloud.ground.read() as unit:
                    row = snapshots.get(unit, asked)
                    digest = row and row.digest
                    kept = media.opened(unit, digest) if digest else b""
            assert kept and terminal.camera.pictures == [kept]
        await cloud.stop()

    virtual.run(work)

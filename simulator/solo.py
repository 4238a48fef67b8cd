"""One terminal in a world that owns the time: for tests of what takes minutes, hours or days.

    def test_…(tmp_path):
        async def work(clock):
            network = Network()
            network.listen("10.0.0.1", 1883, accept)     # accept(reader, writer), or nobody
            async with solo.terminal(tmp_path, clock, network) as terminal:
                await asyncio.sleep(15 * 60)              # a quarter of an hour, at once
                terminal.hands["button"](5.0)
                …
                assert terminal.relay == 1

        virtual.run(work)

The real firmware runs on MicroPython, in lock step with the world. Where the cloud belongs to it,
`cloud.inloop` puts the real one on the network.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from simulator import image
from simulator.interpreter import HEAP_KB
from simulator.terminal import Manner, Provision, SimulatedTerminal
from simulator.virtual import Clock
from simulator.world.network import Network

SERVER = "10.0.0.1:1883"
PROVISION = Provision("HM-990101-0001", bytes(range(32)), SERVER)


@asynccontextmanager
async def terminal(
    folder: Path,
    clock: Clock,
    network: Network,
    *,
    provision: Provision = PROVISION,
    manner: Manner | None = None,
    ticks_ms: int = 0,
    heap_kb: int = HEAP_KB,
    images: Path | None = None,
) -> AsyncIterator[SimulatedTerminal]:
    """A terminal that has just got its power; its flash is in `folder`, the image beside it, or
    in `images`, where it is made once for many."""
    made = SimulatedTerminal(
        provision,
        kind="micropython",
        image=image.make("micropython", images or folder),
        flash=folder / provision.device,
        manner=manner or Manner(boot_s=11.1, search_s=4.0, one_way_s=0.03, speech_rate=1.0),
        clock=clock,
        network=network,
        ticks_ms=ticks_ms,
        heap_kb=heap_kb,
    )
    await made.start()
    try:
        yield made
    finally:
        await made.stop()

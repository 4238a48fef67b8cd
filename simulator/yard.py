"""A yard of simulated terminals with their bench, run until told to stop (`hanma sim`)."""

import asyncio
import contextlib
import json
import signal
from pathlib import Path

from simulator import image, interpreter
from simulator.bench.server import Bench
from simulator.chip import to_console
from simulator.terminal import Manner, Provision, SimulatedTerminal


class BadProvisions(Exception):
    """The file with the terminals cannot be used; the text names it."""


def provisions(file: Path, server: str) -> list[Provision]:
    """The terminals in a JSON file `{"terminals": [{"device", "secret" (hex)}, …]}`."""
    try:
        listed = json.loads(file.read_text())["terminals"]
        return [Provision(t["device"], bytes.fromhex(t["secret"]), server) for t in listed]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadProvisions(
            f"{file}：不是终端清单（应有 terminals，每台有 device 和 secret）。 "
            f"This is no list of terminals ({type(error).__name__})."
        ) from None


async def run(
    wanted: list[Provision],
    *,
    folder: Path,
    kind: str,
    manner: Manner,
    bench: tuple[str, int],
    loud: bool,
    verbose: bool,
) -> None:
    """Starts one terminal for each provision; returns after SIGINT or SIGTERM, all ended.

    Prints one JSON line when the bench listens; `loud`: what is spoken, as subtitles.
    """
    made = image.make(kind, folder)
    terminals = {
        p.device: SimulatedTerminal(
            p, kind=kind, image=made, flash=folder / p.device, manner=manner
        )
        for p in wanted
    }
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    server = Bench(terminals, loop, *bench)
    server.start()
    print(json.dumps({"bench": server.address, "interpreter": interpreter.name(kind)}), flush=True)
    subtitles = [asyncio.create_task(_subtitles(t)) for t in terminals.values() if loud]
    try:
        for terminal in terminals.values():
            if verbose:
                terminal.chip.echo = to_console(terminal.device)
            await terminal.start()
        await ended.wait()
    finally:
        for task in subtitles:
            task.cancel()
        await asyncio.gather(*(t.stop() for t in terminals.values()), return_exceptions=True)
        server.stop()


async def _subtitles(terminal: SimulatedTerminal) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            spoken = await terminal.speaker.next()
            print(f"[{terminal.device}] 喇叭 says: {spoken.text}", flush=True)

"""A virtual board on the technician's bench: it lives in a thread, the test drives its port."""

import asyncio
import contextlib
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from simulator.cable import made_up
from simulator.cable.board import VirtualBoard
from simulator.cable.flashchip import IMAGE_AT, FlashChip, Kind

BIN = Path(sys.executable).parent
PATIENCE_S = 120


class Bench:
    """The board, and calls into the loop that it lives in."""

    def __init__(self, board: VirtualBoard, loop: asyncio.AbstractEventLoop) -> None:
        self.board, self._loop = board, loop

    def do(self, call: Callable[..., Any], *args: Any) -> Any:
        async def inside() -> Any:
            return call(*args)

        return self.wait(inside())

    def wait(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)


@contextlib.contextmanager
def on_the_bench(
    folder: Path, kind: Kind | None = None, flashed: bool = False, **given: Any
) -> Iterator[Bench]:
    """A board with its cable in; flashed: MicroPython is on it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="virtual-board")
    thread.start()

    async def make() -> VirtualBoard:
        if flashed:
            FlashChip(folder, kind).write(IMAGE_AT, made_up.image())
        board = VirtualBoard(folder, kind=kind, images=folder.parent / "images", **given)
        await board.start()
        return board

    bench = None
    try:
        bench = Bench(asyncio.run_coroutine_threadsafe(make(), loop).result(PATIENCE_S), loop)
        yield bench
    finally:
        if bench:
            bench.wait(bench.board.stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def tool(name: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs mpremote or esptool to its end, output and complaints together."""
    return subprocess.run(
        [str(BIN / name), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=PATIENCE_S,
    )

"""A TCP line that can go wrong: late, sliced, narrow, silent, reset, open at one end only."""

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

_PIECE = 65_536


@dataclass(frozen=True)
class Manner:
    """How the line behaves now. `silent` = bytes are held back and come when that is over."""

    latency_s: float = 0.0
    bytes_s: int = 0
    sliced: bool = False
    silent: bool = False


GOOD = Manner()


class Proxy:
    """Listens on a port of its own and passes on to the `targets` in turn, as `manner` has it;
    whichever does not listen is passed over."""

    def __init__(self, targets: Sequence[tuple[str, int]], rng: random.Random) -> None:
        self._targets, self._rng = deque(targets), rng
        self._manner = GOOD
        self._changed = asyncio.Event()
        self._links: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._parted: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server:
            self._server.close()
        self.reset()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def turn_to(self, targets: Sequence[tuple[str, int]]) -> None:
        """The name now leads elsewhere; what stood is cut."""
        self._targets = deque(targets)
        self.reset()

    def behave(self, manner: Manner) -> None:
        """From now on."""
        self._manner = manner
        self._changed.set()
        self._changed = asyncio.Event()

    def reset(self) -> None:
        """Every connection ends at once, at both ends."""
        for pair in list(self._links):
            for end in pair:
                end.transport.abort()

    def half_open(self) -> None:
        """The server loses every connection; the clients are not told."""
        for _client, server in list(self._links):
            self._parted.add(server)
            server.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        found = await self._onward()
        if found is None:
            writer.transport.abort()
            return
        ahead, onward = found
        pair = (writer, onward)
        self._links.add(pair)
        try:
            await asyncio.gather(self._pass(reader, onward), self._pass(ahead, writer, of=onward))
        finally:
            self._links.discard(pair)
            self._parted.discard(onward)
            for end in pair:
                end.transport.abort()

    async def _onward(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        for _ in range(len(self._targets)):
            target = self._targets[0]
            self._targets.rotate(-1)
            with contextlib.suppress(OSError):
                return await asyncio.open_connection(*target)
        return None

    async def _pass(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        of: asyncio.StreamWriter | None = None,
    ) -> None:
        """Until the speaker ends, in order or not; the hearer is told so, as a real line would.

        `of`: the server whose words these are; when the line is half open nobody hears of its end.
        """
        in_order = False
        with contextlib.suppress(OSError):
            while data := await reader.read(_PIECE):
                for piece in self._pieces(data):
                    await self._wait(len(piece))
                    if writer.is_closing():  # the other end is gone: swallowed
                        continue
                    writer.write(piece)
                    await writer.drain()
            in_order = True
        if of in self._parted:
            return
        if in_order:
            writer.close()
        else:
            writer.transport.abort()

    def _pieces(self, data: bytes) -> list[bytes]:
        if not self._manner.sliced:
            return [data]
        pieces, at = [], 0
        while at < len(data):
            size = self._rng.randint(1, 64)
            pieces.append(data[at : at + size])
            at += size
        return pieces

    async def _wait(self, size: int) -> None:
        while self._manner.silent:
            await self._changed.wait()
        manner = self._manner
        pause_s = manner.latency_s + (size / manner.bytes_s if manner.bytes_s else 0)
        if pause_s:
            await asyncio.sleep(pause_s)

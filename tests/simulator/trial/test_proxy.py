import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import AsyncIterator

import pytest

from simulator.trial.proxy import Proxy

_SOON_S = 60.0
_A_WHILE_S = 0.2


class Line:
    """A client and a server with the proxy between them."""

    def __init__(self, proxy: Proxy, client: "End", server: "End") -> None:
        self.proxy, self.client, self.server = proxy, client, server


class End:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def close(self) -> None:
        self.writer.close()

    def killed(self) -> None:
        """As a process that is killed with bytes unread: the other end sees a reset."""
        end = self.writer.get_extra_info("socket")
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def hears_the_end(self) -> bool:
        """Whether the line ends here: in order or broken, both tell."""
        with contextlib.suppress(ConnectionError):
            return await self.reader.read(1) == b""
        return True


@contextlib.asynccontextmanager
async def line() -> AsyncIterator[Line]:
    arrived: asyncio.Queue[End] = asyncio.Queue()
    listening = await asyncio.start_server(
        lambda reader, writer: arrived.put_nowait(End(reader, writer)), "127.0.0.1", 0
    )
    proxy = Proxy([listening.sockets[0].getsockname()[:2]], random.Random(1))
    await proxy.start()
    client = End(*await asyncio.open_connection("127.0.0.1", proxy.port))
    server = await asyncio.wait_for(arrived.get(), _SOON_S)
    try:
        yield Line(proxy, client, server)
    finally:
        for end in (client, server):
            end.writer.transport.abort()
        await proxy.stop()
        listening.close()


async def test_what_one_end_says_the_other_hears():
    async with line() as on:
        on.client.writer.write(b"ask")
        assert await asyncio.wait_for(on.server.reader.readexactly(3), _SOON_S) == b"ask"
        on.server.writer.write(b"told")
        assert await asyncio.wait_for(on.client.reader.readexactly(4), _SOON_S) == b"told"


@pytest.mark.parametrize("ends", [End.close, End.killed], ids=["in order", "killed"])
async def test_the_client_hears_that_the_server_is_gone(ends):
    async with line() as on:
        ends(on.server)
        assert await asyncio.wait_for(on.client.hears_the_end(), _SOON_S)


@pytest.mark.parametrize("ends", [End.close, End.killed], ids=["in order", "killed"])
async def test_the_server_hears_that_the_client_is_gone(ends):
    async with line() as on:
        ends(on.client)
        assert await asyncio.wait_for(on.server.hears_the_end(), _SOON_S)


async def test_the_client_of_a_half_open_line_is_told_nothing():
    async with line() as on:
        on.proxy.half_open()
        assert await asyncio.wait_for(on.server.hears_the_end(), _SOON_S)
        on.client.writer.write(b"lost")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(on.client.hears_the_end(), _A_WHILE_S)
        on.proxy.reset()
        assert await asyncio.wait_for(on.client.hears_the_end(), _SOON_S)


async def test_a_target_that_does_not_listen_is_passed_over():
    async with line() as on:
        nobody = socket.create_server(("127.0.0.1", 0))
        gone = nobody.getsockname()
        nobody.close()
        arrived: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
        other = await asyncio.start_server(
            lambda _reader, writer: arrived.put_nowait(writer), "127.0.0.1", 0
        )
        on.proxy.turn_to([gone, other.sockets[0].getsockname()])
        _reader, writer = await asyncio.open_connection("127.0.0.1", on.proxy.port)
        found = await asyncio.wait_for(arrived.get(), _SOON_S)
        for end in (writer, found):
            end.transport.abort()
        other.close()

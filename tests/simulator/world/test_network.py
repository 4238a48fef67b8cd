"""The internet made of memory: bytes in order, ends, refusals, and a reader that holds back."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from simulator import virtual
from simulator.virtual import Clock
from simulator.world.network import Network

HOST, PORT = "10.0.0.1", 1883


class Phone(asyncio.Protocol):
    def __init__(self) -> None:
        self.heard = bytearray()
        self.lost: list[Exception | None] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.heard += data

    def connection_lost(self, error: Exception | None) -> None:
        self.lost.append(error)


async def parrot(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1000):
        writer.write(data.upper())
    writer.close()


def play(work: Coroutine[Any, Any, None]) -> None:
    async def run(clock: Clock) -> None:
        await work
        await asyncio.sleep(1)

    virtual.run(run)


async def called(network: Network, accept: Any = parrot) -> Phone:
    network.listen(HOST, PORT, accept)
    phone = Phone()
    await network.dial(phone, HOST, PORT)
    return phone


def test_bytes_go_there_and_back_in_order() -> None:
    async def work() -> None:
        phone = await called(Network())
        for word in (b"ab", b"cd", b"e" * 5000):
            phone.transport.write(word)
        await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        assert bytes(phone.heard) == b"ABCD" + b"E" * 5000
        phone.transport.close()

    play(work())


def test_a_host_that_does_not_listen_refuses() -> None:
    async def work() -> None:
        network = Network()
        (await called(network)).transport.close()
        network.close(HOST, PORT)
        with pytest.raises(ConnectionRefusedError):
            await network.dial(Phone(), HOST, PORT)

    play(work())


def test_an_orderly_end_comes_after_the_last_byte_at_both_ends() -> None:
    async def work() -> None:
        phone = await called(Network())
        phone.transport.write(b"last")
        phone.transport.close()
        await asyncio.sleep(0.001)
        assert phone.lost == [None]

        async def says_goodbye(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"bye")
            writer.close()

        phone = await called(Network(), says_goodbye)
        await asyncio.sleep(0.001)
        assert (bytes(phone.heard), phone.lost) == (b"bye", [None])

    play(work())


def test_a_reset_reaches_the_other_end() -> None:
    async def work() -> None:
        ended = []

        async def listens(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await reader.read(1)
            except ConnectionResetError:
                ended.append("reset")

        phone = await called(Network(), listens)
        await asyncio.sleep(0.001)
        phone.transport.abort()
        await asyncio.sleep(0.001)
        assert ended == ["reset"]

    play(work())


def test_who_does_not_read_is_felt_by_who_writes() -> None:
    async def work() -> None:
        kept = []

        async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            kept.append(writer)
            writer.write(b"x" * 10_000)

        network = Network()
        phone = Phone()
        network.listen(HOST, PORT, flood)
        await network.dial(phone, HOST, PORT)
        phone.transport.pause_reading()
        await asyncio.sleep(0.001)
        assert kept[0].transport.get_write_buffer_size() == 10_000
        phone.transport.resume_reading()
        await asyncio.sleep(0.001)
        assert kept[0].transport.get_write_buffer_size() == 0
        assert len(phone.heard) == 10_000
        phone.transport.close()

    play(work())

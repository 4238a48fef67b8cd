"""A simulated module with its driver on a real serial line, and servers to talk with."""

import asyncio
import os
import random
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from terminal.modem import choose
from terminal.modem.chat import Chat

from simulator.world.line import Line
from simulator.world.makers import VENDORS
from simulator.world.modem import Modem
from simulator.world.module import Timing
from simulator.world.power import Presses
from simulator.world.radio import Radio
from simulator.world.speaker import Speaker

HOST = "cloud.example"
MAKERS = ("a7670", "air780e")
Run = Callable[..., None]
QUICK = Timing(presses=Presses(on_s=0.03, off_s=1.0), off_s=0.1, netopen_s=0.02, locate_s=0.05)


class Serial:
    """The firmware's end of the line."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._fd = os.open(line.path, os.O_RDWR | os.O_NOCTTY)
        self._more = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._fd, self._more.set)

    async def read(self, most: int = 512) -> bytes:
        while True:
            with suppress(BlockingIOError):
                data = os.read(self._fd, most)
                if data:
                    return data
            self._more.clear()
            await self._more.wait()

    def write(self, data: bytes) -> None:
        os.write(self._fd, data)

    def set_baud(self, baud: int) -> None:
        self._line.set_host_baud(baud)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._fd)
        os.close(self._fd)


class Table:
    """A module, its driver, and the CA that the bench wrote to the board."""

    def __init__(self, maker: str = "a7670", **manner: Any) -> None:
        self.maker = maker
        self.line = Line(fragment=manner.pop("fragment", False), rng=random.Random(4))
        self.radio = Radio(search_s=0.05, nitz_s=0.05, one_way_s=0.005)
        self.radio.names[HOST] = "127.0.0.1"
        self.module = Modem(
            self.line,
            self.radio,
            Speaker(),
            vendor=VENDORS[maker],
            boot_s=0.2,
            timing=QUICK,
            rng=random.Random(3),
            **manner,
        )
        self.pem = b""
        self.serial = Serial(self.line)
        self.chat = Chat(self.serial)
        self.modem = choose(maker)(self.chat, self)

    async def press_power_key(self, held_ms: int) -> None:
        self.module.power_key(0)
        await asyncio.sleep(held_ms / 1000)
        self.module.power_key(1)

    def ca(self) -> bytes:
        if not self.pem:
            raise OSError("no ca.pem")
        return self.pem

    def commands(self, start: str) -> list[str]:
        said = self.module.transcript
        return [s.text for s in said if not s.by_modem and s.text.startswith(start)]


def on_a_table(script: Callable[[Table], Any], **kind: Any) -> None:
    """Runs `script` with a module that is on the network; `kind`: its maker, its manners."""

    async def work() -> None:
        table = Table(**kind)
        tasks = [asyncio.create_task(w) for w in (table.module.run(), table.chat.run())]
        try:
            async with asyncio.timeout(60):
                await table.modem.ready()
                await script(table)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            table.serial.close()
            table.module.close()
            table.line.close()
            await asyncio.sleep(0.02)

    asyncio.run(work())


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(4096):
            writer.write(data)
        writer.close()


async def listening(serve: Callable, **more: Any) -> tuple[asyncio.Server, int]:
    server = await asyncio.start_server(serve, "127.0.0.1", 0, **more)
    return server, server.sockets[0].getsockname()[1]


async def told(sock: Any, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += await sock.read(5000)
    return data


class Clock(asyncio.DatagramProtocol):
    """An NTP server at a fixed time; `spoil` changes its answers."""

    def __init__(self, unix_s: int, spoil: Callable[[bytearray], bytes] = bytes) -> None:
        self.unix_s, self.spoil = unix_s, spoil

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple) -> None:
        head = bytes([0x24, 2]) + bytes(22)
        stamp = struct.pack("!II", (self.unix_s + 2_208_988_800) % 2**32, 2**31)
        self.transport.sendto(self.spoil(bytearray(head + data[40:48] + stamp * 2)), addr)

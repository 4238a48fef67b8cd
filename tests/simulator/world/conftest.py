"""A modem on the table: cable, radio, speaker, plant, an echo server, and a plain client."""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest

from simulator.world.line import Line
from simulator.world.mains import Mains
from simulator.world.modem import Modem
from simulator.world.module import Timing
from simulator.world.power import Presses
from simulator.world.radio import Radio
from simulator.world.speaker import Speaker
from simulator.world.trouble import Trouble

PATIENCE_S = 60.0  # for anything that should happen at once
QUICK = Timing(
    presses=Presses(on_s=0.01, off_s=0.4, reset_s=0.1),
    reply_s=0.002,
    off_s=0.05,
    radio_s=0.01,
    netopen_s=0.02,
    send_s=0.002,
    locate_s=0.05,
    ntp_s=0.02,
    character_s=0.01,
    data_wait_s=10.0,
    connect_timeout_s=10.0,
    send_timeout_s=0.2,
)


class Client:
    """The firmware's place on the cable, with nothing clever in it."""

    def __init__(self, path: str) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        self.unread = bytearray()
        self.sizes: list[int] = []  # of the pieces in which bytes came
        self._more = asyncio.Event()
        asyncio.get_running_loop().add_reader(self.fd, self._read)

    def _read(self) -> None:
        data = os.read(self.fd, 4096)
        self.unread += data
        self.sizes.append(len(data))
        self._more.set()

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self.fd)
        os.close(self.fd)

    def write(self, data: bytes) -> None:
        assert os.write(self.fd, data) == len(data)

    def command(self, text: str) -> None:
        self.write(text.encode("latin-1") + b"\r")

    async def until(self, enough: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
        async with asyncio.timeout(seconds):
            while not enough():
                self._more.clear()
                await self._more.wait()

    async def take(self, nbytes: int) -> bytes:
        await self.until(lambda: len(self.unread) >= nbytes)
        data = bytes(self.unread[:nbytes])
        del self.unread[:nbytes]
        return data

    async def line(self, seconds: float = PATIENCE_S) -> str:
        """The next line that is not empty."""
        while True:
            await self.until(lambda: b"\r\n" in self.unread, seconds)
            text, _, rest = bytes(self.unread).partition(b"\r\n")
            self.unread = bytearray(rest)
            if text.rstrip(b"\r"):
                return text.decode("latin-1").rstrip("\r")

    async def wait_for(self, wanted: str, seconds: float = PATIENCE_S) -> list[str]:
        """Lines up to and with the wanted one."""
        lines = []
        async with asyncio.timeout(seconds):
            while not lines or lines[-1] != wanted:
                lines.append(await self.line())
        return lines

    async def ask(self, text: str) -> list[str]:
        """Sends a command; its lines up to and with the final result code."""
        self.command(text)
        lines = []
        while not lines or not (lines[-1] in ("OK", "ERROR") or "+CME ERROR" in lines[-1]):
            lines.append(await self.line())
        return lines

    async def silence(self, seconds: float = 0.1) -> bool:
        """Whether nothing came for so long."""
        await asyncio.sleep(seconds)
        return not self.unread

    async def send(self, data: bytes, number: int = 0) -> str:
        """One AT+CIPSEND; the line that tells what became of it."""
        self.command(f"AT+CIPSEND={number},{len(data)}")
        assert await self.take(3) == b"\r\n>"
        self.write(data)
        assert await self.line() == "OK"
        return await self.line()

    async def play(self, transcript: str) -> None:
        """`> what is sent` and `< the next line that must come`, one a line."""
        for row in filter(None, map(str.strip, transcript.splitlines())):
            way, _, text = row.partition(" ")
            if way == ">":
                self.command(text)
            else:
                assert await self.line() == text


@dataclass
class Echo:
    """A TCP server that sends back what it hears."""

    port: int = 0
    heard: bytearray = field(default_factory=bytearray)
    endings: list[str] = field(default_factory=list)  # "end" or "reset", one a connection
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    answers: bool = True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        try:
            while data := await reader.read(4096):
                self.heard += data
                if self.answers:
                    writer.write(data)
                    await writer.drain()
            self.endings.append("end")
        except ConnectionResetError:
            self.endings.append("reset")
        except asyncio.CancelledError:
            pass
        writer.close()


async def eventually(true: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.005)


@dataclass
class Desk:
    """Everything of one simulated modem, and the client."""

    line: Line
    radio: Radio
    speaker: Speaker
    modem: Modem
    mains: Mains
    trouble: Trouble
    client: Client
    echo: Echo

    eventually = staticmethod(eventually)

    async def press(self, seconds: float = 0.02) -> None:
        self.modem.power_key(0)
        await asyncio.sleep(seconds)
        self.modem.power_key(1)

    async def start(self) -> None:
        """On, echo off, verbose errors, registered, the line quiet."""
        await self.press()
        await self.client.wait_for("PB DONE")
        await self.eventually(lambda: self.radio.stat is self.radio.coverage)
        await self.client.silence(0.015)
        self.client.command("ATE0")
        await self.client.wait_for("OK")
        await self.client.ask("AT+CMEE=2")
        self.client.unread.clear()

    async def online(self) -> None:
        """Started, with connection 0 to the echo server in manual receive mode."""
        await self.start()
        await self.client.play(
            f"""
            > AT+CIPRXGET=1
            < OK
            > AT+NETOPEN
            < OK
            < +NETOPEN: 0
            > AT+CIPOPEN=0,"TCP","127.0.0.1",{self.echo.port}
            < OK
            < +CIPOPEN: 0,0
            """
        )


@asynccontextmanager
async def lay_out(
    baud: int = 115_200,
    fragment: bool = False,
    radio: Radio | None = None,
    seed: int = 1,
    **options: object,
) -> AsyncIterator[Desk]:
    rng = random.Random(seed)
    line = Line(baud, fragment=fragment, rng=rng)
    radio = radio or Radio(search_s=0.015, nitz_s=0.005, one_way_s=0.01, bearer_s=0.15)
    speaker, mains = Speaker(), Mains(rng)
    options = {"boot_s": 0.03, "timing": QUICK, "rng": rng, **options}
    modem = Modem(line, radio, speaker, **options)
    running = asyncio.create_task(modem.run())
    echo = Echo()
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    echo.port = server.sockets[0].getsockname()[1]
    client = Client(line.path)
    await asyncio.sleep(0)
    try:
        yield Desk(line, radio, speaker, modem, mains, Trouble(modem, mains, rng), client, echo)
    finally:
        client.close()
        modem.close()
        running.cancel()
        line.close()
        server.close()
        for writer in echo.writers:
            writer.close()
        await asyncio.sleep(0.01)
        with suppress(asyncio.CancelledError):
            await running


@pytest.fixture
def desk() -> Callable[..., AbstractAsyncContextManager[Desk]]:
    """`async with desk() as d:`; options of the modem and the line as keywords."""
    return lay_out


@pytest.fixture
def quick() -> Timing:
    return QUICK

"""An Air780E on the table: started, and on line with link 0 to the echo server."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from simulator.world.air780e import AIR780E

from ..conftest import Desk, lay_out

READY = """
    > AT+CIPRXGET=1
    < OK
    > AT+CIPMUX=1
    < OK
    > AT+CIPQSEND=1
    < OK
    > AT+CSTT
    < OK
    > AT+CIICR
    < OK
    > AT+CIFSR
    < 010.087.003.021
"""


class Air(Desk):
    """The same table with the other module."""

    async def start(self) -> None:
        await self.press()
        await self.client.wait_for("+CGEV: ME PDN ACT 1")
        await self.client.silence(0.05)
        self.client.command("ATE0")
        await self.client.wait_for("OK")
        await self.client.ask("AT+CMEE=2")
        self.client.unread.clear()

    async def up(self) -> None:
        await self.start()
        await self.client.play(READY)

    async def online(self) -> None:
        await self.up()
        await self.client.play(
            f"""
            > AT+CIPSTART=0,"TCP","127.0.0.1",{self.echo.port}
            < OK
            < 0, CONNECT OK
            """
        )

    async def give(self, data: bytes, number: int = 0, end: bytes = b"\r\n") -> None:
        """AT+CIPSEND up to the last byte of data."""
        self.client.write(b"AT+CIPSEND=%d,%d" % (number, len(data)) + end)
        assert await self.client.take(3) == b"\r\n>"
        self.client.write(data)


@pytest.fixture
def air() -> Callable[..., AbstractAsyncContextManager[Air]]:
    """`async with air() as d:`; options of the modem and the line as keywords."""

    @asynccontextmanager
    async def lay(**options: Any) -> AsyncIterator[Air]:
        async with lay_out(**{"vendor": AIR780E, **options}) as desk:
            yield Air(**vars(desk))

    return lay

"""A server of the made-up network behind TLS, and what can be wrong with its door."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable

_HALF_A_HELLO = b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76"


class TlsDoor:
    """`accept` lets a caller in to `within`, by the certificate of `context`.

    breaks: it hangs up in the middle of the handshake; stalls: it takes the caller's words and
    says nothing.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        within: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    ) -> None:
        self.context, self._within = context, within
        self.breaks = self.stalls = False

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):  # a caller who does not like our papers, or is gone
            if self.breaks or self.stalls:
                await self._no_handshake(reader, writer)
            else:
                await writer.start_tls(self.context)
                await self._within(reader, writer)

    async def _no_handshake(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.read(1)
        if self.breaks:
            writer.write(_HALF_A_HELLO)
            writer.close()
        while await reader.read(4_096):
            pass
        writer.close()

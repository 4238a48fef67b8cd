"""The world's end of the board link: pins and inputs as lines of JSON over loopback.

From the board: `{"pin", "value"}`, `{"uart", "baud"}`, `{"watchdog_ms"}`, `{"fed"}`,
`{"reset"}`, `{"sound": "begin", "rate"}`, `{"sound": "samples", "hex"}`, `{"sound": "end",
"unheard"}`, `{"cable"}` (on the bench).

To the board: first all inputs in one line, `{"pins": [[pin, value], …], "rms_mv": [[pin, mV], …],
"mv": [[pin, mV], …], "board_c"}`, then each that changes: `{"pin", "value"}`, `{"adc", "rms_mv"}`
(a wave about half the supply), `{"adc", "mv"}` (a level) and `{"board_c"}`.
"""

import asyncio
import contextlib
import json
import socket
from collections.abc import Callable


class BoardLink:
    """Listens on a free loopback port. `on_news(dict)` gets each line of the board."""

    def __init__(self, on_news: Callable[[dict], None]) -> None:
        self._on_news = on_news
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None
        self.inputs: dict[int, int] = {}
        self._analog: dict[str, dict[int, int]] = {"rms_mv": {}, "mv": {}}
        self._board_c: float | None = None
        self.port = 0

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._board, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        self.drop()
        if self._server:
            self._server.close()

    def drop(self) -> None:
        """Ends the connection of the board that was running."""
        if self._writer:
            self._writer.close()
            self._writer = None

    def set_pin(self, pin: int, value: int) -> None:
        if self.inputs.get(pin) != value:
            self.inputs[pin] = value
            self.tell({"pin": pin, "value": value})

    def set_rms_mv(self, pin: int, rms_mv: int) -> None:
        self._set_analog("rms_mv", pin, rms_mv)

    def set_mv(self, pin: int, mv: int) -> None:
        self._set_analog("mv", pin, mv)

    def set_board_c(self, celsius: float) -> None:
        """The chip's own temperature."""
        if self._board_c != celsius:
            self._board_c = celsius
            self.tell({"board_c": celsius})

    def _set_analog(self, kind: str, pin: int, value: int) -> None:
        if self._analog[kind].get(pin) != value:
            self._analog[kind][pin] = value
            self.tell({"adc": pin, kind: value})

    def standing(self) -> dict:
        """What a board that starts must know first: all inputs as they are, in one line. Were
        they several, a board could measure between two of them, and take a pin that nobody told
        it of for half the supply: gas."""
        told = {"pins": list(self.inputs.items())}
        told |= {kind: list(values.items()) for kind, values in self._analog.items()}
        return told if self._board_c is None else told | {"board_c": self._board_c}

    def tell(self, news: dict) -> None:
        if self._writer:
            self._writer.write(json.dumps(news).encode() + b"\n")

    async def _board(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.drop()
        self._writer = writer
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.tell(self.standing())
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                if self._writer is writer:
                    self._on_news(json.loads(line))
        writer.close()

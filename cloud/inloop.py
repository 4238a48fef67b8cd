"""The cloud inside somebody else's event loop and clock: for worlds that own the time.

The rooms, the ingest's order (receive, commit, acknowledge, pass on), the log-in check and the
embedded broker's connections, sessions, routes and rights are the real ones. Left out are the
threads, the sockets and paho: the broker takes its callers from `accept`, and the cloud's own
subscriber sits in its loop. Nothing here sleeps or looks at a wall clock.
"""

import asyncio
import logging
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cloud.app import ROUNDS
from cloud.app import handlers as all_handlers
from cloud.base.clock import Clock
from cloud.base.database import migrate
from cloud.base.settings import Settings
from cloud.base.unit import Ground, Unit
from cloud.book import outbox
from cloud.link import intake
from cloud.mqtt import rights, topics
from cloud.mqtt.admission import Door
from cloud.mqtt.limits import Limits, Tally
from cloud.mqtt.login import CLOUD_USER, Doorkeeper, secrets_of
from cloud.mqtt.packets import Message
from cloud.mqtt.rights import Account
from cloud.mqtt.switchboard import Switchboard
from cloud.web import create_app

log = logging.getLogger(__name__)


class Board(Switchboard):
    """The embedded broker without a port; `stop` is its restart as its clients feel it."""

    def __init__(self, door: Door, limits: Limits, tally: Tally) -> None:
        super().__init__(_Nowhere(), door, rights.may, limits, tally)  # type: ignore[arg-type]

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._accept(reader, writer)

    def seat(self, name: str, line: Any) -> Any:
        """A session of the cloud's own, for a subscriber in this loop."""
        session, _ = self._seat(Account(name, cloud=True), clean=False)
        session.attach(line)
        self.subscribe(session, topics.EVERY_UP, 1)
        return session

    async def send(self, device: str, body: bytes, light: bool = False) -> None:
        await self._hand_over(Message(topics.down(device), body, 0 if light else 1), wanted=False)

    async def stop(self) -> None:
        self._closing = True
        for session in self._known.values():
            if isinstance(session.line, Subscriber):
                session.detach()
            elif session.line is not None:
                session.line.will = None
        for task, writer in list(self._callers.items()):
            writer.transport.abort()
            task.cancel()
        await asyncio.gather(*self._callers, return_exceptions=True)


class _Nowhere:
    def getsockname(self) -> tuple[str, int]:
        return "memory", 0


class Subscriber:
    """What the ingest is to a session of the broker: takes PUBLISH packets, acknowledges later."""

    def __init__(self, take: Callable[[str, bytes], None]) -> None:
        self._take = take
        self.session: Any = None
        self._waiting: list[tuple[int, str, bytes]] = []
        self._loop = asyncio.get_running_loop()

    def ready(self) -> bool:
        return True

    def cut(self, why: str) -> None:
        raise AssertionError(why)

    def write(self, data: bytes) -> None:
        at = 1
        while data[at] & 0x80:  # the length takes one to four bytes
            at += 1
        (size,) = struct.unpack_from("!H", data, at + 1)
        topic = data[at + 3 : at + 3 + size].decode()
        body_at, packet_id = at + 3 + size, 0
        if data[0] & 0x06:
            (packet_id,) = struct.unpack_from("!H", data, body_at)
            body_at += 2
        if not self._waiting:
            self._loop.call_soon(self._settle)
        self._waiting.append((packet_id, topic, data[body_at:]))

    def _settle(self) -> None:
        waiting, self._waiting = self._waiting, []
        for packet_id, topic, payload in waiting:
            self._take(topics.device_of(topic) or "", payload)
            if packet_id:
                self.session.acknowledged(packet_id)


class InLoopCloud:
    """`start`, then `accept` for the network's callers; `words` counts what was received.

    handlers, rounds: what follows from events and of itself, all of it by default.
    """

    def __init__(
        self,
        data: Path,
        clock: Clock,
        *,
        handlers: outbox.Handlers | None = None,
        rounds: Sequence[Callable[[Unit], object]] = ROUNDS,
        **settings: Any,
    ) -> None:
        self.settings = Settings(data_dir=data, **settings)
        self.ground = Ground.open(self.settings, clock)
        self.words: Tally = Tally()
        self.tally = Tally()
        self._handlers = all_handlers() if handlers is None else handlers
        self._rounds = rounds
        self._limits = Limits()
        self._door: Door | None = None
        self._board: Board | None = None
        self._subscriber = Subscriber(self._receive)
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = False
        self._web = create_app(self.ground).test_client()

    def start(self) -> None:
        migrate(self.ground.engine)
        self.ground.send = self._send
        self.ground.wake = self._wake
        doorkeeper = Doorkeeper(secrets_of(self.ground), self.ground.clock)
        self._door = Door(doorkeeper, rights.may, self._limits, self.tally)
        self.broker_up()

    async def stop(self) -> None:
        await self.broker_down()
        if self._door:
            self._door.close()
        self.ground.close()

    def broker_up(self) -> None:
        assert self._door
        self._board = Board(self._door, self._limits, self.tally)
        self._subscriber.session = self._board.seat(f"{CLOUD_USER}-ingest", self._subscriber)

    async def broker_down(self) -> None:
        board, self._board = self._board, None
        if board:
            await board.stop()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A caller of the broker, as from asyncio.start_server."""
        if self._board is None:
            writer.transport.abort()
        else:
            self._board.accept(reader, writer)

    async def accept_http(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """A caller of the web: one request, answered by the real application."""
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        method, path, _ = first.split(" ")
        headers = [tuple(line.split(": ", 1)) for line in lines if line]
        body = await reader.readexactly(int(dict(headers).get("Content-Length", 0)))
        answer = self._web.open(path, method=method, headers=headers, data=body)
        said = [f"HTTP/1.1 {answer.status}", *(f"{k}: {v}" for k, v in answer.headers.items())]
        writer.write("\r\n".join([*said, "Connection: close", "", ""]).encode())
        writer.write(answer.data)
        writer.close()

    def connected(self) -> list[str]:
        return self._board.connected() if self._board else []

    def sweep(self) -> None:
        """One round of the housekeeping."""
        for sweep in self._rounds:
            with self.ground.write() as unit:
                sweep(unit)
        self._deliver()

    def _receive(self, device: str, payload: bytes) -> None:
        """As cloud.mqtt.ingest: the caller acknowledges when this has come back."""
        with self.ground.write() as unit:
            word = intake.receive(unit, device, payload)
        self.words[word] += 1
        self._deliver()

    def _wake(self) -> None:
        self._news = True
        asyncio.get_running_loop().call_soon(self._deliver)

    def _deliver(self) -> None:
        if self._news:
            self._news = False
            outbox.deliver(self.ground, self._handlers)

    def _send(self, device: str, body: bytes, light: bool = False) -> None:
        if self._board is not None:  # else it is a row, and the sweep sends it again
            task = asyncio.get_running_loop().create_task(self._board.send(device, body, light))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

"""A phone beside a terminal: finds it by Bluetooth, hands in tickets, carries its journal.

Follows docs/ble.md, as a page with Web Bluetooth would. The phone's own stack is Google bumble.
"""

import asyncio
import json
import time
from collections import deque
from typing import Any

from simulator.world.air import Air

SERVICE = "484D0001-7765-6C64-8000-00805F9B34FB"
IDENTITY, TICKET, STATE, JOURNAL = 2, 3, 4, 5
FIRST, LAST, NUMBER = 0x80, 0x40, 0x3F
NO_PIECE = 0xFF
SMALLEST = 20  # bytes of a piece that every link carries
MODES = ("idle", "working", "emergency", "fault", "service", "locked")
CODES = (
    *("-", "ok", "pieces", "closed", "malformed", "wrong-device", "bad-mac", "fire-watch"),
    *("stale-challenge", "used", "expired", "void", "ended", "locked", "gas", "relay-stuck"),
    "unsupported",
)
_WAIT_S = 10
_CONNECT_S = 1.5


class NearbyError(Exception):
    """The terminal is not there, or does not do as docs/ble.md says."""


class State:
    """What the terminal says of itself and of our last piece."""

    def __init__(self, data: bytes) -> None:
        self.mode = MODES[data[0]] if data[0] < len(MODES) else "?"
        self.relay = data[1]
        self.word = CODES[data[2]] if data[2] < len(CODES) else "fault"
        self.piece, self.of, self.room = data[3], data[4], data[5]
        self.job = data[6:].decode(errors="ignore")


class NearbyPhone:
    """One phone. `meet` it with a terminal; then ask; `part` when done."""

    def __init__(self, air: Air, name: str = "phone") -> None:
        self._air = air
        self._name = name
        self._device: Any = None
        self._connection: Any = None
        self._found: dict[int, Any] = {}
        self._states: asyncio.Queue[State] = asyncio.Queue()
        self._texts: asyncio.Queue[bytes] = asyncio.Queue()
        self._text = b""
        self.room = SMALLEST
        self.sent_ns = 0  # when the newest piece began to go out (monotonic)
        self.states: deque[State] = deque(maxlen=200)
        self.notes: deque[tuple[int, bytes]] = deque(maxlen=2_000)  # (characteristic, as it came)

    async def meet(self, device: str, mtu: int = 247, within_s: float = _WAIT_S) -> dict[str, Any]:
        """Connects with the terminal `device`; its identity."""
        async with asyncio.timeout(within_s):
            if self._device is None:
                self._device = await self._air.device(self._name)
            while True:
                for address in await self._look_around():
                    identity = await self._connect(address, mtu)
                    if identity and identity.get("d") == device:
                        return identity
                    await self.part()

    async def _look_around(self) -> list[Any]:
        """Addresses of the terminals that show themselves just now."""
        from bumble.core import UUID, AdvertisingData

        seen: dict[str, Any] = {}

        def heard(advertisement: Any) -> None:
            kind = AdvertisingData.Type.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS
            if UUID(SERVICE) in (advertisement.data.get(kind) or ()):
                seen[str(advertisement.address)] = advertisement.address

        self._device.on("advertisement", heard)
        await self._device.start_scanning(filter_duplicates=False)
        try:
            await asyncio.sleep(0.4)
        finally:
            await self._device.stop_scanning()
            self._device.remove_listener("advertisement", heard)
        return list(seen.values())

    async def _connect(self, address: Any, mtu: int) -> dict[str, Any] | None:
        """The identity of who is at this address; None where nobody is any more."""
        from bumble.core import UUID
        from bumble.device import Peer

        try:
            self._connection = await self._device.connect(address, timeout=_CONNECT_S)
        except TimeoutError:
            return None
        self._connection.on("disconnection", lambda _: self._gone())
        peer = Peer(self._connection)
        if mtu > 23:
            await peer.request_mtu(mtu)
        services = await peer.discover_service(UUID(SERVICE))
        if not services:
            raise NearbyError("no such service")
        await services[0].discover_characteristics()
        base = SERVICE[8:]
        by_uuid = {one.uuid: one for one in services[0].characteristics}
        self._found = {
            number: by_uuid[UUID(f"484D{number:04X}{base}")]
            for number in (IDENTITY, TICKET, STATE, JOURNAL)
        }
        self.room, self._text = SMALLEST, b""
        self._states, self._texts = asyncio.Queue(), asyncio.Queue()
        await self._found[STATE].subscribe(self._state)
        await self._found[JOURNAL].subscribe(self._piece)
        return await self.identity()

    @property
    def connected(self) -> bool:
        return self._connection is not None

    async def part(self) -> None:
        if self._connection:
            await self._connection.disconnect()

    async def pair(self) -> None:
        """Just Works: neither has a display that the other could read."""
        await self._connection.pair()

    def _gone(self) -> None:
        self._connection = None

    # what the terminal tells ------------------------------------------------------------------

    async def identity(self) -> dict[str, Any]:
        """Read again where it changed while it was being read, or is not yet there."""
        for _ in range(40):
            data = await self._found[IDENTITY].read_value()
            try:
                return json.loads(data)
            except ValueError:
                await asyncio.sleep(0.05)
        raise NearbyError("identity")

    async def state(self) -> State:
        return State(await self._found[STATE].read_value())

    async def gatt(self, of: int, data: bytes | None) -> bytes:
        """Reads a characteristic, or writes it with response: what a browser does."""
        if data is None:
            return bytes(await self._found[of].read_value())
        await self._found[of].write_value(data, with_response=True)
        return b""

    def _state(self, data: bytes) -> None:
        self.notes.append((STATE, bytes(data)))
        state = State(data)
        self.room = state.room
        self.states.append(state)
        self._states.put_nowait(state)

    def _piece(self, data: bytes) -> None:
        self.notes.append((JOURNAL, bytes(data)))
        self._text = data[1:] if data[0] & FIRST else self._text + data[1:]
        if data[0] & LAST:
            self._texts.put_nowait(self._text)

    async def _next_state(self) -> State:
        return await self._or_gone(self._states)

    async def _next_text(self) -> bytes:
        return await self._or_gone(self._texts)

    async def _or_gone(self, queue: asyncio.Queue) -> Any:
        for _ in range(_WAIT_S * 20):
            if not queue.empty():
                return queue.get_nowait()
            if not self.connected:
                raise NearbyError("disconnected")
            try:
                return await asyncio.wait_for(queue.get(), 0.05)
            except TimeoutError:
                continue
        raise NearbyError("no answer")

    # what we tell the terminal ------------------------------------------------------------------

    async def write_piece(self, of: int, data: bytes) -> State:
        """One piece, raw; the state that comes for it."""
        while not self._states.empty():
            self._states.get_nowait()
        await self._found[of].write_value(data, with_response=True)
        while True:
            state = await self._next_state()
            if state.piece in (data[0] if data else NO_PIECE, NO_PIECE):
                return state

    async def write(self, of: int, text: bytes) -> State:
        """A whole text, piece by piece; the state after the last."""
        while not self._texts.empty():  # the answer to something that nobody waited for
            self._texts.get_nowait()
        at = number = 0
        while True:
            part = text[at : at + self.room - 1]
            at += len(part)
            head = number & NUMBER | (0 if number else FIRST) | (LAST if at >= len(text) else 0)
            self.sent_ns = time.monotonic_ns()
            state = await self.write_piece(of, bytes([head]) + part)
            if state.piece != head:
                raise NearbyError(state.word)
            if head & LAST:
                return state
            number += 1

    async def _answered(self, state: State) -> str:
        while state.word == "-":
            state = await self._next_state()
        return state.word

    async def give(self, ticket: str) -> tuple[str, dict[str, Any] | None]:
        """Hands a ticket in: (word, receipt); a receipt comes for whatever the terminal judged."""
        word = await self._answered(await self.write(TICKET, ticket.encode()))
        return word, json.loads(await self._next_text())

    async def carry(self, seq: int = 0) -> tuple[str, bytes]:
        """The journal's entries from `seq` on, as the cloud is to get them."""
        word = await self._answered(await self.write(JOURNAL, b'{"from":%d}' % seq))
        return word, await self._next_text() if word == "ok" else b""

    async def hand_in(self, stored: bytes) -> str:
        """The cloud's `stored` back to the terminal."""
        return await self._answered(await self.write(JOURNAL, stored))

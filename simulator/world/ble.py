"""One terminal's Bluetooth chip: does on the air what the board's `bluetooth` stand-in tells it.

What the board has told is kept, so that the radio can go and come back; on the air is only what a
phone could meet (see `air.py`).
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from simulator.world.air import Air

_NOTIFY, _INDICATE = 0x10, 0x20
_READ, _WRITE = 0x02, 0x0C
_PROPERTIES = 0x3E  # of the flags, those that a phone sees


class Ble:
    """`hear(news)` takes one line of the board; `tell(news)` is how it hears of phones."""

    def __init__(self, name: str, tell: Callable[[dict], None]) -> None:
        self.name = name
        self._tell = tell
        self._air: Air | None = None
        self._work: asyncio.Queue[Callable[[], Awaitable[None]]] | None = None
        self._worker: asyncio.Task[None] | None = None
        self._device: Any = None
        self.in_reach = True
        self._wishes = 0  # counted, so that several at once are one rebuilding
        self._built = -1
        self._forget()

    def _forget(self) -> None:
        self._active = False
        self._mtu = 256
        self._services: list = []
        self._values: dict[int, bytes] = {}
        self._advert: dict | None = None
        self._characteristics: dict[int, Any] = {}
        self._connections: dict[int, Any] = {}

    def begin(self, air: Air) -> None:
        """A first phone is there: what was only noted so far is put on the air."""
        self._air, self._work = air, asyncio.Queue()
        self._worker = asyncio.create_task(self._run())
        self._wish()

    async def close(self) -> None:
        if self._worker:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)

    @property
    def connected(self) -> int:
        """How many phones."""
        return len(self._connections)

    def reach(self, on: bool) -> None:
        """The hand: takes the terminal out of the phones' reach, or back."""
        self.in_reach = on
        self._wish()

    def dead(self) -> None:
        """The board has lost its power or was reset."""
        self._forget()
        self._wish()

    def hear(self, news: dict) -> None:
        what = news["ble"]
        if what == "active":
            self._forget()
            self._active, self._mtu = bool(news["on"]), news["mtu"]
            self._wish()
        elif what == "services":
            self._services = news["services"]
            self._wish()
        elif what == "value":
            self._values[news["handle"]] = bytes.fromhex(news["hex"])
        elif what == "mtu":
            self._mtu = news["mtu"]
        elif what == "advertise":
            self._advert = news if news["interval_us"] is not None else None
            self._do(self._advertise)
        else:
            self._do(partial(self._towards_phone, news))

    # on the air ------------------------------------------------------------------------------

    def _wish(self) -> None:
        self._wishes += 1
        self._do(self._rebuild)

    def _do(self, work: Callable[[], Awaitable[None]]) -> None:
        if self._work is not None:
            self._work.put_nowait(work)

    async def _run(self) -> None:
        assert self._work
        while True:
            work = await self._work.get()
            try:
                await work()
            except Exception:
                traceback.print_exc()  # must not pass for a silent radio

    async def _rebuild(self) -> None:
        """The stack as the board wants it now: away, or with these services."""
        assert self._air
        if self._built == self._wishes:
            return
        self._built = self._wishes
        if self._device:
            self._air.lose(self._device)
            self._device = None
            await asyncio.sleep(0)
        if not (self._active and self._services and self.in_reach):
            return
        from bumble.device import DeviceConfiguration

        self._device = device = self._air.terminal(self.name, DeviceConfiguration(name=self.name))
        device.add_services([self._service(*one) for one in self._services])
        device.gatt_server.max_mtu = self._mtu
        device.on(device.EVENT_CONNECTION, self._met)
        await device.power_on()
        await self._advertise()

    def _service(self, uuid: str, parts: list) -> Any:
        from bumble.core import UUID
        from bumble.gatt import Service

        made = [self._characteristic(*part) for part in parts]
        return Service(UUID.from_bytes(bytes.fromhex(uuid)), made)

    def _characteristic(self, uuid: str, flags: int, handle: int) -> Any:
        from bumble.core import UUID
        from bumble.gatt import Characteristic, CharacteristicValue

        rights = Characteristic.Permissions(0)
        rights |= Characteristic.READABLE if flags & _READ else rights
        rights |= Characteristic.WRITEABLE if flags & _WRITE else rights
        one = Characteristic(
            UUID.from_bytes(bytes.fromhex(uuid)),
            Characteristic.Properties(flags & _PROPERTIES),
            rights,
            CharacteristicValue(
                read=lambda _: self._values.get(handle, b""),
                write=lambda connection, data: self._written(connection, handle, data),
            ),
        )
        self._characteristics[handle] = one
        return one

    async def _advertise(self) -> None:
        if not self._device:
            return
        if not self._advert:
            await self._device.stop_advertising()
            return
        interval_ms = max(20, self._advert["interval_us"] // 1000)
        await self._device.start_advertising(
            advertising_data=bytes.fromhex(self._advert["adv"]),
            scan_response_data=bytes.fromhex(self._advert["resp"]),
            advertising_interval_min=interval_ms,
            advertising_interval_max=interval_ms,
        )

    async def _towards_phone(self, news: dict) -> None:
        connection = self._connections.get(news["conn"])
        if connection is None or self._device is None:
            return
        if news["ble"] == "disconnect":
            await connection.disconnect()
            return
        server, value = self._device.gatt_server, bytes.fromhex(news["hex"])
        one = self._characteristics[news["handle"]]
        if news["ble"] == "notify":
            await server.notify_subscriber(connection, one, value, force=True)
        else:
            await server.indicate_subscriber(connection, one, value, force=True)
            self._say("indicated", connection, handle=news["handle"], status=0)

    # phones --------------------------------------------------------------------------------------

    def _met(self, connection: Any) -> None:
        self._advert = None  # the chip stops by itself
        self._connections[connection.handle] = connection
        connection.on(connection.EVENT_DISCONNECTION, lambda _: self._parted(connection))
        connection.on(
            connection.EVENT_CONNECTION_ATT_MTU_UPDATE,
            lambda: self._say("mtu", connection, mtu=connection.att_mtu),
        )
        connection.on(
            connection.EVENT_CONNECTION_ENCRYPTION_CHANGE,
            lambda: self._say("encryption", connection, key_size=16),
        )
        address = bytes(connection.peer_address)[::-1]
        self._say("connect", connection, type=1, addr=address.hex())

    def _parted(self, connection: Any) -> None:
        if self._connections.pop(connection.handle, None):
            self._say("disconnect", connection)

    def _written(self, connection: Any, handle: int, data: bytes) -> None:
        self._say("write", connection, handle=handle, hex=data.hex())

    def _say(self, what: str, connection: Any, **more: Any) -> None:
        self._tell({"ble": what, "conn": connection.handle} | more)

"""Stand-in for MicroPython's aioble where the genuine one cannot be had: the peripheral's calls.

Written from its documentation, on the same `bluetooth`; where `.tools/aioble` holds the genuine
one (setup/aioble.sh), the simulator takes that instead. Its ways are kept: one queue of ten
captured writes for all characteristics, which drops the oldest; a cancelled `advertise` is None.
"""

import asyncio
import struct

import bluetooth

_CONNECTED, _DISCONNECTED, _WRITTEN, _MTU, _ENCRYPTED = 1, 2, 3, 21, 28
_QUEUE = 10
_ADV_ROOM = 31

_ble = bluetooth.BLE()
_connections = {}  # handle: DeviceConnection
_written = {}  # handle: Characteristic
_incoming = []
_came = asyncio.ThreadSafeFlag()


def _irq(event, data):
    if event == _CONNECTED:
        _connections[data[0]] = connection = DeviceConnection(*data)
        _incoming.append(connection)
        _came.set()
        return
    connection = _connections.get(data[0])
    if connection is None:
        return
    if event == _DISCONNECTED:
        del _connections[data[0]]
        connection._lost()
    elif event == _WRITTEN and data[1] in _written:
        _written[data[1]]._take(connection)
    elif event == _MTU:
        connection.mtu = data[1]
    elif event == _ENCRYPTED:
        connection.encrypted = data[1]


_ble.irq(_irq)


def config(*names, **values):
    _ble.active(True)
    return _ble.config(*names, **values)


def stop():
    _ble.active(False)
    for connection in list(_connections.values()):
        connection._lost()
    _connections.clear()
    _written.clear()
    del _incoming[:]
    _Capture.stop()


class Device:
    def __init__(self, addr_type, addr):
        self.addr_type = addr_type
        self.addr = bytes(addr)


class DeviceConnection:
    def __init__(self, handle, addr_type, addr):
        self.device = Device(addr_type, addr)
        self.mtu = None
        self.encrypted = False
        self._conn_handle = handle
        self._gone = asyncio.Event()

    def _lost(self):
        self._conn_handle = None
        self._gone.set()

    def is_connected(self):
        return self._conn_handle is not None

    async def disconnect(self, timeout_ms=2000):
        if self.is_connected():
            _ble.gap_disconnect(self._conn_handle)
            await asyncio.wait_for_ms(self._gone.wait(), timeout_ms)

    async def disconnected(self):
        await self._gone.wait()


def _fields(name, services):
    yield 0x01, b"\x06"
    for size, kind in ((2, 0x03), (16, 0x07)):
        uuids = b"".join([uuid for uuid in services if len(uuid) == size])
        if uuids:
            yield kind, uuids
    if name:
        yield 0x09, name


async def advertise(interval_us, name=None, services=(), timeout_ms=None):
    """The next central that connects; the fields that find no room go into the scan response."""
    parts = [b"", b""]
    for kind, value in _fields(name, services):
        field = struct.pack("BB", len(value) + 1, kind) + value
        for at in (0, 1):
            if len(parts[at]) + len(field) < _ADV_ROOM:
                parts[at] += field
                break
        else:
            raise ValueError("Advertising payload too long")
    _ble.active(True)
    _ble.gap_advertise(interval_us, adv_data=parts[0], resp_data=parts[1])
    try:
        if timeout_ms is None:
            await _came.wait()
        else:
            await asyncio.wait_for_ms(_came.wait(), timeout_ms)
        return _incoming.pop()
    except asyncio.CancelledError:
        _ble.gap_advertise(None)
        return None
    except asyncio.TimeoutError:
        _ble.gap_advertise(None)
        raise


# GATT server ---------------------------------------------------------------------------------


class _Capture:
    """Hands captured writes out, one at a time and in their order, to whoever waits for them."""

    queue = []
    task = None
    more = None
    taken = None

    @classmethod
    def start(cls):
        if cls.task is None:
            cls.more, cls.taken = asyncio.Event(), asyncio.Event()
            cls.task = asyncio.create_task(cls.run())

    @classmethod
    def stop(cls):
        if cls.task:
            cls.task.cancel()
        cls.task, cls.queue = None, []

    @classmethod
    async def run(cls):
        while True:
            while not cls.queue:
                cls.more.clear()
                await cls.more.wait()
            connection, data, characteristic = cls.queue.pop(0)
            characteristic._data = (connection, data)
            cls.taken.clear()
            characteristic._event.set()
            await cls.taken.wait()


class Service:
    def __init__(self, uuid):
        self.uuid = uuid
        self.characteristics = []


class Characteristic:
    _room = None

    def __init__(self, service, uuid, read=False, write=False, notify=False, capture=False):
        self.uuid = uuid
        flags = bluetooth.FLAG_READ if read else 0
        flags |= bluetooth.FLAG_WRITE if write else 0
        self.flags = flags | (bluetooth.FLAG_NOTIFY if notify else 0)
        self._capture = capture
        self._handle = None
        self._event = asyncio.Event()
        self._data = None
        if capture:
            _Capture.start()
        service.characteristics.append(self)

    def _register(self, handle):
        self._handle = handle
        _written[handle] = self
        if self._room:
            _ble.gatts_set_buffer(handle, self._room)

    def _take(self, connection):
        if self._capture:
            _Capture.queue.append((connection, self.read(), self))
            del _Capture.queue[:-_QUEUE]
            _Capture.more.set()
        else:
            self._data = connection
            self._event.set()

    def read(self):
        return _ble.gatts_read(self._handle)

    def write(self, data, send_update=False):
        _ble.gatts_write(self._handle, data, send_update)

    def notify(self, connection, data=None):
        _ble.gatts_notify(connection._conn_handle, self._handle, data)

    async def written(self):
        """The connection that wrote; with capture the pair of it and the bytes."""
        await self._event.wait()
        self._event.clear()
        data, self._data = self._data, None
        if self._capture:
            _Capture.taken.set()
        return data


class BufferedCharacteristic(Characteristic):
    def __init__(self, *arguments, max_len=20, **options):
        super().__init__(*arguments, **options)
        self._room = max_len


def register_services(*services):
    _ble.active(True)
    _written.clear()
    told = tuple(
        [(s.uuid, tuple([(c.uuid, c.flags) for c in s.characteristics])) for s in services]
    )
    for service, handles in zip(services, _ble.gatts_register_services(told)):
        for characteristic, handle in zip(service.characteristics, handles):
            characteristic._register(handle)

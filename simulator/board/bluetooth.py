"""Stand-in for MicroPython's `bluetooth`: what a peripheral needs of it; aioble runs on it.

The radio is in the world; both ends tell each other `{"ble": what, …}` over the board link. Values
live here as on the chip (a write longer than its buffer is cut); the world has a copy to be read.
"""

from binascii import hexlify, unhexlify

from world_link import link

FLAG_READ, FLAG_WRITE_NO_RESPONSE, FLAG_WRITE = 0x0002, 0x0004, 0x0008
FLAG_NOTIFY, FLAG_INDICATE = 0x0010, 0x0020

_IRQ_CENTRAL_CONNECT, _IRQ_CENTRAL_DISCONNECT, _IRQ_GATTS_WRITE = 1, 2, 3
_IRQ_GATTS_INDICATE_DONE, _IRQ_MTU_EXCHANGED, _IRQ_ENCRYPTION_UPDATE = 20, 21, 28
_FIRST_HANDLE = 16  # below it are the chip's own services
_ROOM = 20
_ENOTCONN = 128


def UUID(value):
    """Its bytes, lowest first. (A class of our own would not pass through `bytes()`.)"""
    if isinstance(value, int):
        return bytes((value & 0xFF, value >> 8))
    if isinstance(value, str):
        return bytes(reversed(unhexlify(value.replace("-", ""))))
    return bytes(value)


def _hex(data):
    return hexlify(bytes(data)).decode()


class BLE:
    _only = None

    def __new__(cls):
        if BLE._only is None:
            BLE._only = object.__new__(cls)
            BLE._only._begin()
        return BLE._only

    def _begin(self):
        self._active = False
        self._handler = None
        self._mtu = 256
        self._clear()
        link.handlers["ble"] = self._hear

    def _clear(self):
        self._values = {}
        self._rooms = {}
        self._appending = set()
        self._connected = {}

    def irq(self, handler):
        self._handler = handler

    def active(self, on=None):
        if on is not None and bool(on) != self._active:
            self._active = bool(on)
            self._clear()
            link.tell({"ble": "active", "on": int(self._active), "mtu": self._mtu})
        return self._active

    def config(self, *names, **values):
        if names:
            return {"mtu": self._mtu, "mac": (1, b"\xf0\0\0\0\0\0")}[names[0]]
        if "mtu" in values:
            self._mtu = values["mtu"]
            link.tell({"ble": "mtu", "mtu": self._mtu})
        return None

    # GATT server -----------------------------------------------------------------------

    def gatts_register_services(self, services):
        self._need_power()
        self._clear()
        handle, told, given = _FIRST_HANDLE, [], []
        for uuid, characteristics in services:
            parts, handles = [], []
            for characteristic in characteristics:
                handle += 2  # one for its declaration, as on the chip
                handles.append(handle)
                flags = characteristic[1]
                parts.append([_hex(characteristic[0]), flags, handle])
                self._values[handle], self._rooms[handle] = b"", _ROOM
                for _ in characteristic[2] if len(characteristic) > 2 else ():
                    handle += 1
                    handles.append(handle)
                    self._values[handle], self._rooms[handle] = b"", _ROOM
                handle += 1 if flags & (FLAG_NOTIFY | FLAG_INDICATE) else 0
            told.append([_hex(uuid), parts])
            given.append(tuple(handles))
            handle += 1
        link.tell({"ble": "services", "services": told})
        return tuple(given)

    def gatts_set_buffer(self, handle, room, append=False):
        self._rooms[handle] = room
        if append:
            self._appending.add(handle)

    def gatts_read(self, handle):
        value = self._values[handle]
        if handle in self._appending:
            self._values[handle] = b""
        return value

    def gatts_write(self, handle, data, send_update=False):
        self._values[handle] = bytes(data)
        self._rooms[handle] = max(self._rooms[handle], len(data))
        link.tell({"ble": "value", "handle": handle, "hex": _hex(data)})
        for connection in self._connected if send_update else ():
            self.gatts_notify(connection, handle)
        return len(data)

    def gatts_notify(self, connection, handle, data=None):
        self._send("notify", connection, handle, data)

    def gatts_indicate(self, connection, handle, data=None):
        self._send("indicate", connection, handle, data)

    def _send(self, how, connection, handle, data):
        if connection not in self._connected:
            raise OSError(_ENOTCONN)
        value = self._values[handle] if data is None else data
        link.tell({"ble": how, "conn": connection, "handle": handle, "hex": _hex(value)})

    # GAP ---------------------------------------------------------------------------------

    def gap_advertise(self, interval_us, adv_data=None, resp_data=None, connectable=True):
        self._need_power()
        told = {"ble": "advertise", "interval_us": interval_us, "connectable": int(connectable)}
        told["adv"], told["resp"] = _hex(adv_data or b""), _hex(resp_data or b"")
        link.tell(told)

    def gap_disconnect(self, connection):
        if connection not in self._connected:
            return False
        link.tell({"ble": "disconnect", "conn": connection})
        return True

    def _need_power(self):
        if not self._active:
            raise OSError(19)  # ENODEV

    # what comes from the air ---------------------------------------------------------------

    def _hear(self, news):
        what, connection = news["ble"], news["conn"]
        if not self._active:
            return
        if what == "connect":
            self._connected[connection] = (news["type"], unhexlify(news["addr"]))
            self._tell(_IRQ_CENTRAL_CONNECT, connection, *self._connected[connection])
        elif connection not in self._connected:
            return
        elif what == "disconnect":
            peer = self._connected.pop(connection)
            self._tell(_IRQ_CENTRAL_DISCONNECT, connection, *peer)
        elif what == "write":
            self._written(connection, news["handle"], unhexlify(news["hex"]))
        elif what == "mtu":
            self._tell(_IRQ_MTU_EXCHANGED, connection, news["mtu"])
        elif what == "indicated":
            self._tell(_IRQ_GATTS_INDICATE_DONE, connection, news["handle"], news["status"])
        elif what == "encryption":
            self._tell(_IRQ_ENCRYPTION_UPDATE, connection, True, False, False, news["key_size"])

    def _written(self, connection, handle, data):
        if handle in self._appending:
            data = self._values[handle] + data
        self._values[handle] = data[: self._rooms[handle]]
        self._tell(_IRQ_GATTS_WRITE, connection, handle)

    def _tell(self, event, *data):
        if self._handler:
            self._handler(event, data)

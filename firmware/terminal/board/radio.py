"""The Bluetooth radio, through aioble: one service (docs/ble.md), several phones at once."""

import aioble
import bluetooth

_INTERVAL_US = 250000
_MTU = 247
_PIECE = 244  # the longest that a phone writes: the greatest MTU less three


def _uuid(number):
    return bluetooth.UUID("484d%04x-7765-6c64-8000-00805f9b34fb" % number)


class Radio:
    def serve(self, rows):
        """Begins anew: one characteristic for each (number, read, write, notify)."""
        aioble.stop()
        aioble.config(mtu=_MTU)
        service = aioble.Service(_uuid(1))
        made = []
        for number, read, write, notify in rows:
            one = aioble.BufferedCharacteristic(
                service,
                _uuid(number),
                read=read,
                write=write,
                notify=notify,
                capture=write,
                max_len=_PIECE,
            )
            made.append(one)
        aioble.register_services(service)
        return made

    async def meet(self, name):
        """The connection of the next phone; None when cancelled."""
        return await aioble.advertise(_INTERVAL_US, name=name, services=[_uuid(1)])

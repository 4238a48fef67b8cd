"""The air between terminals and phones: a virtual Bluetooth link, both ends Google bumble.

Nothing of bumble is loaded and none of its timers runs until the first phone is there.
"""

import itertools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bumble.device import Device

    from simulator.world.ble import Ble

_TERMINALS, _PHONES = "F0:00:00", "F1:00:00"  # static random addresses


class Air:
    """`add` a terminal's radio; `device` gives a phone's stack, powered on and in reach of all."""

    def __init__(self) -> None:
        self.link: Any = None
        self._radios: list[Ble] = []
        self._numbers = itertools.count(1)

    def add(self, radio: "Ble") -> None:
        self._radios.append(radio)
        if self.link:
            radio.begin(self)

    async def device(self, name: str) -> "Device":
        from bumble.device import DeviceConfiguration

        if self.link is None:
            from bumble.link import LocalLink

            self.link = LocalLink()
            for radio in self._radios:
                radio.begin(self)
        device = self.make(name, _PHONES, DeviceConfiguration(name=name))
        await device.power_on()
        return device

    def make(self, name: str, prefix: str, configuration: Any) -> "Device":
        """A stack on a controller of its own; not powered yet."""
        from bumble.controller import Controller
        from bumble.device import Device
        from bumble.hci import Address
        from bumble.host import Host
        from bumble.transport.common import AsyncPipeSink

        number = next(self._numbers)
        digits = f"{number:06X}"
        configuration.address = Address(":".join([prefix, digits[:2], digits[2:4], digits[4:]]))
        controller = Controller(name, link=self.link)
        controller.host = host = Host(controller, AsyncPipeSink(controller))
        return Device(config=configuration, host=host)

    def terminal(self, name: str, configuration: Any) -> "Device":
        return self.make(name, _TERMINALS, configuration)

    def lose(self, device: "Device") -> None:
        """Takes a stack out of the air, as when its power goes: its peers notice."""
        from bumble.hci import HCI_ErrorCode

        controller = device.host.hci_sink.sink
        controller.le_legacy_advertiser.stop()
        for one in controller.advertising_sets.values():
            one.stop()
        for peer, connection in list(controller.le_connections.items()):
            other = self.link.find_le_controller(peer)
            controller.on_le_disconnected(connection, HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)
            theirs = other and other.le_connections.get(connection.self_address)
            if theirs:
                other.on_le_disconnected(theirs, HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)
        if controller in self.link.controllers:
            self.link.remove_controller(controller)

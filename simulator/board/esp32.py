"""Stand-in for MicroPython's `esp32`: the NVS as one small file a value, replaced whole, and the
chip's temperature as the world told it."""

import os

_MISSING, _TOO_LONG = -0x1102, -0x110C


class NVS:
    def __init__(self, namespace):
        self._prefix = os.getenv("HANMA_NVS") + "/" + namespace + "."
        self._pending = {}

    def get_blob(self, name, room):
        value = self._pending.get(name)
        if value is None:
            try:
                with open(self._prefix + name, "rb") as file:
                    value = file.read()
            except OSError:
                raise OSError(_MISSING, "ESP_ERR_NVS_NOT_FOUND") from None
        if len(value) > len(room):
            raise OSError(_TOO_LONG, "ESP_ERR_NVS_INVALID_LENGTH")
        room[: len(value)] = value
        return len(value)

    def set_blob(self, name, value):
        if len(name) > 15:
            raise ValueError("NVS names have at most 15 letters")
        self._pending[name] = bytes(value)

    def commit(self):
        for name, value in self._pending.items():
            with open(self._prefix + name + "~", "wb") as file:
                file.write(value)
            os.rename(self._prefix + name + "~", self._prefix + name)
        self._pending = {}


def raw_temperature():
    """Whole degrees Fahrenheit, as the chip gives them."""
    from world_link import link  # what only keeps values needs no world

    link.look()
    return int(link.board_c * 9 / 5 + 32.5)

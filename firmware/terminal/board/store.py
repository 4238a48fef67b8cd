"""Small values that survive power loss, in the chip's own wear-levelled store (NVS)."""

import esp32


class Store:
    """Bytes by name (at most 15 letters); `put` has reached flash when it returns."""

    def __init__(self, namespace="hanma"):
        self._nvs = esp32.NVS(namespace)

    def get(self, name, most=512):
        """The bytes kept under `name`, or None."""
        room = bytearray(most)
        try:
            length = self._nvs.get_blob(name, room)
        except OSError:
            return None
        return bytes(room[:length])

    def put(self, name, value):
        self._nvs.set_blob(name, value)
        self._nvs.commit()

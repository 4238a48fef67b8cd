"""Small values that survive power loss, in the chip's own wear-levelled store (NVS)."""

import esp32

_NOT_FOUND = -0x1102  # ESP_ERR_NVS_NOT_FOUND


class Store:
    """Bytes by name (at most 15 letters); `put` has reached flash when it returns."""

    def __init__(self, namespace="hanma"):
        self._nvs = esp32.NVS(namespace)

    def get(self, name, most=512):
        """The bytes kept under `name`, or None; OSError if the store itself is broken."""
        room = bytearray(most)
        try:
            length = self._nvs.get_blob(name, room)
        except OSError as error:
            if error.errno != _NOT_FOUND:
                raise  # not to be taken for "nothing was locked, no job has ended"
            return None
        return bytes(room[:length])

    def put(self, name, value):
        self._nvs.set_blob(name, value)
        self._nvs.commit()

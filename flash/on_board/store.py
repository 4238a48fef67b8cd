# Writes values into the chip's store and tells which of them can be read back. Runs on the board.
import json

import esp32
from binascii import hexlify, unhexlify

nvs = esp32.NVS("hanma")
for name, value in GIVEN.items():
    nvs.set_blob(name, unhexlify(value))
nvs.commit()
good = []
for name, value in GIVEN.items():
    room = bytearray(512)
    if hexlify(room[: nvs.get_blob(name, room)]).decode() == value:
        good.append(name)
print("hanma:" + json.dumps(good))

"""Speech for a module that has none of its own: clips from flash, played over I2S.

The folder holds `index` (one clip a line: file name, blank, the words that it says) and the clips,
WAV with 8,000 samples a second in mu-law, made by `hanma clips`. A text is put together from the
longest clips that fit, so that single digits make any spoken code.
"""

import asyncio

RATE = 8000
BUFFER_MS = 400  # what the amplifier's buffer holds
_HEAD = 44
_PIECE = 256  # samples decoded at a time: the loop is never held for longer


class Clips:
    """`open_sound(rate, buffer_bytes)` gives the I2S output; see board/sound.py."""

    def __init__(self, folder, open_sound):
        self._folder = folder
        self._open = open_sound
        self._hushed = False

    async def speak(self, text):
        """Says `text` and returns when it is over; OSError when no clip has any of it."""
        self._hushed = False
        names = await self._find(text)
        if not names:
            raise OSError(2)
        sound = self._open(RATE, RATE // 500 * BUFFER_MS)
        try:
            table, writer = _table(), asyncio.StreamWriter(sound)
            for name in names:
                await self._play(name, table, writer)
            if not self._hushed:
                await asyncio.sleep_ms(BUFFER_MS)  # the last of it is still in the buffer
        finally:
            sound.deinit()

    async def hush(self):
        self._hushed = True

    async def _find(self, text):
        """File names of the longest clips that make up `text`; what no clip says is left out."""
        names, at = [], 0
        with open(self._folder + "/index", "rb") as index:
            while at < len(text):
                found, width = None, 0
                index.seek(0)
                for line in index:
                    name, _, words = line.decode().rstrip().partition(" ")
                    if len(words) > width and text.startswith(words, at):
                        found, width = name, len(words)
                if found:
                    names.append(found)
                at += width or 1
                await asyncio.sleep_ms(0)
        return names

    async def _play(self, name, table, writer):
        raw, samples = bytearray(_PIECE), bytearray(2 * _PIECE)
        with open(self._folder + "/" + name + ".wav", "rb") as file:
            file.read(_HEAD)
            while not self._hushed:
                count = file.readinto(raw)
                if not count:
                    return
                for i in range(count):
                    j, k = 2 * i, 2 * raw[i]
                    samples[j] = table[k]
                    samples[j + 1] = table[k + 1]
                # not write(): the I2S driver blocks in it until it has once been waited for
                writer.out_buf = memoryview(samples)[: 2 * count]
                await writer.drain()


def _table():
    """The 256 levels of mu-law (ITU-T G.711) as 16-bit samples, low byte first."""
    table = bytearray(512)
    for code in range(256):
        bits = code ^ 0xFF
        level = ((((bits & 0x0F) << 3) + 0x84) << ((bits & 0x70) >> 4)) - 0x84
        level = (-level if bits & 0x80 else level) & 0xFFFF
        table[2 * code] = level & 0xFF
        table[2 * code + 1] = level >> 8
    return table

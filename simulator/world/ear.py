"""What a bystander makes of the samples that the amplifier plays: which clips they are.

The clips of a folder (`index` and WAV files in mu-law, as `hanma clips` makes them) are known by
their samples; a text is heard when the very samples of its clip came out of the loudspeaker.
"""

import struct
from pathlib import Path

from simulator.world.speaker import Speaker

UNKNOWN = "？"  # sound that is no clip
_HEAD = 44


def ulaw_to_pcm(data: bytes) -> bytes:
    """16-bit samples, low byte first (ITU-T G.711)."""
    return b"".join(map(_LEVELS.__getitem__, data))


def _level(code: int) -> bytes:
    bits = ~code & 0xFF
    size = (((bits & 0x0F) * 2 + 33) << (bits >> 4 & 7)) - 33
    return struct.pack("<h", 4 * (-size if bits & 0x80 else size))


_LEVELS = [_level(code) for code in range(256)]


def read_clips(folder: Path) -> dict[str, bytes]:
    """Words → samples of every clip in the folder; empty where there is none."""
    if not (folder / "index").exists():
        return {}
    rows = (line.split(" ", 1) for line in (folder / "index").read_text().splitlines())
    return {
        words: ulaw_to_pcm((folder / f"{name}.wav").read_bytes()[_HEAD:]) for name, words in rows
    }


class Ear:
    """Listens to one loudspeaker and tells `speaker` what was said, when it is over."""

    def __init__(self, speaker: Speaker, folder: Path) -> None:
        self._speaker = speaker
        self._folder = folder
        self._clips: dict[str, bytes] | None = None
        self._start_ns = 0
        self._heard = bytearray()
        self.rate = 0

    def news(self, news: dict) -> None:
        """A line of the board: `{"sound": "begin" | "samples" | "end", …}`."""
        if news["sound"] == "begin":
            self._start_ns, self.rate = self._speaker.clock(), news["rate"]
            self._heard.clear()
        elif news["sound"] == "samples":
            self._heard += bytes.fromhex(news["hex"])
        else:
            self._over(len(self._heard) - news["unheard"])

    def _over(self, until: int) -> None:
        if self._clips is None:
            self._clips = read_clips(self._folder)
        text, at = "", 0
        while words := self._clip_at(at, until):
            text, at = text + words, at + len(self._clips[words])
        if at < until:
            text += self._torn(at, until)
        if text:
            self._speaker.overhear(self._start_ns, text, whole=at >= until == len(self._heard))

    def _clip_at(self, at: int, until: int) -> str:
        assert self._clips is not None
        for words, samples in self._clips.items():
            if at + len(samples) <= until and self._heard.startswith(samples, at):
                return words
        return ""

    def _torn(self, at: int, until: int) -> str:
        """The clip of which only the beginning came; UNKNOWN if there is none."""
        assert self._clips is not None
        rest = bytes(self._heard[at:until])
        for words, samples in self._clips.items():
            if samples.startswith(rest):
                return words
        return UNKNOWN

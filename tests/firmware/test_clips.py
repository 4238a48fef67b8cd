"""Clips from flash: a text is made of the longest that fit, decoded, and can be hushed."""

import asyncio
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from terminal.clips import BUFFER_MS, RATE, Clips

from simulator.clips import wav
from simulator.world.ear import ulaw_to_pcm

from .virtual_time import now_ms, run

WORDS = {"on": "焊机已开机", "alarm": "焊机已开机太久", "code": "验证码", "d1": "一", "d2": "二"}


class Sound:
    """An I2S output that takes a few hundred bytes at a time, then is full for a while."""

    def __init__(self, rate: int, buffer_bytes: int) -> None:
        self.made = (rate, buffer_bytes)
        self.heard = bytearray()
        self.pieces: list[int] = []
        self.ended_ms = 0
        self.last_ms = 0
        self._full = False

    def write(self, data: bytes) -> int | None:
        self._full = not self._full
        if self._full:
            return None
        taken = min(len(data), 300)
        self.pieces.append(len(data))
        self.heard += data[:taken]
        self.last_ms = now_ms()
        return taken

    def deinit(self) -> None:
        self.ended_ms = now_ms()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "index").write_text("".join(f"{name} {text}\n" for name, text in WORDS.items()))
    for number, name in enumerate(WORDS):
        samples = [(number * 997 + at * 31) % 20_000 - 10_000 for at in range(700 + number)]
        (tmp_path / f"{name}.wav").write_bytes(wav(samples))
    return tmp_path


def samples(folder: Path, *names: str) -> bytes:
    return b"".join(ulaw_to_pcm((folder / f"{name}.wav").read_bytes()[44:]) for name in names)


def play(folder: Path, script: Callable[[Clips], Any]) -> list[Sound]:
    sounds: list[Sound] = []

    def open_sound(rate: int, buffer_bytes: int) -> Sound:
        sounds.append(Sound(rate, buffer_bytes))
        return sounds[-1]

    run(script(Clips(str(folder), open_sound)))
    return sounds


def test_a_clip_is_played_sample_by_sample_and_heard_to_its_end(folder: Path) -> None:
    (sound,) = play(folder, lambda clips: clips.speak("焊机已开机"))
    assert sound.heard == samples(folder, "on")
    assert sound.made == (RATE, 2 * RATE * BUFFER_MS // 1000)
    assert sound.ended_ms - sound.last_ms >= BUFFER_MS
    assert max(sound.pieces) <= 512  # decoded in small pieces


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("焊机已开机。", ["on"]),
        ("焊机已开机太久", ["alarm"]),
        ("焊工验证码，二、一、一、二。", ["code", "d2", "d1", "d1", "d2"]),
        ("一焊机已开机x一", ["d1", "on", "d1"]),
    ],
)
def test_a_text_is_made_of_the_longest_clips_that_fit(
    folder: Path, text: str, names: list[str]
) -> None:
    (sound,) = play(folder, lambda clips: clips.speak(text))
    assert sound.heard == samples(folder, *names)


@pytest.mark.parametrize("text", ["", "别的话", "焊"])
def test_what_no_clip_says_is_an_error_and_opens_nothing(folder: Path, text: str) -> None:
    async def script(clips: Clips) -> None:
        with pytest.raises(OSError):
            await clips.speak(text)

    assert play(folder, script) == []


def test_a_board_without_clips_says_nothing_and_raises_what_the_voice_expects(
    tmp_path: Path,
) -> None:
    async def script(clips: Clips) -> None:
        with pytest.raises(OSError):
            await clips.speak("焊机已开机")

    assert play(tmp_path, script) == []


def test_hush_ends_it_at_once_and_the_next_text_is_whole(folder: Path) -> None:
    async def script(clips: Clips) -> None:
        speaking = asyncio.create_task(clips.speak("焊机已开机太久一二一二"))
        await asyncio.sleep(0.03)
        await clips.hush()
        before = now_ms()
        await speaking
        assert now_ms() - before < BUFFER_MS
        await clips.speak("一")

    cut, whole = play(folder, script)
    assert 0 < len(cut.heard) < len(samples(folder, "alarm"))
    assert whole.heard == samples(folder, "d1")


def test_the_output_is_given_back_when_a_clip_is_missing(folder: Path) -> None:
    (folder / "on.wav").unlink()

    async def script(clips: Clips) -> None:
        with pytest.raises(OSError):
            await clips.speak("一焊机已开机")

    (sound,) = play(folder, script)
    assert sound.ended_ms


def test_the_levels_are_those_of_g_711(folder: Path) -> None:
    every = bytes(range(256))
    (folder / "on.wav").write_bytes(bytes(44) + every)
    (sound,) = play(folder, lambda clips: clips.speak("焊机已开机"))
    levels = struct.unpack("<256h", bytes(sound.heard))
    assert (levels[0], levels[0x7F], levels[0x80], levels[0xFF]) == (-32_124, 0, 32_124, 0)
    assert list(levels[:128]) == sorted(levels[:128])

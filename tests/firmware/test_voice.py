"""What is said aloud: one at a time, the urgent first, never more than a few waiting."""

import asyncio
import contextlib
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from terminal.modem.chat import ModemError
from terminal.voice import NORMAL, URGENT, Voice, catalogued
from terminal.voice import Speaker as Mouth

from simulator.clips import wav

from .conftest import ROOT
from .prompts import CATALOGUE, NAMES, PROMPTS
from .test_clips import Sound
from .virtual_time import run


class Speaker:
    """Takes a second for each text; fails while `away`. `cut`: what was hushed."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.cut: list[str] = []
        self.speaking = 0
        self.away = False
        self.deaf = False
        self._hushed = asyncio.Event()

    async def speak(self, text: str) -> None:
        assert not self.speaking
        if self.away:
            raise ModemError("not started")
        self.speaking += 1
        self.said.append(text)
        self._hushed.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hushed.wait(), 1)
            self.cut.append(text)
        self.speaking -= 1

    async def hush(self) -> None:
        if self.deaf:
            raise ModemError("not now")
        self._hushed.set()


def speaking(
    script: Callable[[Speaker, Voice], Any], can_hush: bool = False, **more: Any
) -> Speaker:
    async def work() -> Speaker:
        speaker = Speaker()
        voice = Voice(speaker.speak, speaker.hush if can_hush else None, **more)
        task = asyncio.create_task(voice.run())
        await script(speaker, voice)
        assert not task.done()
        task.cancel()
        return speaker

    return run(work(), limit_s=30 * 86_400)


def test_texts_are_said_one_after_the_other() -> None:
    async def script(speaker: Speaker, voice: Voice) -> None:
        for text in "abc":
            voice.say(text)
        await asyncio.sleep(10)

    assert speaking(script).said == ["a", "b", "c"]


def test_the_urgent_goes_before_what_waits_but_cuts_nobody_short() -> None:
    async def script(speaker: Speaker, voice: Voice) -> None:
        voice.say("first")
        await asyncio.sleep(0.5)
        voice.say("normal")
        voice.say("urgent 1", URGENT)
        voice.say("urgent 2", URGENT)
        await asyncio.sleep(10)

    assert speaking(script).said == ["first", "urgent 1", "urgent 2", "normal"]


def test_a_full_queue_loses_its_oldest_least_urgent_text() -> None:
    async def script(speaker: Speaker, voice: Voice) -> None:
        for number in range(6):
            voice.say(f"normal {number}")
        voice.say("urgent", URGENT)
        await asyncio.sleep(20)

    assert speaking(script).said == ["urgent", "normal 3", "normal 4", "normal 5"]


def test_among_urgent_texts_the_newest_stay() -> None:
    async def script(speaker: Speaker, voice: Voice) -> None:
        for number in range(9):
            voice.say(f"urgent {number}", URGENT)
        voice.say("normal", NORMAL)
        await asyncio.sleep(20)

    assert speaking(script).said == [f"urgent {number}" for number in (5, 6, 7, 8)]


def test_a_text_that_waits_already_is_not_said_twice() -> None:
    async def script(speaker: Speaker, voice: Voice) -> None:
        for _ in range(5):
            voice.prompt("fault")
        await asyncio.sleep(10)
        voice.prompt("fault")
        await asyncio.sleep(10)

    assert speaking(script).said == [PROMPTS["fault"][1]] * 2


def test_a_prompt_is_not_said_again_while_it_is_fresh_and_later_it_is() -> None:
    async def script(speaker: Speaker, voice: Voice) -> None:
        quiet_s = PROMPTS["tamper"][2]
        for _ in range(quiet_s):
            voice.prompt("tamper")
            await asyncio.sleep(0.9)
        assert len(speaker.said) == 1
        await asyncio.sleep(quiet_s)
        voice.prompt("tamper")
        voice.prompt("bypass")  # another one is another one
        await asyncio.sleep(10)

    words = [PROMPTS[name][1] for name in ("tamper", "tamper", "bypass")]
    assert speaking(script).said == words


def test_what_was_asked_for_longest_ago_is_not_held_back_when_the_ticks_have_wrapped() -> None:
    async def script(speaker: Speaker, voice: Voice) -> None:
        voice.prompt("no-signal")
        for days in (5, 7, 12):
            await asyncio.sleep(days * 86_400)
            voice.prompt("no-signal")
        await asyncio.sleep(10)

    assert len(speaking(script).said) == 4


def test_an_urgent_text_cuts_a_normal_one_short_and_never_an_urgent_one() -> None:
    async def script(speaker: Speaker, voice: Voice) -> None:
        voice.prompt("on")
        await asyncio.sleep(0.2)
        voice.prompt("gas-trip")
        voice.prompt("fault")
        await asyncio.sleep(0.2)
        voice.prompt("tamper")
        await asyncio.sleep(10)

    speaker = speaking(script, can_hush=True)
    names = ("on", "gas-trip", "fault", "tamper")
    assert speaker.said == [PROMPTS[name][1] for name in names]
    assert speaker.cut == [PROMPTS["on"][1]]


def test_a_speaker_that_cannot_be_hushed_is_heard_to_its_end() -> None:
    async def script(speaker: Speaker, voice: Voice) -> None:
        speaker.deaf = True
        voice.say("long story")
        await asyncio.sleep(0.2)
        voice.say("urgent", URGENT)
        await asyncio.sleep(10)

    speaker = speaking(script, can_hush=True)
    assert (speaker.said, speaker.cut) == (["long story", "urgent"], [])


def test_while_the_modem_is_away_nothing_piles_up_and_afterwards_it_speaks_again() -> None:
    async def script(speaker: Speaker, voice: Voice) -> None:
        speaker.away = True
        for number in range(20):
            voice.say(f"lost {number}")
            await asyncio.sleep(0.3)
        speaker.away = False
        voice.say("back")
        await asyncio.sleep(10)

    assert speaking(script).said == ["back"]


def test_what_is_urgent_is_said_when_the_modem_is_back() -> None:
    async def script(speaker: Speaker, voice: Voice) -> None:
        speaker.away = True
        voice.say("urgent", URGENT)
        await asyncio.sleep(30)
        speaker.away = False
        await asyncio.sleep(10)

    assert speaking(script).said == ["urgent"]


def test_every_prompt_fits_into_one_utterance_of_the_modem() -> None:
    for priority, text, quiet_s in PROMPTS.values():
        assert priority in (URGENT, NORMAL)
        assert 0 < len(text) * 4 <= 510  # AT+CTTS=1: hexadecimal letters
        assert 1 <= quiet_s <= 600


def test_prompts_are_short_mandarin_and_no_two_say_the_same() -> None:
    texts = [text for _, text, _ in PROMPTS.values()]
    assert len(set(texts)) == len(texts) == len(NAMES)
    for text in texts:
        assert re.fullmatch("[\u4e00-\u9fff，]{4,22}", text), text


def test_what_is_no_prompt_is_a_key_error() -> None:
    for name in ("", "name", "nothing", "n", "焊机已解锁", "off\n"):
        with pytest.raises(KeyError):
            catalogued(name, str(CATALOGUE))


def test_every_word_of_refusal_has_a_prompt() -> None:
    section = (
        (ROOT / "docs" / "reference.md").read_text().split("## 终端的拒绝")[1].split("## ")[0]
    )
    words = re.findall(r"^\| `([a-z-]+)` \|", section, re.M)
    assert len(words) >= 10
    assert [word for word in words if word not in PROMPTS] == []


@pytest.mark.parametrize(
    "topic",
    ["on", "off", "lease-10", "lease-1", "lease-over", "locked", "unlocked", "emergency-asked",
     "emergency-on", "emergency-still", "emergency-off", "emergency-barred", "emergency-spent",
     "tamper", "bypass", "gas-warn", "gas-trip", "over-temp", "fault", "upgrade-begun",
     "upgrade-done", "upgrade-failed", "ticket-ok", "ticket-refused", "paused-idle",
     "paused-mains", "resumed", "no-signal", "wrong-device", "stale-challenge", "used", "void",
     "fire-watch"],
)  # fmt: skip
def test_the_catalogue_speaks_of(topic: str) -> None:
    assert topic in PROMPTS


def test_what_concerns_safety_is_urgent() -> None:
    safety = ("off", "lease-1", "lease-over", "locked", "fault", "gas-warn", "gas-trip", "bypass",
              "tamper", "over-temp", "emergency-on", "emergency-still",
              "emergency-off")  # fmt: skip
    for name in safety:
        assert PROMPTS[name][0] == URGENT


class Module:
    """A modem that speaks, or does not."""

    def __init__(self, *capabilities: str) -> None:
        self.capabilities = set(capabilities)
        self.heard: list[str] = []

    async def speak(self, text: str) -> None:
        self.heard.append(text)

    async def hush(self) -> None:
        self.heard.append("hush")


def mouth(module: Module, folder: Path) -> tuple[Mouth, list[Sound]]:
    sounds: list[Sound] = []

    def open_sound(rate: int, buffer_bytes: int) -> Sound:
        sounds.append(Sound(rate, buffer_bytes))
        return sounds[-1]

    board = SimpleNamespace(folder=f"{folder}/", open_sound=open_sound)
    return Mouth(module, board), sounds


@pytest.fixture
def flash(tmp_path: Path) -> Path:
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "index").write_text("off 焊机已关机\n")
    (tmp_path / "clips" / "off.wav").write_bytes(wav([1000] * 9000))
    return tmp_path


def test_a_module_that_can_speak_does_so_and_is_hushed(flash: Path) -> None:
    module = Module("tts")
    speaker, sounds = mouth(module, flash)
    run(speaker.speak("焊机已关机"))
    run(speaker.hush())
    assert (module.heard, sounds) == (["焊机已关机", "hush"], [])


def test_for_a_module_that_cannot_speak_the_clips_do_and_are_unloaded_again(flash: Path) -> None:
    module = Module()
    speaker, sounds = mouth(module, flash)
    run(speaker.speak("焊机已关机"))
    assert (module.heard, len(sounds)) == ([], 1)
    assert len(sounds[0].heard) == 18_000
    assert "terminal.clips" not in sys.modules


def test_clips_that_play_are_the_ones_that_are_hushed(flash: Path) -> None:
    async def script() -> list[Sound]:
        module = Module()
        speaker, sounds = mouth(module, flash)
        speaking = asyncio.create_task(speaker.speak("焊机已关机"))
        await asyncio.sleep(0.05)
        await speaker.hush()
        await speaking
        assert module.heard == []
        return sounds

    (sound,) = run(script())
    assert 0 < len(sound.heard) < 18_000


def test_without_voice_and_clips_it_is_an_os_error_and_nothing_is_loaded(tmp_path: Path) -> None:
    speaker, _ = mouth(Module(), tmp_path)
    sys.modules.pop("terminal.clips", None)
    with pytest.raises(OSError):
        run(speaker.speak("焊机已关机"))
    assert "terminal.clips" not in sys.modules


def test_a_catalogue_that_cannot_be_read_is_silence_and_is_read_the_next_time(
    tmp_path: Path,
) -> None:
    catalogue = tmp_path / "prompts.txt"
    shutil.copy(CATALOGUE, catalogue)
    whole = catalogue.read_bytes()

    async def script(speaker: Speaker, voice: Voice) -> None:
        for broken in (None, b"", b"\n\xff gas 0 1", whole.replace(b"gas 0", b"gas nought")):
            catalogue.unlink() if broken is None else catalogue.write_bytes(broken)
            voice.prompt("gas")
        await asyncio.sleep(10)
        assert not speaker.said
        catalogue.write_bytes(whole)
        voice.prompt("gas")
        await asyncio.sleep(10)

    assert speaking(script, catalogue=str(catalogue)).said == [PROMPTS["gas"][1]]

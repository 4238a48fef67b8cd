"""What is said aloud: one at a time, the urgent first, never more than a few waiting."""

import asyncio
from collections.abc import Callable
from typing import Any

from terminal.modem.chat import ModemError
from terminal.voice import NORMAL, PROMPTS, URGENT, Voice

from .virtual_time import run


class Speaker:
    """Takes a second for each text; fails while `away`."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.speaking = 0
        self.away = False

    async def speak(self, text: str) -> None:
        assert not self.speaking
        if self.away:
            raise ModemError("not started")
        self.speaking += 1
        self.said.append(text)
        await asyncio.sleep(1)
        self.speaking -= 1


def speaking(script: Callable[[Speaker, Voice], Any]) -> Speaker:
    async def work() -> Speaker:
        speaker = Speaker()
        voice = Voice(speaker.speak)
        task = asyncio.create_task(voice.run())
        await script(speaker, voice)
        assert not task.done()
        task.cancel()
        return speaker

    return run(work())


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


def test_every_prompt_fits_into_one_utterance_of_the_modem() -> None:
    for priority, text in PROMPTS.values():
        assert priority in (URGENT, NORMAL)
        assert 0 < len(text) * 4 <= 510  # AT+CTTS=1: hexadecimal letters


def test_what_concerns_safety_is_urgent() -> None:
    for name in ("off", "lease-over", "locked", "fault"):
        assert PROMPTS[name][0] == URGENT

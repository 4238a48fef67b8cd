"""The firmware's clips on real MicroPython: samples through I2S, and what is heard of them."""

from pathlib import Path

import pytest

from simulator import clips
from simulator.image import FIRMWARE
from simulator.terminal import SimulatedTerminal
from simulator.world.ear import UNKNOWN, Ear
from simulator.world.module import Identity
from simulator.world.speaker import Speaker

from .test_chip import Stage, play
from .test_terminal import PATIENCE_S, until
from .test_terminal import play as play_terminal

pytestmark = pytest.mark.slow  # takes seconds

WORDS = {"on": "焊机已开机", "off": "焊机已关机", "code": "焊工验证码", "d3": "三", "d7": "七"}
MAIN = """
import asyncio
from terminal.board import sound
from terminal.clips import Clips

async def work():
    voice = Clips("clips", sound.open_sound)
    {}
    print("over")
    while True:
        await asyncio.sleep(1)

asyncio.run(work())
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clips of the real voice."""
    folder = tmp_path_factory.mktemp("made") / "clips"
    clips.make(folder, WORDS, lambda name, size: None)
    return folder


def heard(tmp_path: Path, made: Path, script: str) -> list[tuple[str, bool]]:
    """(text, whole) of all that came out of the loudspeaker while `script` ran."""
    speaker = Speaker()

    async def run(stage: Stage) -> None:
        (tmp_path / "image" / "terminal").symlink_to(FIRMWARE / "terminal")
        (tmp_path / "flash").mkdir()
        (tmp_path / "flash" / "clips").symlink_to(made)
        stage.chip.on_sound = Ear(speaker, made).news
        await stage.chip.power_on()
        await stage.until(lambda: "over" in stage.lines())
        await stage.until(lambda: bool(speaker.utterances))

    play(tmp_path, MAIN.format(script), run)
    return [(one.text, one.whole) for one in speaker.utterances]


def test_a_prompt_is_heard_as_itself(tmp_path: Path, made: Path) -> None:
    said = heard(tmp_path, made, "await voice.speak('焊机已关机。')")
    assert said == [("焊机已关机", True)]


def test_a_spoken_code_is_heard_digit_by_digit(tmp_path: Path, made: Path) -> None:
    said = heard(tmp_path, made, "await voice.speak('焊工验证码，三、七、七、三。')")
    assert said == [("焊工验证码三七七三", True)]


def test_what_is_hushed_is_heard_in_part(tmp_path: Path, made: Path) -> None:
    script = (
        "task = asyncio.create_task(voice.speak('焊机已开机'))\n"
        "    await asyncio.sleep_ms(700)\n    await voice.hush()\n    await task"
    )
    assert heard(tmp_path, made, script) == [("焊机已开机", False)]


def test_sound_that_is_no_clip_is_heard_as_such(tmp_path: Path, made: Path) -> None:
    script = (
        "out = sound.open_sound(8000, 4000)\n"
        "    writer = asyncio.StreamWriter(out)\n"
        "    writer.out_buf = b'\\x11\\x22' * 1000\n"
        "    await writer.drain()\n"
        "    await asyncio.sleep_ms(300)\n"
        "    out.deinit()"
    )
    assert heard(tmp_path, made, script) == [(UNKNOWN, False)]


def test_a_whole_terminal_whose_module_cannot_speak_says_its_prompts_by_clips(
    tmp_path: Path,
) -> None:
    words = clips.catalogue()["emergency-asked"]
    clips.make(tmp_path / "flash" / "clips", {"emergency-asked": words}, lambda name, size: None)

    async def script(terminal: SimulatedTerminal) -> None:
        terminal.modem.identity = Identity(features=frozenset({"lbs"}))
        await until(lambda: len(terminal.watch()) >= 1)
        terminal.hands["button"](5.5)
        spoken = await terminal.speaker.next(timeout_s=PATIENCE_S)
        assert (spoken.text, spoken.whole) == (words, True)
        assert terminal.chip.starts == 1

    play_terminal(tmp_path, script)

"""The clips are made of the firmware's own words, sound like something, and fit into the flash."""

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from simulator import clips
from simulator.world.ear import read_clips, ulaw_to_pcm


def test_every_prompt_and_every_piece_of_a_spoken_code_has_a_clip() -> None:
    words = clips.catalogue()
    assert words["on"] == "焊机已开机，请注意防火"
    assert len(set(words.values())) == len(words) > 50
    said = set(words.values())
    assert {"焊工验证码", "监护人验证码", *"零一二三四五六七八九"} <= said


def test_mu_law_there_and_back_keeps_sixteen_to_one_of_each_level() -> None:
    for sample in range(-32_768, 32_768, 77):
        (back,) = struct.unpack("<h", ulaw_to_pcm(bytes([clips.ulaw(sample)])))
        assert abs(back - sample) <= max(4, abs(sample) / 16)


def test_a_tone_keeps_its_pitch_and_what_is_too_high_for_8_khz_is_gone() -> None:
    from array import array
    from math import pi, sin

    def loudness(hz: float) -> float:
        wave = array("h", (int(10_000 * sin(2 * pi * hz * at / 22_050)) for at in range(8_000)))
        made = clips.resampled(wave, 22_050)
        assert len(made) == 8_000 * 8_000 // 22_050
        return max(map(abs, made[200:-200]))

    assert loudness(440) == pytest.approx(10_000, rel=0.05)
    assert loudness(6_000) < 300


@pytest.mark.slow
def test_the_command_makes_them_all_and_they_fit(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cloud", "clips", str(tmp_path / "clips")],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["ok"] and told["bytes"] <= told["limit"]
    made = read_clips(tmp_path / "clips")
    assert set(made) == set(clips.catalogue().values())
    for words, samples in made.items():
        seconds = len(samples) / 2 / clips.RATE
        assert 0.1 * len(words) < seconds < 0.6 * len(words) + 0.5, words
        loudest = max(map(abs, struct.unpack(f"<{len(samples) // 2}h", samples)))
        assert loudest > 25_000
    assert sum(path.stat().st_size for path in (tmp_path / "clips").iterdir()) == told["bytes"]


def test_only_what_misses_or_says_otherwise_is_made_again(tmp_path: Path) -> None:
    made: list[str] = []

    def make(**words: str) -> int:
        made.clear()
        return clips.make(tmp_path, words, lambda name, size: made.append(name))

    total = make(one="一", two="二", three="三")
    assert made == ["one", "two", "three"]
    assert make(one="一", two="二", three="三") == total and made == []
    (tmp_path / "one.wav").unlink()
    make(one="一", two="四")
    assert made == ["one", "two"]
    assert set(read_clips(tmp_path)) == {"一", "四"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index", "one.wav", "two.wav"]

"""Makes the spoken clips for a terminal whose module cannot speak: espeak-ng's Mandarin, reduced
to telephone quality. The words come from the firmware's own catalogue (terminal/prompts.txt).
"""

import ctypes
import json
import math
import struct
import subprocess
import sys
from array import array
from collections.abc import Callable, Iterator
from operator import mul
from pathlib import Path

from simulator.image import FIRMWARE

RATE = 8_000
FLASH_BYTES = 2 * 1024 * 1024  # the file system of a 4 MB module
SHARE = 0.75  # of it that clips may take; the rest is the application, twice, and the journal
DIGITS = "零一二三四五六七八九"
EXTRA = {  # what the bench says, and the cloud in its own words (cloud/work/speech.py)
    "bench": "安装测试",
    "code-welder": "焊工验证码",
    "code-watch": "监护人验证码",
} | {f"digit-{number}": word for number, word in enumerate(DIGITS)}

_HEAD = struct.Struct("<II")
_VOICE, _WORDS_A_MINUTE = b"cmn", 190
_SYNCHRONOUS, _UTF8, _RATE_PARAMETER = 2, 1, 1
_QUIET = 300  # of 32,767: below this there is nothing to hear
_PAUSE = RATE // 10  # silence after a clip
_PEAK = 30_000
_ZEROS = 12  # of the low-pass on each side
_CUT_HZ = 3_600


class NoVoice(Exception):
    """The speech library is missing or does not work; the text says what to do."""


def catalogue() -> dict[str, str]:
    """Clip name → words: every prompt of the firmware, and the pieces of spoken codes."""
    lines = (FIRMWARE / "terminal" / "prompts.txt").read_text("utf-8").splitlines()[1:]
    rows = (line.split(" ") for line in lines)
    return {name: words for name, _, _, words in rows} | EXTRA


def make(folder: Path, words: dict[str, str], tell: Callable[[str, int], None]) -> int:
    """Writes `index` and a WAV file for each entry; the bytes of all. `tell(name, bytes)`.

    A clip that the folder has with the same words stays as it is; one of no entry goes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    index = folder / "index"
    lines = index.read_text("utf-8").splitlines() if index.exists() else []
    told = {f"{name} {text}": name for name, text in words.items()}
    held = {
        told[line] for line in lines if line in told and (folder / f"{told[line]}.wav").exists()
    }
    index.write_text("".join(f"{name} {words[name]}\n" for name in words if name in held), "utf-8")
    fresh = {name: text for name, text in words.items() if name not in held}
    if fresh:
        for name, (samples, rate) in zip(fresh, _spoken(list(fresh.values())), strict=True):
            (folder / f"{name}.wav").write_bytes(wav(trimmed(resampled(samples, rate))))
            tell(name, (folder / f"{name}.wav").stat().st_size)
    for path in folder.glob("*.wav"):
        if path.stem not in words:
            path.unlink()
    index.write_text("".join(f"{name} {text}\n" for name, text in words.items()), "utf-8")
    return sum(path.stat().st_size for path in (index, *folder.glob("*.wav")))


def _spoken(texts: list[str]) -> Iterator[tuple[array, int]]:
    """(samples, rate) of each text.

    By a process of its own: the library does not bear being begun twice in one.
    """
    done = subprocess.run(
        [sys.executable, "-m", "simulator.clips"],
        input=json.dumps(texts).encode(),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise NoVoice(done.stderr.decode().strip() or "语音库不能用。 The speech library fails.")
    at = 0
    while at < len(done.stdout):
        rate, count = _HEAD.unpack_from(done.stdout, at)
        at += _HEAD.size
        yield array("h", done.stdout[at : at + 2 * count]), rate
        at += 2 * count


def _speak(texts: list[str]) -> Iterator[bytes]:
    """Rate, count and samples of each text."""
    try:
        import espeakng_loader

        library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path()
    except (ImportError, OSError, RuntimeError):
        raise NoVoice(
            "没有语音库，请先安装：pip install 'hanma[hardware]'。 "
            "The speech library is missing: pip install 'hanma[hardware]'."
        ) from None
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, data.encode(), 0)
    if rate <= 0 or library.espeak_SetVoiceByName(_VOICE):
        raise NoVoice("语音库没有普通话。 The speech library has no Mandarin.")
    library.espeak_SetParameter(_RATE_PARAMETER, _WORDS_A_MINUTE, 0)
    samples = array("h")

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
    def take(wave, count, _events):  # type: ignore[no-untyped-def]
        if wave and count:
            samples.extend(wave[:count])
        return 0

    library.espeak_SetSynthCallback(take)
    for text in texts:
        del samples[:]
        spoken = text.encode()
        size = ctypes.c_size_t(len(spoken) + 1)
        library.espeak_Synth(spoken, size, 0, 1, 0, _UTF8, None, None)
        library.espeak_Synchronize()
        yield _HEAD.pack(rate, len(samples)) + samples.tobytes()


def resampled(samples: array, rate: int) -> list[float]:
    """The samples at RATE, through a windowed low-pass of as many phases as the ratio has."""
    shrink = math.gcd(rate, RATE)
    phases, step = RATE // shrink, rate // shrink
    half = math.ceil(_ZEROS * rate / (2 * _CUT_HZ))
    kernels = [_low_pass(phase / phases, half, rate) for phase in range(phases)]
    padded = array("h", bytes(2 * half)) + samples + array("h", bytes(2 * half + 2))
    made = []
    for number in range(len(samples) * phases // step):
        at, phase = divmod(number * step, phases)
        made.append(sum(map(mul, padded[at : at + 2 * half + 1], kernels[phase])))
    return made


def _low_pass(offset: float, half: int, rate: int) -> list[float]:
    """Taps about a point `offset` samples after the middle one; their sum is one."""
    taps = []
    for tap in range(-half, half + 1):
        away = tap - offset
        turn = 2 * math.pi * _CUT_HZ / rate * away
        window = 0.5 + 0.5 * math.cos(math.pi * away / (half + 1))
        taps.append((math.sin(turn) / turn if turn else 1.0) * window)
    whole = sum(taps)
    return [tap / whole for tap in taps]


def trimmed(samples: list[float]) -> list[int]:
    """Without the silence about it, as loud as it may be, and a short pause after it."""
    heard = [at for at, sample in enumerate(samples) if abs(sample) > _QUIET]
    if not heard:
        raise NoVoice("语音库没有发出声音。 The speech library made no sound.")
    cut = samples[heard[0] : heard[-1] + 1]
    loud = _PEAK / max(map(abs, cut))
    return [round(sample * loud) for sample in cut] + [0] * _PAUSE


def wav(samples: list[int]) -> bytes:
    """A WAV file in mu-law (format 7), 8,000 samples a second."""
    data = bytes(ulaw(sample) for sample in samples)
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16,
                       7, 1, RATE, RATE, 1, 8, b"data", len(data))  # fmt: skip
    return head + data


def ulaw(sample: int) -> int:
    """One 16-bit sample as ITU-T G.711 writes it in eight bits."""
    sign = 0x80 if sample < 0 else 0
    size = min(abs(sample), 32_635) + 132
    exponent = size.bit_length() - 8
    return ~(sign | exponent << 4 | size >> (exponent + 3) & 0x0F) & 0xFF


if __name__ == "__main__":  # `_spoken` alone calls it
    try:
        sys.stdout.buffer.writelines(_speak(json.load(sys.stdin)))
    except NoVoice as trouble:
        sys.exit(str(trouble))

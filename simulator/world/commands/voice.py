"""Text to speech (A76XX TTS application note): AT+CTTS and its parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.world.at import Command, Kind, Refused
from simulator.world.commands.table import Lines, on

if TYPE_CHECKING:
    from simulator.world.modem import Modem

MAX_TEXT = 512  # bytes between the quotes
STOP, UCS2, GBK = 0, 1, 2
RANGES = ((0, 2), (0, 3), (0, 2), (0, 2), (0, 2))  # volume, system volume, digits, pitch, speed


def need_speech(modem: Modem) -> None:
    if "tts" not in modem.identity.features:
        raise Refused


@on("+CTTS", kind=Kind.TEST)
def speech_present(modem: Modem, command: Command) -> Lines:
    """OK on a module that can speak, ERROR on one that cannot."""
    need_speech(modem)


@on("+CTTS", kind=Kind.READ)
def speech_state(modem: Modem, command: Command) -> Lines:
    need_speech(modem)
    return [f"+CTTS: {6 if modem.speaking else 0}"]


@on("+CTTS", kind=Kind.WRITE)
def speak(modem: Modem, command: Command) -> Lines:
    """`+CTTS:` and OK at once, `+CTTS: 0` after the last word; a second text is refused."""
    need_speech(modem)
    mode = command.number(0, STOP, GBK)
    if mode == STOP:
        return _stop(modem)
    utter(modem, _text(mode, command.word(1)))
    return ["+CTTS:"]


def utter(modem: Modem, text: str) -> None:
    """Begins to speak; one text at a time."""
    if modem.speaking or not text:
        raise Refused
    modem.speaking = utterance = modem.speaker.begin(text)

    def finished() -> None:
        if modem.speaking is utterance:
            modem.speaking = None
            modem.speaker.end(utterance, whole=True)
            modem.urc("+CTTS: 0")

    modem.after(len(text) * modem.timing.character_s / modem.speech_rate, finished)


def _stop(modem: Modem) -> Lines:
    if not modem.speaking:
        return None
    modem.hush()
    return ["+CTTS: 0"]


def _text(mode: int, raw: str) -> str:
    """The spoken text; raw is the argument as latin-1."""
    if len(raw) > MAX_TEXT:
        raise Refused
    try:
        if mode == GBK:
            return raw.encode("latin-1").decode("gbk")
        return bytes.fromhex(raw).decode("utf-16-be")
    except ValueError:
        raise Refused from None


@on("+CTTSPARAM", kind=Kind.TEST)
def speech_ranges(modem: Modem, command: Command) -> Lines:
    need_speech(modem)
    return ["+CTTSPARAM: " + ",".join(f"({low}-{high})" for low, high in RANGES)]


@on("+CTTSPARAM", kind=Kind.READ)
def speech_settings(modem: Modem, command: Command) -> Lines:
    need_speech(modem)
    return ["+CTTSPARAM: " + ",".join(map(str, modem.memory.speech))]


@on("+CTTSPARAM", kind=Kind.WRITE)
def set_speech(modem: Modem, command: Command) -> Lines:
    """Those left out keep their value; not while speaking."""
    need_speech(modem)
    if modem.speaking:
        raise Refused
    kept = modem.memory.speech
    modem.memory.speech = tuple(
        command.number(at, low, high, kept[at]) for at, (low, high) in enumerate(RANGES)
    )


@on("+CLVL", kind=Kind.READ)
def volume(modem: Modem, command: Command) -> Lines:
    return [f"+CLVL: {modem.settings.volume}"]


@on("+CLVL", kind=Kind.WRITE)
def set_volume(modem: Modem, command: Command) -> Lines:
    modem.settings.volume = command.number(0, 0, 5)

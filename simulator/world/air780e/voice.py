"""AT+CTTS of the `_LSAT` firmware: one text after the other, two thousand bytes each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from simulator.world.air780e.table import on
from simulator.world.at import Command, Kind, Refused
from simulator.world.commands.table import Lines
from simulator.world.commands.voice import need_speech, utter

if TYPE_CHECKING:
    from simulator.world.modem import Modem

MAX_TEXT = 2_047  # bytes between the quotes
STOP, UCS2, GBK, UTF8 = range(4)


@on("+CTTS", kind=Kind.TEST)
def speech_present(modem: Modem, command: Command) -> Lines:
    """OK with `_LSAT`, ERROR without."""
    need_speech(modem)


@on("+CTTS", kind=Kind.READ)
def speech_state(modem: Modem, command: Command) -> Lines:
    need_speech(modem)
    return [f"+CTTS: {int(modem.speaking is not None)}"]


@on("+CTTS", kind=Kind.WRITE)
def speak(modem: Modem, command: Command) -> Lines:
    """OK at once, `+CTTS: 0` after the last word; a text before that is refused."""
    need_speech(modem)
    mode = command.number(0, STOP, UTF8)
    if mode == STOP:
        modem.hush()
        return
    utter(modem, _text(mode, command.word(1)))


def _text(mode: int, raw: str) -> str:
    """The spoken text; raw is the argument as latin-1."""
    if len(raw) > MAX_TEXT:
        raise Refused
    try:
        if mode == UCS2:
            return bytes.fromhex(raw).decode("utf-16-be")
        if mode == GBK:
            return raw.encode("latin-1").decode("gbk")
        return bytes.fromhex(re.sub(r"\\x", "", raw)).decode()
    except ValueError:
        raise Refused from None


@on("+CTTSPARAM", kind=Kind.WRITE)
def set_speech(modem: Modem, command: Command) -> Lines:
    """Volume, and how the sound leaves the module: taken, without an effect to be heard here."""
    need_speech(modem)
    if modem.speaking:
        raise Refused

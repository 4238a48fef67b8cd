"""Stand-in for what MicroPython does with the cable: boot.py, main.py, then the raw prompt.

The chip's C code does this on a board (`pyexec.c`). Control letters: A raw prompt, B friendly
prompt, C breaks off, D runs or restarts, E A raw paste. HANMA_CABLE says how this start came
about: `raw` = restarted from the raw prompt, which leaves main.py out.
"""

import io
import os
import sys

import bluetooth  # noqa: F401
import esp32  # noqa: F401
import machine  # noqa: F401
from world_link import link

_WINDOW = 128
_RAW = b"raw REPL; CTRL-B to exit\r\n>"
_PROMPT = b"\r\nMicroPython on a virtual board\r\n>>> "


def run():
    try:
        link.tell({"cable": "ready"})  # from now on a Ctrl-C is met
        _start()
    except KeyboardInterrupt:
        pass
    raw = os.getenv("HANMA_CABLE") == "raw"
    if raw:
        _out(_RAW)
    while True:
        try:
            raw = _serve(raw)
        except KeyboardInterrupt:
            pass


def _start():
    """What a file throws is shown, and the prompt comes all the same."""
    names = ("boot",) if os.getenv("HANMA_CABLE") == "raw" else ("boot", "main")
    for name in names:
        try:
            os.stat(name + ".py")
        except OSError:
            continue
        try:
            __import__(name)
        except KeyboardInterrupt:
            _out(b"\r\nKeyboardInterrupt:\r\n")
            return
        except Exception as error:
            sys.print_exception(error, sys.stdout)
            return


def _serve(raw):
    """One letter, or one program; gives whether the prompt is the raw one now."""
    letter = _in(1)
    if letter == b"\x01":
        _out(b"\r\n" + _RAW)
        return True
    if letter == b"\x02":
        _out(_PROMPT)
        return False
    if not raw:
        if letter == b"\x04":
            _restart("friendly")
        elif letter == b"\r":
            _out(b"\r\n>>> ")
        return False
    if letter == b"\x05":
        _in(2)
        _paste()
    elif letter == b"\x04":
        _out(b"OK\r\nMPY: soft reboot\r\n")
        _restart("raw")
    elif letter not in b"\r\x03":
        text = letter
        while text[-1:] != b"\x04":
            text += _in(1)
        _out(b"OK")
        _execute(text[:-1])
    return True


def _paste():
    """A program in windows that we open one by one.

    Kept in one piece, as the chip's C code does: a list of its letters would hold seventy times as
    much, and while it runs.
    """
    _out(b"R\x01" + bytes((_WINDOW & 255, _WINDOW >> 8)) + b"\x01")
    text, left = bytearray(), _WINDOW
    while True:
        piece = _in(1)
        if piece == b"\x04":
            break
        text += piece
        left -= 1
        if not left:
            left = _WINDOW
            _out(b"\x01")
    _out(b"\x04")
    _execute(bytes(text))


_shared = {"__name__": "__main__"}


def _execute(text):
    failed = b""
    try:
        exec(compile(text, "<stdin>", "exec"), _shared)
    except SystemExit:
        _restart("raw")
    except BaseException as error:
        shown = io.StringIO()
        sys.print_exception(error, shown)
        failed = shown.getvalue().replace("\n", "\r\n").encode()
    _out(b"\x04" + failed + b"\x04>")


def _in(count):
    data = b""
    while len(data) < count:
        try:
            piece = sys.stdin.buffer.read(count - len(data))
        except KeyboardInterrupt:  # the cable's Ctrl-C met nothing that runs
            continue
        if not piece:
            sys.exit()  # the cable's end of it is gone, and with it our power
        data += piece
    return data


def _out(data):
    sys.stdout.buffer.write(data)


def _restart(how):
    link.tell({"cable": how})
    link.wait_for_the_end()

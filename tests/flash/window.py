"""A technician's window: `hanma flash` behind a pseudo terminal, and who answers it."""

import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PATIENCE_S = 300  # a whole module may be made in it, on a busy computer
_AGAIN_S = 5  # a Ctrl-C in the instant before it listens is lost; a hand presses again
# The window is the program's own, so that Ctrl-C reaches it, also where whoever started the tests
# is deaf to it.
_IN_A_WINDOW = """
import fcntl, os, signal, sys, termios
signal.signal(signal.SIGINT, signal.SIG_DFL)
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def on_a_terminal(words: list[str], folder: Path, play: list[tuple[str, str]]) -> tuple[str, int]:
    """What a technician sees who answers so (what is waited for, what is typed); the exit code."""
    command = ["-m", "cloud", "flash", "--ledger", str(folder / "ledger.jsonl"), *words]
    ours, theirs = os.openpty()
    env = {name: value for name, value in os.environ.items() if name != "HANMA_ENROL_CODE"}
    with subprocess.Popen(
        [sys.executable, "-c", _IN_A_WINDOW, *command],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=ROOT,
        env=env,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        raw, ends, left, answered = b"", time.monotonic() + _PATIENCE_S, list(play), 0
        last = time.monotonic()
        while (data := _read(ours)) is not None:
            raw += data
            seen = raw.decode(errors="replace")
            last = time.monotonic() if data else last
            if play[-1][1] == "\x03" and not left and time.monotonic() > last + _AGAIN_S:
                os.write(ours, b"\x03")
                last = time.monotonic()
            while left and (found := re.search(left[0][0] + ".*: ", seen[answered:])):
                answered += found.end()
                os.write(ours, left.pop(0)[1].encode())
            if time.monotonic() > ends:
                process.kill()
    os.close(ours)
    assert process.returncode != -signal.SIGKILL, f"waited in vain for {left}: {seen}"
    return seen, process.returncode


def _read(terminal: int) -> bytes | None:
    """What has come in the last moment; None when the other end is closed."""
    if not select.select([terminal], [], [], 0.1)[0]:
        return b""
    try:
        return os.read(terminal, 65536) or None
    except OSError:
        return None

"""What the terminal died of, kept for the next start to tell. Of the loader, like boots.py: it
must work when the application does not."""

import gc
import io
import json
import sys
import time

import esp32

_NAME = "crash"
_WORDS, _TRACE, _PLACES = 100, 240, 6


def keep(error):
    """Puts {type, message, trace, up, free, fw} under `crash` in the store. Never raises.

    `trace` has the innermost place first, `file:line function`; `up` is in ms and wraps with the
    ticks; `free` = bytes of heap.
    """
    try:
        gc.collect()
        free = getattr(gc, "mem_free", int)()
        record = {
            "type": type(error).__name__,
            "message": _plain(str(error))[:_WORDS],
            "trace": _trace(error),
            "up": time.ticks_ms(),
            "free": free,
            "fw": getattr(sys.modules.get("terminal"), "VERSION", ""),
        }
        store = esp32.NVS("hanma")
        store.set_blob(_NAME, json.dumps(record).encode())
        store.commit()
    except Exception as second:
        sys.print_exception(second)


def _trace(error):
    text = io.StringIO()
    sys.print_exception(error, text)
    places = []
    for line in text.getvalue().split("\n"):
        if line.startswith('  File "'):
            place = line[8:].replace('", line ', ":").replace(", in ", " ")
            places.insert(0, _plain(place).split("/")[-1])
    return " < ".join(places[:_PLACES])[:_TRACE]


def _plain(text):
    return "".join([c if " " <= c < "\x7f" else "?" for c in text])

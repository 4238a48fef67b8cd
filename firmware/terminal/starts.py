"""Counts the starts of this terminal, and finds out why it started: what the chip says of it (it
takes a brown-out for a power-on and a panic for a reset), and what the last run left word of."""

import json

_ROOM = 1024
_NOTHING = b"0"  # the chip's store is not asked to keep nothing at all


def begin(store, cause):
    """(number of this start, fields of its journal entry `boot`: reason, crash if there was one).

    The number is in flash already. `cause` = the chip's word.
    """
    number = int(store.get("starts") or _NOTHING) + 1
    store.put("starts", str(number).encode())
    try:
        crash = json.loads(store.get("crash", _ROOM) or _NOTHING) or None
    except (OSError, ValueError):  # of another loader, or broken: the start is what matters
        crash = None
    left = store.get("left") or _NOTHING
    reason = ("crash" if crash else cause) if left == _NOTHING else left.decode()
    return number, {"reason": reason, "crash": crash} if crash else {"reason": reason}


def told(store):
    """The journal has it: nothing of the last run is told again."""
    for name in ("crash", "left"):
        if (store.get(name, _ROOM) or _NOTHING) != _NOTHING:
            store.put(name, _NOTHING)


def leaving(store, reason):
    """Before a restart that the terminal makes by its own will; `reason` = at most 20 letters."""
    store.put("left", reason.encode())

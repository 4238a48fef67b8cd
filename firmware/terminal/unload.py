"""Parts that are needed now and then are imported where they are needed, and dropped after."""

import sys


def unload(name):
    """Gives back the memory of `terminal.<name>` as soon as nobody works with it any more; the
    next import loads it again. Where two wanted it, the second finds it gone: no fault."""
    above, _, last = ("terminal." + name).rpartition(".")
    if sys.modules.pop("terminal." + name, None):
        try:
            delattr(sys.modules[above], last)
        except AttributeError:  # its import failed half-way
            pass

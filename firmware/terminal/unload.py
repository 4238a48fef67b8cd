"""Parts that are needed now and then are imported where they are needed, and dropped after."""

import sys


def unload(name):
    """Gives back the memory of `terminal.<name>`; the next import loads it again."""
    above, _, last = ("terminal." + name).rpartition(".")
    del sys.modules["terminal." + name]
    delattr(sys.modules[above], last)

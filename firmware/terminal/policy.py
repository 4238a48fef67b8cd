"""Numbers the terminal works by; the cloud sends others by a signed command. Pure.

Each has a default and limits (limits.py). What the cloud sent is kept and survives a restart.
"""

from terminal.unload import unload


class Policy:
    """Every field is an attribute. `kept`: what `keep` got before the restart, or None."""

    def __init__(self, kept=None):
        _limits().begin(self, kept)

    def take(self, content, keep):
        """Takes over what `content` names; '' or 'malformed', and then nothing has changed.
        `keep(bytes)` is called before anything holds: where it raises, nothing has changed."""
        return _limits().take(self, content, keep)


def _limits():
    try:
        from terminal import limits  # seldom wanted: heap

        return limits
    finally:
        unload("limits")

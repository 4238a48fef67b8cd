"""Numbers the terminal works by; the cloud sends others by a signed command. Pure.

Each has a default and limits (limits.py). What the cloud sent is kept and survives a restart.
"""

from terminal.unload import unload


class Policy:
    """Every field is an attribute. `kept`: what `text()` gave before the restart, or None."""

    def __init__(self, kept=None):
        _limits().begin(self, kept)

    def take(self, content):
        """Takes over what `content` names; '' or 'malformed', and then nothing has changed."""
        return _limits().take(self, content)

    def text(self):
        """The bytes that are to be kept."""
        return _limits().text(self)


def _limits():
    from terminal import limits  # seldom wanted: heap

    unload("limits")
    return limits

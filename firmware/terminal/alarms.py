"""What is wrong now: told at once, and again until the cloud has stored its entry. Pure."""

from terminal.controller import NOTICE

_KEPT = 16


class Alarms:
    """`note(kind, fields)` writes a journal entry and gives its number."""

    def __init__(self, note):
        self._note = note
        self._on = []  # names; what is only a notice is over when it was told
        self._untold = []  # contents of E0

    def set(self, name, level, on, detail=None):
        """The E0 content to send now, or None if nothing is new."""
        if on == (name in self._on):
            return None
        if not on:
            self._on.remove(name)
            self._note("alarm_clear", {"alarm": name})
            return None
        if level != NOTICE:
            self._on.append(name)
        content = {"alarm": name, "level": level}
        if detail is not None:
            content["detail"] = detail
        content["seq"] = self._note("alarm", dict(content))
        self._untold.append(content)
        del self._untold[:-_KEPT]
        return content

    def untold(self, stored_to):
        """What must be said again: its entry is not known to be stored."""
        self._untold = [c for c in self._untold if c["seq"] > stored_to]
        return list(self._untold)

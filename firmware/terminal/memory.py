"""What the terminal must know after the power was cut: ended jobs, lock, last unlock, tickets.

One value a name, each written whole, so that a cut leaves the old one or the new one.
"""

_ENDED_ROOM = 4096  # sixteen job ids of 64 letters of up to three bytes


class Memory:
    def __init__(self, store):
        self._store = store

    @property
    def ended(self):
        kept = self._store.get("ended", _ENDED_ROOM) or b""
        return [job for job in kept.decode().split("\n") if job]

    @ended.setter
    def ended(self, jobs):
        self._store.put("ended", "\n".join(jobs).encode())

    @property
    def locked(self):
        return self._store.get("locked") == b"1"

    @locked.setter
    def locked(self, locked):
        self._store.put("locked", b"1" if locked else b"0")

    @property
    def unlocked_n(self):
        return int(self._store.get("unlocked") or b"0")

    @unlocked_n.setter
    def unlocked_n(self, n):
        if n != self.unlocked_n:
            self._store.put("unlocked", str(n).encode())

    @property
    def tickets(self):
        """The text that tickets.py keeps: numbers used, what was spent of a lease."""
        return (self._store.get("tickets") or b"").decode()

    @tickets.setter
    def tickets(self, text):
        self._store.put("tickets", text.encode())

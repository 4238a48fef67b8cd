"""What the terminal must know after the power was cut: ended jobs, lock, tickets, what was paid.

One value a name, each written whole, so that a cut leaves the old one or the new one.
"""

_ENDED_ROOM = 1040  # sixteen job ids of 64 letters
_POLICY_ROOM = 1024


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
    def policy(self):
        """The text that Policy keeps, or None."""
        return self._store.get("policy", _POLICY_ROOM)

    def keep_policy(self, text):
        self._store.put("policy", text)

    @property
    def tickets(self):
        """The text that tickets.py keeps: numbers used, what was spent of a lease."""
        return self.text("tickets")

    @tickets.setter
    def tickets(self, text):
        self._store.put("tickets", text.encode())

    def text(self, name):
        """What the bench wrote, "" where nothing: `camera` ('yes'), `ntp` (a host)."""
        return (self._store.get(name) or b"").decode()

    def number(self, name):
        """`locked`, `tampered`, `sensed` (there was a gas sensor), `released` (an emergency
        release was running): 0 or 1;
        `unlocked` (counter of the last obeyed unlock), `spent` (minutes of emergency release),
        `refill` (the last one taken), `time` (highest authenticated time, epoch ms), `data` and
        `data_from` (bytes of this month, and since when)."""
        return int(self._store.get(name) or b"0")

    def set_number(self, name, value):
        if value != self.number(name):
            self._store.put(name, str(value).encode())

"""The trial of a new release: confirmed by what the terminal itself can see, or back (protocol
page, section 4). No word from the cloud is needed, so that it works underground too."""

import asyncio

import slots

_SETTLE_MS = 60000
_MOST_MS = 300000


class Trial:
    """`version`: what runs. `report(code, progress, text, version)`, `restart()` as in upgrade."""

    def __init__(self, store, version, report, restart):
        self._store = store
        self._version = version
        self._report = report
        self._restart = restart

    @property
    def on(self):
        return bool(self._state().trial)

    async def run(self, checks):
        """Confirms when all `checks` (name, callable) are true at once and a minute has gone well;
        fails when that has not come in five."""
        waited = 0
        while self.on:
            bad = [name for name, check in checks if not _holds(check)]
            if waited >= _SETTLE_MS and not bad:
                self.confirm()
            elif waited >= _MOST_MS:
                self.fail(bad[0])
            await asyncio.sleep_ms(1000)
            waited += 1000

    def confirm(self):
        self._store.put("slots", slots.written(slots.confirmed(self._state())))
        self._store.put("offer", b"")
        self._report(0, 100, "confirmed", self._version)

    def fail(self, why):
        """Back to what ran before, which tells of it."""
        print("hanma trial:", why)
        self._store.put("slots", slots.written(slots.given_up(self._state())))
        self._restart()

    def _state(self):
        return slots.read(self._store.get("slots"))


def _holds(check):
    try:
        return check()
    except Exception:
        return False

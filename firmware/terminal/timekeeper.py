"""What time it is, for a board without a clock of its own. Pure.

The cloud's time under a good mac is believed and gives the earliest possible now; the highest is
kept in flash, so that a cut does not turn time back and revive a ticket. The network's time
(NITZ, NTP) is anybody's word: it dates records, and can only make an expiry come sooner.
"""

_KEEP_MS = 600000


class Timekeeper:
    """`floor_ms`: the highest authenticated time that was kept; 0 = none."""

    def __init__(self, floor_ms=0):
        self._told = (floor_ms, 0)  # epoch ms, our `up` at that moment
        self._network = None
        self.kept_ms = floor_ms
        self.authentic = False  # told by the cloud in this boot

    def told(self, at_ms, up, fresh=True):
        """A time under a good mac; True when it is time to keep it in flash. What is not fresh (a
        ticket made beforehand, a command held back) is a floor and dates nothing. A fresh one ends
        the error of a cloud whose clock was ahead: nothing else would, and no ticket be good."""
        self.authentic = self.authentic or fresh
        ahead = self._floor(up) - at_ms
        if ahead < 0 or (fresh and ahead > _KEEP_MS):
            self._told = (at_ms, up)
        now_ms = self._floor(up)
        if abs(now_ms - self.kept_ms) < _KEEP_MS:
            return False
        self.kept_ms = now_ms
        return True

    def network(self, at_ms, up):
        self._network = (at_ms, up)

    def now(self, up):
        """The earliest possible now, epoch ms; 0 = not even that is known."""
        floor = self._floor(up)
        if self._network:
            return max(floor, self._network[0] + up - self._network[1])
        return floor

    def known(self, up):
        """Now, where somebody said it in this boot; else None."""
        return self.now(up) if self.authentic or self._network else None

    def _floor(self, up):
        return self._told[0] + up - self._told[1] if self._told[0] else 0

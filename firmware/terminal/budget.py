"""The month's data: three years of traffic are paid for in advance (CQ annex 1.3). Pure."""

_WINDOW_MS = 30 * 86400000


class Budget:
    """`used`: bytes charged since `from_ms` (epoch ms; 0 = the clock was never set)."""

    def __init__(self, policy, used=0, from_ms=0):
        self._policy = policy
        self.used = used
        self.from_ms = from_ms
        self._counted = 0

    def count(self, total, now_ms):
        """`total` = bytes charged since this boot; a new window begins after thirty days."""
        self.used += total - self._counted
        self._counted = total
        if now_ms and not 0 <= now_ms - self.from_ms < _WINDOW_MS:
            self.used, self.from_ms = 0, now_ms

    def slowdown(self, now_ms):
        """By how much heartbeats are to come more rarely: 2 where the data would not last. Not
        more: after two and a half heartbeats the cloud takes a terminal for gone."""
        limit = self._policy.data_mb * 1000000
        passed = (now_ms - self.from_ms) * 100 // _WINDOW_MS if now_ms and self.from_ms else 0
        share = self.used * 100 // limit
        return 2 if share > 50 and share > passed + 10 else 1

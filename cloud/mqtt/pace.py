"""Two brakes, time handed in: on wrong passwords, and on terminals that talk too much."""

from collections import OrderedDict
from dataclasses import dataclass, field

_REMEMBERED = 10_000

Pair = tuple[str, str]


@dataclass
class Failures:
    """Refused log-ins per (address, user). A pair that fails too often is not heard for a while.

    IoTDA's own clients try a wrong password for ever (reference iotda.md 1.7.5); so the check
    behind them, a database look-up, must not be theirs to wear out.
    """

    tries: int = 5
    pause_s: float = 60.0
    _failed: OrderedDict[Pair, tuple[int, float]] = field(default_factory=OrderedDict, repr=False)

    def deaf(self, pair: Pair, now_s: float) -> bool:
        """Whether this pair is to be refused unheard."""
        count, last_s = self._failed.get(pair, (0, 0.0))
        return count >= self.tries and now_s - last_s < self.pause_s

    def failed(self, pair: Pair, now_s: float) -> None:
        """One more wrong password; failures further apart than the pause do not add up."""
        count, last_s = self._failed.pop(pair, (0, 0.0))
        fresh = now_s - last_s < self.pause_s
        self._failed[pair] = (count + 1 if fresh else 1, now_s)
        if len(self._failed) > _REMEMBERED:
            self._failed.popitem(last=False)

    def succeeded(self, pair: Pair) -> None:
        """The right password wipes the slate."""
        self._failed.pop(pair, None)


@dataclass
class Buckets:
    """A token bucket per terminal: `rate_hz` messages a second, `burst` at once.

    50 a second is what IoTDA grants a connection (reference iotda.md 1.2); a terminal in
    good health says one thing a minute.
    """

    rate_hz: float = 50.0
    burst: float = 200.0
    _left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict, repr=False)

    def take(self, device: str, now_s: float) -> bool:
        """Take one token; False if there is none."""
        tokens, last_s = self._left.pop(device, (self.burst, now_s))
        tokens = min(self.burst, tokens + (now_s - last_s) * self.rate_hz)
        granted = tokens >= 1
        self._left[device] = (tokens - granted, now_s)
        if len(self._left) > _REMEMBERED:
            self._left.popitem(last=False)
        return granted

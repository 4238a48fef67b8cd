"""What the inputs mean: current, arc, bypass, warmth, signal. Pure."""

import math

AMPS_PER_MV = 0.5  # transformer and burden of the reference carrier: 400 A give 800 mV
SAMPLES = 40  # two mains cycles of 20 ms at one sample a millisecond
GAS_SAMPLES = 3
_GAS_FULL_MV = 3300  # 100 % of the lower explosive limit
_GAS_ABSENT_MV = 50  # a live sensor never reads so low


def rms_amps(samples_mv):
    """Amperes from samples in mV; their own mean is taken as the middle."""
    middle = sum(samples_mv) / len(samples_mv)
    square = sum((s - middle) * (s - middle) for s in samples_mv) / len(samples_mv)
    return math.sqrt(square) * AMPS_PER_MV


def gas_percent(samples_mv):
    """% of the lower explosive limit by the middle one of an odd number of samples, since a single
    one may be a striking arc's; None without a sensor."""
    mv = sorted(samples_mv)[len(samples_mv) // 2]
    return None if mv < _GAS_ABSENT_MV else mv * 100 // _GAS_FULL_MV


class Arc:
    """Burning or not, with hysteresis so that a flickering arc is one arc."""

    def __init__(self, policy):
        self._policy = policy
        self.burning = False

    def feel(self, amps):
        """True when the arc has just been struck or has just gone out."""
        was = self.burning
        self.burning = amps >= (self._policy.arc_off_a if was else self._policy.arc_on_a)
        return was != self.burning


class Lasting:
    """Something that counts only when it has been so for `looks` looks or `ms` on end."""

    def __init__(self, looks=1, ms=0):
        self._looks = looks
        self._ms = ms
        self._seen = 0
        self._since = None

    def feel(self, so, up):
        """Whether it has lasted long enough."""
        if not so:
            self._seen, self._since = 0, None
            return False
        self._since = up if self._since is None else self._since
        self._seen += 1
        return self._seen >= self._looks and up - self._since >= self._ms

    @property
    def pending(self):
        return 0 < self._seen < self._looks

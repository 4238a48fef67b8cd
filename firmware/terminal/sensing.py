"""Welding current from samples of the current transformer. Pure."""

import math

AMPS_PER_MV = 0.5  # transformer and burden of the reference carrier: 400 A give 800 mV
SAMPLES = 40  # two mains cycles of 20 ms at one sample a millisecond


def rms_amps(samples_mv):
    """Amperes from samples in mV; their own mean is taken as the middle."""
    middle = sum(samples_mv) / len(samples_mv)
    square = sum((s - middle) * (s - middle) for s in samples_mv) / len(samples_mv)
    return math.sqrt(square) * AMPS_PER_MV


class Arc:
    """Burning or not, with hysteresis so that a flickering arc is one arc."""

    def __init__(self, on_a, off_a):
        self._on_a = on_a
        self._off_a = off_a
        self.burning = False

    def feel(self, amps):
        """True when the arc has just been struck or has just gone out."""
        was = self.burning
        self.burning = amps >= (self._off_a if was else self._on_a)
        return was != self.burning

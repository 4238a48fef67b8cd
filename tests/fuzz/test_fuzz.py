"""A million malformed AT lines, messages and tickets: no crash, no stall, no relay that moves.

`python -m tests.fuzz --seed S` runs it with another seed; what it found has a test of its own
beside the file that was wrong.
"""

import pytest

from .__main__ import SHARES, fuzz, total

pytestmark = pytest.mark.slow
INPUTS, SEED = 1_000_000, 20_261_124


def test_a_million_malformed_inputs_are_survived_on_both_interpreters() -> None:
    told = fuzz(INPUTS, SEED)
    print(told)
    assert total(told) >= INPUTS
    for name in ("cpython", "micropython"):
        assert set(told[name]) == set(SHARES)
        assert told[name]["at_lines"]["good"] and told[name]["at_lines"]["refused"]
        assert told[name]["tickets"]["words"]["bad-mac"]

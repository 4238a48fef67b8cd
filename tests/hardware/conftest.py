"""The board as it is, simulated once for all that asks."""

import pytest

from hardware import check
from hardware.circuit import carrier
from hardware.derating import Figure, Stress


@pytest.fixture(scope="session")
def seen() -> list[Figure | Stress]:
    """All that `hanma hardware check` lets ngspice and the budget say."""
    return check.simulated(carrier())

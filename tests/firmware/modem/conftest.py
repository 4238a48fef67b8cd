"""What must work with every module is tried with each."""

from functools import partial

import pytest

from .table import MAKERS, Run
from .table import on_a_table as run_on_a_table


@pytest.fixture(params=MAKERS)
def on_a_table(request: pytest.FixtureRequest) -> Run:
    """`on_a_table(script)` on a module of each maker in turn."""
    return partial(run_on_a_table, maker=request.param)

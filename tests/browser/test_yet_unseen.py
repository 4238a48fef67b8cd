"""The last of this folder: what none of its tests has shown to axe."""

import os
from pathlib import Path

import pytest

from tests.browser import axe, drawn

pytestmark = pytest.mark.slow


def test_every_template_was_looked_at_by_axe(request):
    ran = {item.path for item in request.session.items}
    every = set(Path(__file__).parent.glob("test_*.py"))
    if not ran >= every or "PYTEST_XDIST_WORKER" in os.environ:
        pytest.skip("only some of these tests were asked for, or others run them beside this one")
    assert sorted(drawn.every() - axe.seen) == []

"""Every point and every complaint has its tests, and every test that is named exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLE = (Path(__file__).parent / "README.md").read_text()
ROWS = dict(re.findall(r"^\| ([SKX]\d+) \|(.*)\|$", TABLE, re.M))


def test_all_32_points_and_all_complaints_are_there_in_order():
    counts = {"S": 32, "K": 14, "X": 10}
    assert list(ROWS) == [f"{kind}{n}" for kind in counts for n in range(1, counts[kind] + 1)]


@pytest.mark.parametrize("point", list(ROWS))
def test_each_test_that_is_named_exists(point):
    named = re.findall(r"`(tests/[\w/.]+\.py)::(test_\w+)`", ROWS[point])
    assert named, "no test"
    for path, name in named:
        source = (ROOT / path).read_text()
        assert re.search(rf"^(?:async )?def {name}\(", source, re.M), f"{path}::{name}"

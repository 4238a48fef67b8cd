"""docs/annex.md: each field of the annex has its place and its test, and both exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROWS = [row for row in (ROOT / "docs" / "annex.md").read_text().splitlines() if row[:2] == "| "][
    1:
]


def test_the_table_has_rows() -> None:
    assert len(ROWS) > 20


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[2].strip()[:20])
def test_each_place_and_each_test_that_is_named_exists(row: str) -> None:
    named = re.findall(r"`(tests/[\w/.]+\.py)::(test_\w+)`", row)
    assert named, "no test"
    for path, name in named:
        source = (ROOT / path).read_text()
        assert re.search(rf"^(?:async )?def {name}\(", source, re.M), f"{path}::{name}"
    for path in re.findall(r"`(cloud/[\w/.]+\.py)`", row):
        assert (ROOT / path).exists(), path
    for struct in re.findall(r"`([A-Z]\w+[a-z])` \|", row):
        assert f"class {struct}(" in (ROOT / "cloud" / "platform" / "shapes.py").read_text()

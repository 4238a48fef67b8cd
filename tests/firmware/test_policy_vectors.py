"""The firmware's policy has the fields, defaults and limits that the cloud's has."""

import json
from pathlib import Path

import pytest
from terminal.policy import Policy

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "policy.json").read_text("utf-8"))


@pytest.mark.parametrize("name", VECTORS["fields"])
def test_a_fields_default_and_limits_are_those_of_the_vectors(name: str) -> None:
    default, least, most = VECTORS["fields"][name]
    assert getattr(Policy(), name) == default
    for value in (least, most):
        others = {other: value for pair in VECTORS["pairs"] if name in pair for other in pair}
        limits = {other: VECTORS["fields"][other][1:] for other in others}
        inside = {other: max(low, min(high, value)) for other, (low, high) in limits.items()}
        assert Policy().take(inside | {name: value}, None) == ""
    for value in (least - 1, most + 1, True, "1", None):
        assert Policy().take({name: value}, None) == "malformed"


def test_what_must_not_stand_above_the_other_is_refused() -> None:
    for low, high in VECTORS["pairs"]:
        most = VECTORS["fields"][high]
        assert Policy().take({low: most[1] + 1, high: most[1]}, None) == "malformed"

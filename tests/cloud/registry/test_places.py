"""District codes are shown by their names, where a name is known."""

import pytest

from cloud.base.unit import Unit
from cloud.registry import places


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("990101", "青禾县（演示）"),
        ("990101001", "河湾镇（演示）"),
        ("990101001007", "河湾镇（演示）"),
        ("990101002", "青禾县（演示）"),
        ("9901", "9901"),
        ("", ""),
    ],
)
def test_a_place_is_shown_by_the_nearest_known_name(unit: Unit, code: str, shown: str) -> None:
    places.put(unit, "990101", "青禾县（演示）")
    places.put(unit, "990101001", "河湾镇（演示）")
    assert places.name(unit, code) == shown


def test_a_place_is_renamed_by_putting_it_again(unit: Unit) -> None:
    places.put(unit, "990101", "旧名（演示）")
    places.put(unit, "990101", "青禾县（演示）")
    assert places.name(unit, "990101") == "青禾县（演示）"


def test_what_is_no_code_has_no_name(unit: Unit) -> None:
    with pytest.raises(ValueError, match="no district code"):
        places.put(unit, "99010", "无")

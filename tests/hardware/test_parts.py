"""The parts list: read whole, refused with a reason, judged by climate and second source."""

from dataclasses import replace
from pathlib import Path

import pytest

from hardware import parts

_HEAD = (parts.HERE / "parts.csv").read_text(encoding="utf-8").split("\n")[0]


def test_every_part_stands_the_climate_and_has_a_second_source() -> None:
    known = parts.read()
    assert len(known) > 40
    assert parts.faults(known.values()) == []


@pytest.mark.parametrize(("low", "high"), [(-20, 85), (-40, 70)])
def test_a_part_outside_the_climate_is_named(low: float, high: float) -> None:
    part = replace(parts.read()["relay-power"], t_min_c=low, t_max_c=high)
    assert parts.faults([part]) == [f"relay-power: {low}…{high} °C, needed -40…85 °C"]


def test_two_types_of_one_maker_are_no_second_source_unless_it_is_told_why() -> None:
    part = parts.read()["opamp"]
    same = replace(part, second_maker=part.maker)
    assert parts.faults([same]) == ["opamp: no second source"]
    assert parts.faults([replace(same, sole="nobody else makes it")]) == []


def test_a_part_that_is_its_own_second_source_is_named() -> None:
    part = parts.read()["esp32"]
    same = replace(part, second_maker=part.maker, second_number=part.number)
    assert parts.faults([same]) == ["esp32: no second source"]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("r1,x,1,a,b,,,,-40,85,10,,,,,,,,s,,1 2,R:R,1 2", "r1: no second_maker, second_number"),
        ("r1,x,much,a,b,c,d,,-40,85,10,,,,,,,,s,,1 2,R:R,1 2", "r1: could not convert"),
        ("r1,x,1,a,b,c,d,,-40,85,10,,,,,,,,s,,1 2,R:R,1 2\n" * 2, "r1: twice"),
        ("r1,x,1,a,b,c,d,,-40,85,10,,,,,,,,s,,1 2,,", "r1: no footprint, pads"),
        ("r1,x,1,a,b,c,d,,-40,85,10,,,,,,,,s,,1 2,R:R,1", "r1: 2 pins, pads for 1"),
        ("r1,x,1,a,b,c,d,,-40,85,10,,,,,,,,s,,1 2,R:R,1 1", "r1: a pad belongs to two pins"),
    ],
)
def test_a_row_that_cannot_be_read_says_which_and_why(tmp_path: Path, row: str, why: str) -> None:
    file = tmp_path / "parts.csv"
    file.write_text(f"{_HEAD}\n{row}\n")
    with pytest.raises(parts.BadPart, match=why):
        parts.read(file)

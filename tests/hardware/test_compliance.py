"""The matrix holds all sixteen items, and each that a laboratory must test has its plan."""

import re

import pytest

from hardware import check
from hardware.derating import Figure
from hardware.parts import HERE
from hardware.pins import ROOT

TEXT = (HERE / "compliance.md").read_text("utf-8")
ITEMS = {
    int(number): (bool(mark), cells.split("|"))
    for number, mark, cells in re.findall(r"^\| (\d+) (▲ )?\| (.+) \|$", TEXT, re.MULTILINE)
}
PLAN = {
    name: cells.split(" | ")
    for name, cells in re.findall(r"^\| (T\d+) \S+ \| (.+) \|$", TEXT, re.MULTILINE)
}
TESTED = {1, 2, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15}  # ▲ in the annex


def test_all_sixteen_items_are_there_and_those_for_the_laboratory_are_marked() -> None:
    assert list(ITEMS) == list(range(1, 17))
    assert {number for number, (mark, _) in ITEMS.items() if mark} == TESTED


@pytest.mark.parametrize("number", sorted(TESTED))
def test_what_a_laboratory_must_test_has_standard_level_set_up_and_criterion(number: int) -> None:
    named = ITEMS[number][1][-1].strip()
    assert len(PLAN[named]) == 4 and all(PLAN[named])


def test_a_margin_that_it_tells_and_the_simulation_does_not_is_named() -> None:
    figure = Figure("surge at all: BR1 bridge pulse", 33, 35, "A")
    found = check.compliance({figure.what: figure})
    assert "compliance.md: mains ≥ 0.00" in found
    assert not any(one.startswith("compliance.md: surge") for one in found)


def test_what_is_said_to_prove_an_item_is_there() -> None:
    for path in re.findall(r"`(tests/[^`]+)`", TEXT):
        assert (ROOT / path).exists(), path

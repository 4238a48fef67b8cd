"""The schematic as text: what can be read, and what is refused with its line."""

import pytest

from hardware.circuit import BadSchematic, carrier, load
from hardware.parts import read

_NETS = "[nets]\nA 0 5 low supply\nB 0 3 low\nC 0 3 low\n"


def test_a_part_knows_the_net_at_each_of_its_pins() -> None:
    circuit = load(f"{_NETS}[sheet one words of it]\nQ1 npn B C A # a remark\n", read())
    assert circuit.sheets == {"one": "words of it"}
    assert [circuit.placed["Q1"].net(pin) for pin in "BCE"] == ["B", "C", "A"]
    assert [pin.name for _, pin in circuit.on("C")] == ["C"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("R1 res-10k A", "R1 has 2 pins, not 1"),
        ("R1 res-10k A NOWHERE", "unknown net NOWHERE"),
        ("R1 unobtainium A B", "no part unobtainium"),
        ("R1 res-10k A B\nR1 res-10k A B", "R1 comes twice"),
        ("R1", "not enough values"),
        ("[attic]", "attic"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(line: str, why: str) -> None:
    with pytest.raises(BadSchematic, match=rf"line \d+: .*{why}"):
        load(f"{_NETS}[sheet one]\n{line}\n", read())


def test_words_before_the_first_section_are_refused() -> None:
    with pytest.raises(BadSchematic, match="line 1: stands before"):
        load("R1 res-10k A B\n", read())


def test_nets_that_move_together_are_no_further_apart_than_told() -> None:
    circuit = carrier()
    assert circuit.difference("HV", "MID") == 258
    assert circuit.difference("L", "N") == 645
    assert circuit.difference("V33", "GND") == pytest.approx(3.3)
    assert circuit.difference("GND", "GND") == 0

"""Operator and access point by the SIM's number (CQ annex 1.2)."""

import pytest
from terminal.modem.operators import by_imsi


@pytest.mark.parametrize(
    ("codes", "operator", "apn"),
    [
        (("00", "02", "04", "07", "08"), "CMCC", "cmnet"),
        (("01", "06", "09"), "CUCC", "3gnet"),
        (("03", "05", "11"), "CTCC", "ctnet"),
        (("15",), "CBN", "cbnet"),
    ],
)
def test_each_of_the_four_operators_is_known_by_every_code_it_has(
    codes: tuple[str, ...], operator: str, apn: str
) -> None:
    for code in codes:
        assert by_imsi(f"460{code}0000000001") == (operator, apn)


@pytest.mark.parametrize("imsi", ["", "4", "460", "4600", "460990000000001", "262010000000001"])
def test_an_unknown_sim_leaves_the_choice_to_the_network(imsi: str) -> None:
    assert by_imsi(imsi) == ("", "")

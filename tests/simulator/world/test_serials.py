"""The numbers of a terminal's modem and card (simulator/world/serials.py)."""

import pytest

from simulator.world.serials import iccid, imei, luhn

MANY = [f"HMA4CF12{number:06X}" for number in range(2_000)]


@pytest.mark.parametrize(("digits", "check"), [("7992739871", 3), ("49015420323751", 8)])
def test_the_check_digit_is_that_of_the_books(digits: str, check: int) -> None:
    assert luhn(digits) == check


def test_no_two_terminals_have_the_same_number() -> None:
    assert len({imei(one) for one in MANY}) == len({iccid(one) for one in MANY}) == len(MANY)


def test_they_are_as_long_as_real_ones_check_out_and_are_nobodys() -> None:
    for device in MANY[:50]:
        assert len(imei(device)) == 15 and len(iccid(device)) == 20
        assert imei(device).startswith("00") and iccid(device).startswith("89999")
        for number in (imei(device), iccid(device)):
            assert number.isdecimal() and luhn(number[:-1]) == int(number[-1])


def test_a_module_keeps_its_numbers_when_it_becomes_a_terminal() -> None:
    assert imei("a4cf12abcdef") == imei("HMA4CF12ABCDEF")
    assert iccid("a4cf12abcdef") == iccid("HMA4CF12ABCDEF")

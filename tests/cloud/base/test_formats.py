"""Numbers with check characters, judged against python-stdnum."""

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc as judge
from stdnum.iso7064 import mod_11_2

from cloud.base import formats

USCC_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
REAL_CODES = (  # public codes from the reference, formats.md 4.1
    "914403001922038216",
    "9144030071526726XG",
    "91110000802100433B",
    "91330100799655058B",
    "91110000600037341L",
)


@given(
    st.from_regex("[0-9]{8}", fullmatch=True),
    st.text(USCC_SIGNS, min_size=9, max_size=9),
    st.sampled_from(USCC_SIGNS),
)
def test_credit_codes_are_judged_as_the_judge_does(head: str, body: str, check: str) -> None:
    code = head + body + check
    assert (formats.read_uscc(code) is not None) is judge.is_valid(code)
    assert judge.is_valid(head + body + formats.uscc_check(head + body))


@pytest.mark.parametrize("code", REAL_CODES)
def test_known_credit_codes_hold_in_any_writing(code: str) -> None:
    assert formats.read_uscc(code) == code
    assert formats.read_uscc(f" {code[:9].lower()} {code[9:]}") == code


@pytest.mark.parametrize("text", ["", "91", "914403001922038215", "91440300192203821I", "9" * 19])
def test_what_is_no_credit_code_is_none(text: str) -> None:
    assert formats.read_uscc(text) is None


@given(
    st.integers(0, 999_999),
    st.dates(date(1920, 1, 1), date(2020, 12, 31)),
    st.integers(0, 999),
)
def test_identity_numbers_carry_iso_7064_mod_11_2(area: int, born: date, serial: int) -> None:
    body = f"{area:06}{born:%Y%m%d}{serial:03}"
    number = body + formats.identity_check(body)
    assert mod_11_2.is_valid(number)
    assert formats.read_identity(number.lower()) == number


@given(st.from_regex("[0-9]{17}[0-9X]", fullmatch=True))
def test_no_identity_number_holds_that_the_judge_refuses(number: str) -> None:
    assert formats.read_identity(number) is None or mod_11_2.is_valid(number)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("11010519491231002X", True),
        ("11010519491231002x", True),
        ("440524188001010014", True),  # a code of an area that is no more
        ("110105194912310021", False),
        ("11010519490231002X", False),  # 31 February
        ("1101051949123100", False),
        ("", False),
        ("１１０１０５１９４９１２３１００２Ｘ", True),  # as a Chinese keyboard gives it
        ("١١٠١٠٥١٩٤٩١٢٣١٠٠٢X", False),
    ],
)
def test_identity_numbers(text: str, good: bool) -> None:
    assert formats.read_identity(text) == (
        unicodedata.normalize("NFKC", text).upper() if good else None
    )


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("13800000000", "13800000000"),
        ("+86 138-0000-0000", "13800000000"),
        ("008613800000000", "13800000000"),
        ("１３８　００００－００００", "13800000000"),
        ("12800000000", None),
        ("1380000000", None),
        ("", None),
    ],
)
def test_phone_numbers(text: str, number: str | None) -> None:
    assert formats.read_phone(text) == number


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("11010519491231002X", "110105********002X"),
        ("13800001234", "138****1234"),
        ("T000123", "*******"),
        ("", ""),
    ],
)
def test_numbers_are_shown_masked(number: str, shown: str) -> None:
    assert formats.mask(number) == shown


@pytest.mark.parametrize(("name", "shown"), [("演示甲", "演**"), ("甲", "甲"), ("", "")])
def test_names_are_shown_masked(name: str, shown: str) -> None:
    assert formats.mask_name(name) == shown


@pytest.mark.parametrize("number", ["023-60000000", "0571 8888 8888", "13800000000"])
def test_a_firm_may_have_a_fixed_line(number: str) -> None:
    assert formats.read_phone(number, fixed=True) == number.replace("-", "").replace(" ", "")
    assert (formats.read_phone(number) is None) == number.startswith("0")

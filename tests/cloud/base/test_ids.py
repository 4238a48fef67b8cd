"""Machine codes survive cameras and thumbs; a mistyped one is told, not looked up."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_36

from cloud.base.ids import BadCode, check_character, make_code, new_id, read_code

SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ISSUED = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
codes = st.builds(
    make_code,
    st.from_regex("[0-9]{6}", fullmatch=True),
    st.integers(0, 2**32).map(random.Random),
)


@given(st.text(SIGNS, max_size=30))
def test_the_check_character_is_that_of_an_independent_judge(body: str) -> None:
    assert check_character(body) == mod_37_36.calc_check_digit(body)


@given(codes)
def test_an_issued_code_reads_back_and_has_no_misread_sign(code: str) -> None:
    assert len(code) == 14
    assert set(code) <= set(ISSUED)
    assert mod_37_36.is_valid(code)
    assert read_code(code) == code


@given(codes, st.data())
def test_case_spaces_and_dashes_do_not_matter(code: str, data: st.DataObject) -> None:
    gap = data.draw(st.sampled_from([" ", "-", "\n", "\u3000"]))
    place = data.draw(st.integers(0, 14))
    assert read_code(f" {code[:place]}{gap}{code[place:]}".lower()) == code


@given(codes, st.integers(0, 13), st.sampled_from(ISSUED))
def test_every_single_wrong_sign_is_noticed(code: str, place: int, sign: str) -> None:
    wrong = code[:place] + sign + code[place + 1 :]
    assert (read_code(wrong) == code) is (wrong == code)


@given(codes, st.integers(6, 12))
def test_every_swap_of_neighbours_is_noticed(code: str, place: int) -> None:
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert (read_code(swapped) == code) is (swapped == code)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "length"),
        ("990101", "length"),
        ("99010100000000X", "length"),
        ("A90101000000AB", "letters"),
        ("9901010000I000", "letters"),
        ("9901010000é000", "letters"),
        ("990101000000" + "00", "check"),
    ],
)
def test_what_is_no_code_is_told_why(text: str, reason: str) -> None:
    assert read_code(text) == BadCode(reason)


@given(st.text(max_size=40))
def test_nothing_makes_the_reader_stumble(text: str) -> None:
    assert isinstance(read_code(text), str | BadCode)


@pytest.mark.parametrize("district", ["", "99", "99010", "9901011", "99010a", "９９０１０１"])
def test_a_code_needs_a_county(district: str) -> None:
    with pytest.raises(ValueError, match="six digits"):
        make_code(district, random.Random(1))


def test_ids_are_sixteen_random_bytes() -> None:
    assert len(new_id()) == 32
    assert len({new_id() for _ in range(1000)}) == 1000

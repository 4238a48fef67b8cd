"""Canonical JSON, keys and macs against the shared vectors and against the standard library."""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from terminal import mac

from . import signing

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "wire.json").read_text("utf-8"))
SECRET = bytes.fromhex(VECTORS["secret"])

LETTERS = st.characters(max_codepoint=0xFFFF, exclude_categories=("Cs", "Cc"))
TEXTS = st.text(LETTERS, max_size=12)
LEAVES = st.none() | st.booleans() | st.integers(-(1 << 70), 1 << 70) | TEXTS
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def nested(depth: int) -> Any:
    value: Any = 1
    for level in range(depth):
        value = [value] if level % 2 else {"k": value}
    return value


@pytest.mark.parametrize("case", VECTORS["canonical"])
def test_the_shared_vectors_have_their_one_spelling(case: dict[str, Any]) -> None:
    assert mac.canonical(case["value"]) == case["text"]


@given(VALUES)
@settings(deadline=None)
def test_canonical_json_is_what_the_standard_library_writes(value: Any) -> None:
    try:
        text = mac.canonical(value)
    except ValueError as error:
        assert str(error) == "too deep"
        return
    assert text == signing.canonical(value)
    assert json.loads(text) == value


@pytest.mark.parametrize(
    "letter", ["\x00", "\x1f", "\n", "\x7f", "\ud800", "\udfff", "\U00010000"]
)
@pytest.mark.parametrize("wrap", [lambda s: s, lambda s: {s: 1}, lambda s: {"a": ["b", s]}])
def test_letters_without_a_canonical_form_are_refused(letter: str, wrap: Any) -> None:
    with pytest.raises(ValueError):
        mac.canonical(wrap("x" + letter))


@pytest.mark.parametrize("value", [1.5, float("nan"), b"x", (1,), {1}, object(), {"a": [0.0]}])
def test_values_without_a_canonical_form_are_refused(value: Any) -> None:
    with pytest.raises(ValueError):
        mac.canonical(value)


@pytest.mark.parametrize("value", [{1: 2}, {None: 1}, {1: 2, "a": 3}, {True: 1}, {2.5: 1}])
def test_keys_that_are_no_texts_are_refused_as_micropythons_reader_lets_them_in(
    value: dict[Any, int],
) -> None:
    with pytest.raises(ValueError):
        mac.canonical(value)


def test_eight_levels_are_spelled_and_nine_are_refused() -> None:
    assert mac.canonical(nested(8)) == signing.canonical(nested(8))
    with pytest.raises(ValueError):
        mac.canonical(nested(9))


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
@settings(deadline=None)
def test_hmac_is_the_standard_librarys(key: bytes, text: bytes) -> None:
    assert mac.hmac_sha256(key, text) == hmac.digest(key, text, "sha256")


@pytest.mark.parametrize("length", [0, 1, 63, 64])
def test_hmac_takes_keys_up_to_one_block(length: int) -> None:
    key = bytes(range(length))
    assert mac.hmac_sha256(key, b"t") == hmac.new(key, b"t", hashlib.sha256).digest()


@pytest.mark.parametrize("label", sorted(VECTORS["keys"]))
def test_the_keys_of_the_shared_secret_are_derived(label: str) -> None:
    assert mac.derive(SECRET, label).hex() == VECTORS["keys"][label]


@pytest.mark.parametrize("case", VECTORS["answers"])
def test_the_receipts_of_the_shared_vectors_come_out(case: dict[str, Any]) -> None:
    told = case["body"]["paras"]["result"]["mac"]
    assert mac.tag(mac.derive(SECRET, "receipt"), case["mac_over"]) == told


def test_same_is_true_for_equal_texts_only() -> None:
    assert mac.same("abc", "abc")
    assert mac.same("", "")
    for other in ("abd", "ab", "abcd", "", None, 7, b"abc", ["a", "b", "c"]):
        assert not mac.same("abc", other)
        assert not mac.same(other, "abc")

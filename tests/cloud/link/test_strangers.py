"""JSON from strangers (cloud/link/strangers.py)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.link.strangers import BYTES_MAX, NotReadable, read_object, text, whole


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (b"", "not-json"),
        (b"hello!", "not-json"),
        (b"[1,2]", "not-object"),
        (b'"text"', "not-object"),
        (b"\xff\xfe{}", "not-utf8"),
        (b'{"a":"\\ud800"}', "not-utf8"),
        (b"\xef\xbb\xbf{}", "not-json"),
        (b'{"a":1,"a":2}', "duplicate-key"),
        (b'{"a":{"b":1,"b":1}}', "duplicate-key"),
        (b'{"a":NaN}', "number"),
        (b'{"a":-Infinity}', "number"),
        (b'{"a":1e999}', "number"),
        (b'{"a":' + b"9" * 5000 + b"}", "number"),
        (b'{"a":' + b"[" * 17 + b"]" * 17 + b"}", "too-deep"),
        (b'{"a":' * 100_00, "too-deep"),
        (b" " * (BYTES_MAX + 1), "too-long"),
        (b'{"a":"' + b"x" * 1_000_000 + b'"}', "too-long"),
    ],
)
def test_what_cannot_be_read_says_why(raw: bytes, word: str) -> None:
    with pytest.raises(NotReadable) as refused:
        read_object(raw)
    assert str(refused.value) == word


def test_an_object_is_read_as_it_is() -> None:
    raw = '{"焊":"机","n":-5,"f":1.5,"t":true,"e":"\\ud83d\\ude00"}'.encode()
    assert read_object(raw) == {"焊": "机", "n": -5, "f": 1.5, "t": True, "e": "😀"}


@given(st.binary(max_size=200) | st.text().map(str.encode))
def test_any_bytes_become_an_object_or_a_reason(raw: bytes) -> None:
    try:
        assert isinstance(read_object(raw), dict)
    except NotReadable as refused:
        assert str(refused)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(JSON)
def test_whatever_is_read_can_be_written_down_as_utf8(value: object) -> None:
    import json

    raw = json.dumps({"a": value}).encode("utf-8", "surrogatepass")
    try:
        read = read_object(raw)
    except NotReadable:
        return
    json.dumps(read, ensure_ascii=False, allow_nan=False).encode()


@pytest.mark.parametrize(
    ("value", "number"),
    [(7, 7), (7.4, 7), (True, 1), ("7", None), (None, None), (-1, None), (2**60, None)],
)
def test_a_whole_number_is_within_bounds_or_not_there(value: object, number: int | None) -> None:
    assert whole({"a": value}, "a") == number


@pytest.mark.parametrize(
    ("value", "read"),
    [("idle", "idle"), ("", ""), (7, None), ("x" * 65, None), ("a\x00b", None), ("a\nb", None)],
)
def test_a_text_is_short_and_printable_or_not_there(value: object, read: str | None) -> None:
    assert text({"a": value}, "a") == read

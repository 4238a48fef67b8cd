"""JSON from strangers: bytes of any kind become one plain object, or the reason why not. Pure.

What comes out can be stored and compared without surprises: no duplicated keys, no NaN, no number
beyond 64 bits, no lone surrogates, no deep nesting.
"""

import json
import math
from itertools import accumulate
from typing import Any, NoReturn

BYTES_MAX = 65_536
DEPTH_MAX = 16
_DIGITS_MAX = 18  # fits a signed 64-bit column
_STEP = {"{": 1, "[": 1, "}": -1, "]": -1}


class NotReadable(ValueError):
    """These bytes are no acceptable JSON object; the text is a stable word."""


def read_object(raw: bytes | str) -> dict[str, Any]:
    """The JSON object in `raw`, or NotReadable with one of the words

    `too-long, not-utf8, too-deep, not-json, duplicate-key, number, not-object`.
    """
    if len(raw) > BYTES_MAX:
        raise NotReadable("too-long")
    try:
        text = raw if isinstance(raw, str) else raw.decode("utf-8")
    except UnicodeDecodeError:
        raise NotReadable("not-utf8") from None
    if _depth(text) > DEPTH_MAX:
        raise NotReadable("too-deep")
    value = _loads(text)
    if not isinstance(value, dict):
        raise NotReadable("not-object")
    return value


def _loads(text: str) -> Any:
    try:
        value = json.loads(
            text,
            object_pairs_hook=_once_each,
            parse_int=_whole,
            parse_float=_finite,
            parse_constant=_no_number,
        )
        if "\\u" in text:
            # An escape may spell half a letter, which no database will take.
            json.dumps(value, ensure_ascii=False).encode()
    except NotReadable:
        raise
    except UnicodeEncodeError:
        raise NotReadable("not-utf8") from None
    except (ValueError, RecursionError):
        raise NotReadable("not-json") from None
    return value


def _depth(text: str) -> int:
    """An upper bound of the nesting; brackets inside strings are counted too, they are rare."""
    return max(accumulate(_STEP[sign] for sign in text if sign in _STEP), default=0)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise NotReadable("duplicate-key")
    return made


def _whole(digits: str) -> int:
    if len(digits.lstrip("-")) > _DIGITS_MAX:
        raise NotReadable("number")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise NotReadable("number")
    return number


def _no_number(word: str) -> NoReturn:
    raise NotReadable("number")


def whole(content: dict[str, Any], name: str, low: int = 0, high: int = 2**53) -> int | None:
    """A whole number within bounds; true and false count as 1 and 0; None if absent or odd."""
    value = content.get(name)
    if isinstance(value, float):
        value = round(value)
    if not isinstance(value, int) or not low <= value <= high:
        return None
    return int(value)


def text(content: dict[str, Any], name: str, most: int = 64) -> str | None:
    """A printable text of at most `most` characters; None if absent or odd."""
    value = content.get(name)
    if not isinstance(value, str) or len(value) > most or not value.isprintable():
        return None
    return value

"""Numbers with a check character of their own, and how personal ones are shown.

`read_…` gives the number as it is stored, or None: a value, for the form to complain about.
"""

import re
from datetime import date
from operator import mul

from cloud.base.ids import Chooser, make_code, plain, read_code

_USCC_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = [pow(3, place, 31) for place in range(17)]
_USCC_SHAPE = re.compile(f"[{_USCC_SIGNS}]{{2}}[0-9]{{6}}[{_USCC_SIGNS}]{{10}}")
_ID_WEIGHTS = [pow(2, 17 - place, 11) for place in range(17)]
_ID_SHAPE = re.compile("[0-9]{17}[0-9X]")
_PHONE_SHAPE = re.compile("1[3-9][0-9]{9}")
_FIXED_SHAPE = re.compile("0[1-9][0-9]{8,10}")


def uscc_check(body: str) -> str:
    """The 18th character of a unified social credit code (GB 32100-2015) for its first 17."""
    total = sum(w * _USCC_SIGNS.index(c) for w, c in zip(_USCC_WEIGHTS, body, strict=True))
    return _USCC_SIGNS[-total % 31]


def read_uscc(text: str) -> str | None:
    """统一社会信用代码 (GB 32100-2015), or None if shape or check character is wrong."""
    code = plain(text)
    good = _USCC_SHAPE.fullmatch(code) and uscc_check(code[:17]) == code[17]
    return code if good else None


def make_firm(district6: str, rng: Chooser) -> str:
    """A fresh number for whoever works without a credit code: W and a code as on machines."""
    return "W" + make_code(district6, rng)


def read_firm(text: str) -> str | None:
    """A unified social credit code, or the number that stands for one; None if it is neither."""
    own = plain(text)
    if own[:1] == "W" and isinstance(read_code(own[1:]), str):
        return own
    return read_uscc(text)


def identity_check(body: str) -> str:
    """The 18th character of an identity number (GB 11643-1999) for its first 17 digits."""
    return "10X98765432"[sum(map(mul, _ID_WEIGHTS, map(int, body))) % 11]


def read_identity(text: str) -> str | None:
    """公民身份号码 (GB 11643-1999), or None if shape, birthday or check character is wrong.

    The area is not judged: numbers keep the codes of areas that were since renamed.
    """
    number = plain(text)
    if not _ID_SHAPE.fullmatch(number) or identity_check(number[:17]) != number[17]:
        return None
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
    return number


def for_welding(category: str) -> bool:
    """Whether a certificate's 作业类别 is metal welding; plastics go with other machines."""
    return "焊" in category and "非金属" not in category


def read_phone(text: str, fixed: bool = False) -> str | None:
    """A Chinese mobile number of 11 digits (+86 is dropped), or None.

    `fixed`: a number of a firm, which may be a fixed line with its area code as well.
    """
    number = re.sub(r"^(\+|00)86", "", plain(text))
    good = _PHONE_SHAPE.fullmatch(number) or (fixed and _FIXED_SHAPE.fullmatch(number))
    return number if good else None


def mask(number: str) -> str:
    """A personal number as it is shown: 330102********1234, 138****5678."""
    head, tail = (6, 4) if len(number) == 18 else (3, 4)
    if len(number) <= head + tail:
        return "*" * len(number)
    return number[:head] + "*" * (len(number) - head - tail) + number[-tail:]


def mask_name(name: str) -> str:
    """A name as others see it: the first character, then stars."""
    return name[:1] + "*" * (len(name) - 1)

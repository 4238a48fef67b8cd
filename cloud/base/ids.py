"""Random ids, and the codes printed on machines (protocol, section 6)."""

import secrets
from dataclasses import dataclass
from typing import Protocol

_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ISSUED = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I L O U: they are misread
_BODY = 13
_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}  # ！ to ～


class Chooser(Protocol):
    """A source of chance handed in: random.Random in tests, random.SystemRandom in earnest."""

    def choice(self, seq: str, /) -> str: ...


@dataclass(frozen=True)
class BadCode:
    """Why a text is no machine code: `length`, `letters` or `check`."""

    reason: str


def new_id() -> str:
    """16 random bytes, hex."""
    return secrets.token_hex(16)


def check_character(body: str) -> str:
    """ISO 7064 MOD 37,36 over digits and capital letters."""
    carry = 36
    for sign in body:
        carry = (carry + _SIGNS.index(sign)) % 36 or 36
        carry = carry * 2 % 37
    return _SIGNS[(37 - carry) % 36]


def make_code(district6: str, rng: Chooser) -> str:
    """A fresh code: 6 district digits, 7 base-32 signs, 1 check character that is no I L O U."""
    if len(district6) != 6 or not _digits(district6):
        raise ValueError(f"a district of six digits is wanted, not {district6!r}")
    while True:
        body = district6 + "".join(rng.choice(_ISSUED) for _ in range(7))
        check = check_character(body)
        if check in _ISSUED:
            return body + check


def read_code(text: str) -> str | BadCode:
    """The code in the form in which it is stored, from what a camera or a person gave."""
    code = plain(text)
    if len(code) != _BODY + 1:
        return BadCode("length")
    if not _digits(code[:6]) or any(sign not in _ISSUED for sign in code):
        return BadCode("letters")
    if check_character(code[:-1]) != code[-1]:
        return BadCode("check")
    return code


def plain(text: str) -> str:
    """A number as it is stored, however it was grouped or typed: capitals, no spaces or dashes."""
    return "".join(narrow(text).split()).replace("-", "").upper()


def narrow(text: str) -> str:
    """With ９Ａ－ as 9A-: a Chinese keyboard gives letters and digits in both widths."""
    return text.translate(_NARROW)


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()

"""District codes are a tree of 2/4/6/9/12 digits: province, city, county, township, community."""

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.orm import InstrumentedAttribute

LENGTHS = (2, 4, 6, 9, 12)


def valid(code: str) -> bool:
    """Whether this is a code of the tree; whether such a place exists is not asked."""
    return len(code) in LENGTHS and code.isascii() and code.isdigit()


def within(code: str, root: str) -> bool:
    """Whether `code` is `root` or lies below it; nothing lies below what is no code."""
    return valid(code) and valid(root) and code.startswith(root)


def path(code: str) -> list[str]:
    """The code and what it lies in, the smallest first: township, county, city, province."""
    return [code[:length] for length in reversed(LENGTHS) if length <= len(code)]


def below(root: str, *columns: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """SQL: one of the columns lies within `root`; ValueError if that is no code."""
    if not valid(root):
        raise ValueError(f"no district code: {root!r}")
    return or_(*(_from_to(column, root) for column in columns))


def _from_to(column: InstrumentedAttribute[str], root: str) -> ColumnElement[bool]:
    """As a range of digits, which an index serves on every database (LIKE it does not)."""
    after = str(int(root) + 1).zfill(len(root))
    least = column >= root
    return least if len(after) > len(root) else and_(least, column < after)

"""District codes are a tree of 2/4/6/9/12 digits: province, city, county, township, community.

A local park 园区 stands where a township does: the county's six digits, `P` and two digits.
"""

import re
from functools import lru_cache

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, or_

LENGTHS = (2, 4, 6, 9, 12)
_PARK = re.compile(r"[0-9]{6}P[0-9]{2}(?:[0-9]{3})?")


def valid(code: str) -> bool:
    """Whether this is a code of the tree; whether such a place exists is not asked."""
    tree = len(code) in LENGTHS and code.isascii() and code.isdigit()
    return tree or _PARK.fullmatch(code) is not None


@lru_cache(maxsize=4096)  # asked for each machine and alarm, of a few hundred places
def within(code: str, root: str) -> bool:
    """Whether `code` is `root` or lies below it; nothing lies below what is no code."""
    return valid(code) and valid(root) and code.startswith(root)


def path(code: str) -> list[str]:
    """The code and what it lies in, the smallest first: township, county, city, province."""
    return [code[:length] for length in reversed(LENGTHS) if length <= len(code)]


def below(root: str, *columns: SQLColumnExpression[str]) -> ColumnElement[bool]:
    """SQL: one of the columns lies within `root`; ValueError if that is no code."""
    if not valid(root):
        raise ValueError(f"no district code: {root!r}")
    return or_(*(_from_to(column, root) for column in columns))


def _from_to(column: SQLColumnExpression[str], root: str) -> ColumnElement[bool]:
    """As a range of digits, which an index serves on every database (LIKE it does not)."""
    least = column >= root
    head, park, tail = root.partition("P")
    if park:
        after = str(int(tail) + 1).zfill(len(tail))
        return and_(least, column < (f"{head}Q" if len(after) > len(tail) else f"{head}P{after}"))
    after = str(int(root) + 1).zfill(len(root))
    return least if len(after) > len(root) else and_(least, column < after)

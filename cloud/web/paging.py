"""Turning the pages of a list: `?page=`, and whether there is another one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import request

PER_PAGE = 50
_PAGES_MAX = 100_000


@dataclass(frozen=True)
class Page:
    """One page of a list: `rows`, its number, and whether another one follows."""

    rows: list[Any]
    number: int
    more: bool


def page() -> int:
    """Which page of the list; nonsense means the first."""
    wanted = request.args.get("page", "1")
    good = wanted.isascii() and wanted.isdigit() and len(wanted) < 7
    return min(max(int(wanted), 1), _PAGES_MAX) if good else 1


def turned(read: Callable[[int, int], list[Any]], per_page: int = PER_PAGE) -> Page:
    """The page that the address names; `read(limit, offset)` gives its rows and one more."""
    number = page()
    rows = read(per_page + 1, (number - 1) * per_page)
    return Page(rows[:per_page], number, len(rows) > per_page)

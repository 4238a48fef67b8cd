"""One cell: a text becomes a value, or a complaint in both languages."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from cloud.base import districts
from cloud.base.formats import mask, read_firm, read_identity, read_phone
from cloud.base.ids import narrow
from cloud.registry.ledgers import files
from cloud.registry.ledgers.said import Complaint

LIMIT = 200  # characters of one cell
_SOLID = re.compile("[0-9]{8}")


class BadField(Complaint):
    """Why a cell or a row cannot be taken."""


@dataclass(frozen=True)
class Hidden:
    """A number as an export shows it, with stars: it tells nothing but that it is the same."""

    text: str

    def hides(self, number: str | None) -> bool:
        """Whether this is how that number is shown."""
        return mask(number or "") == self.text


def tells(given: str | Hidden, known: str) -> bool:
    """Whether a cell says this number, whole or as an export shows it."""
    return given.hides(known) if isinstance(given, Hidden) else given == known


def pick(made: dict[str, Any], fresh: Iterable[str], also: Mapping[str, tuple[str, ...]]) -> Any:
    """The columns of a table that some columns of its ledger are kept in; `also` = which, where
    their names differ."""
    return {name: made[name] for told in fresh for name in also.get(told, (told,))}


def no_state(fresh: Mapping[str, Any]) -> None:
    """BadField if a state is to change: that is an act of its own, with a reason."""
    if "status" in fresh:
        raise BadField("状态不能用表格改，请在它的页面上办。", "Change the state on its own page.")


# Rows leave the database in pieces, however many there are.
STREAM = {"yield_per": 1000}

Reader = Callable[[str], Any]


@dataclass(frozen=True)
class Column:
    """One column: its name in the code, its Chinese heading, how a text in it is read.

    `wanted` = it may not be empty. `empty` = what an empty cell means. `words` = how a value is
    shown, by value, where the two differ. `mere` = a row that tells nothing else tells nothing.
    """

    name: str
    zh: str
    read: Reader
    wanted: bool = False
    empty: Any = ""
    words: Mapping[Any, str] | None = None
    mere: bool = False

    @cached_property
    def heading(self) -> str:
        """The heading as `files` gives it."""
        return files.heading(self.zh)

    def value(self, text: str) -> Any:
        """The cell's value; BadField without the column's name."""
        if not text:
            if self.wanted:
                raise BadField("没有填写。", "is empty.")
            return self.empty
        return self.read(text)

    def shown(self, value: Any) -> Any:
        """The value as a cell of an export."""
        return self.words.get(value, value) if self.words else value


def line(text: str) -> str:
    """One line of text."""
    if len(text) > LIMIT:
        raise BadField(f"太长，最多 {LIMIT} 个字。", f"is longer than {LIMIT} characters.")
    if not text.isprintable():
        raise BadField("有不能使用的字符。", "has characters that cannot be used.")
    return text


def whole(text: str) -> int:
    """A number of things or units, 0 to a thousand million."""
    number = narrow(text)
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        raise BadField("应是整数。", "must be a whole number.")
    return int(number)


def kilowatts(text: str) -> int:
    """Kilowatts as they are written (11.5); watts as they are kept."""
    try:
        watts = round(float(narrow(text)) * 1000)
    except (ValueError, OverflowError):
        watts = -1
    if not 0 <= watts < 1_000_000_000:
        raise BadField("应是千瓦数。", "must be a number of kilowatts.")
    return watts


def day(text: str) -> str:
    """A date in any usual writing (2027-1-5, 2027/01/05, 2027年1月5日, 20270105, with midnight
    behind it or without); ISO as it is kept."""
    plain = narrow(text).removesuffix(" 00:00:00").removesuffix("日")
    if _SOLID.fullmatch(plain):
        plain = f"{plain[:4]}-{plain[4:6]}-{plain[6:]}"
    parts = re.split("[-/.年月]", plain)
    try:
        year, month, number = (int(part) for part in parts)
        return date(year, month, number).isoformat()
    except ValueError:
        raise BadField("应是日期，如 2027-01-05。", "must be a date like 2027-01-05.") from None


def yes_or_no(text: str) -> bool:
    """是/否, yes/no, 1/0."""
    known = {"是": True, "否": False, "yes": True, "no": False, "1": True, "0": False}
    if text.lower() not in known:
        raise BadField("应是“是”或“否”。", "must be yes or no.")
    return known[text.lower()]


def one_of(words: Mapping[Any, str]) -> Reader:
    """One of some values, written as its Chinese word or as the value itself."""
    known = {str(value): value for value in words} | {word: value for value, word in words.items()}

    def read(text: str) -> Any:
        if text not in known:
            raise BadField(
                f"应是：{'、'.join(word for word in words.values() if word)}。",
                f"must be one of {', '.join(str(value) for value in words if value)}.",
            )
        return known[text]

    return read


def some_of(words: Mapping[str, str]) -> Reader:
    """Several of some values, divided by 、 or a comma."""
    single = one_of(words)

    def read(text: str) -> frozenset[str]:
        parts = text.replace("，", "、").replace(",", "、").split("、")
        return frozenset(single(part.strip()) for part in parts if part.strip())

    return read


def district(least: int) -> Reader:
    """A district's code of at least so many digits."""

    def read(text: str) -> str:
        if not districts.valid(text) or len(text) < least:
            raise BadField("不是行政区划代码。", "is no district code.")
        return text

    return read


def uscc(text: str) -> str:
    """A credit code with a right check character, or the number of who has none."""
    code = read_firm(text)
    if code is None:
        raise BadField(
            "不是统一社会信用代码（位数或校验位不对）。",
            "is no unified social credit code (length or check character).",
        )
    return code


def identity(text: str) -> str:
    """An identity number with a right birthday and check character; never quoted back."""
    number = read_identity(text)
    if number is None:
        raise BadField(
            "不是公民身份号码（位数、生日或校验位不对；在表格里请把这一列设为文本）。",
            "is no identity number (length, birthday or check; keep the column as text).",
        )
    return number


def number(text: str) -> str:
    """A number of a paper; not one that is shown with stars."""
    if "*" in text:
        raise BadField("要填完整的编号。", "must be whole, not masked.")
    return line(text)


def phone(fixed: bool) -> Reader:
    """A telephone number; `fixed` lines as well or mobile ones only."""

    def read(text: str) -> str | Hidden:
        if "*" in text:
            return Hidden(text)
        number = read_phone(text, fixed=fixed)
        if number is None:
            raise BadField("不是电话号码。", "is no telephone number.")
        return number

    return read

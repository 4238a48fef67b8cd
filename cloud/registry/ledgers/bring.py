"""A whole table is judged first, every bad row with its reasons, and written afterwards."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from cloud.base.unit import Unit
from cloud.registry.ledgers.fields import BadField, Column
from cloud.registry.ledgers.files import BadTable, Line

_BATCH = 5000


class Ledger(Protocol):
    """One kind of register while a table is brought in; made anew for each table."""

    columns: tuple[Column, ...]

    def row(self, unit: Unit, values: dict[str, Any]) -> Any:
        """What is written for one good row; BadField if the row does not fit the others."""

    def write(self, unit: Unit, rows: list[Any]) -> None:
        """Write some rows."""


@dataclass(frozen=True)
class BadRow:
    """One row that cannot be taken, by its number in the table."""

    line: int
    reasons: tuple[str, ...]


@dataclass
class Judged:
    """A table after it was read: what can be written, and every row that cannot."""

    ledger: Ledger
    good: list[Any] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)


def judge(unit: Unit, ledger: Ledger, lines: Iterable[Line]) -> Judged:
    """Judge every row; nothing is written. BadTable if a wanted column is missing."""
    judged = Judged(ledger)
    for number, (line, texts) in enumerate(lines):
        if number == 0:
            _check_heading(ledger.columns, texts)
        try:
            judged.good.append(ledger.row(unit, _values(ledger.columns, texts)))
        except _BadCells as error:
            judged.bad.append(BadRow(line, error.reasons))
        except BadField as error:
            judged.bad.append(BadRow(line, (str(error),)))
        except ValueError as error:  # each cell holds, the register refuses them together
            words = f"这一行前后矛盾。 The row contradicts itself: {error}."
            judged.bad.append(BadRow(line, (words,)))
    return judged


def write(unit: Unit, judged: Judged) -> Iterator[int]:
    """Write the good rows, giving the count after each batch; IntegrityError if others were
    quicker with the same keys, and then nothing of it may be kept."""
    for start in range(0, len(judged.good), _BATCH):
        batch = judged.good[start : start + _BATCH]
        judged.ledger.write(unit, batch)
        yield start + len(batch)


class _BadCells(Exception):
    def __init__(self, reasons: list[str]) -> None:
        self.reasons = tuple(reasons)


def _values(columns: tuple[Column, ...], texts: dict[str, str]) -> dict[str, Any]:
    values, reasons = {}, []
    for column in columns:
        try:
            values[column.name] = column.value(texts.get(column.zh) or texts.get(column.name, ""))
        except BadField as error:
            reasons.append(f"“{column.zh}”{error}")
    if reasons:
        raise _BadCells(reasons)
    return values


def _check_heading(columns: tuple[Column, ...], texts: dict[str, str]) -> None:
    missing = [one for one in columns if one.wanted and not {one.zh, one.name} & texts.keys()]
    if missing:
        names = "、".join(one.zh for one in missing)
        raise BadTable(f"表头缺少：{names}。 The heading lacks {names}.")
    known = {one.zh for one in columns} | {one.name for one in columns}
    strange = [name for name in texts if name not in known]
    if strange:
        names = "、".join(strange)
        raise BadTable(f"表头里不认识：{names}。 Unknown in the heading: {names}.")

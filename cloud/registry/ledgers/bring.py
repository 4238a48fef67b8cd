"""A whole table is judged first, every bad row with its reasons, and written afterwards.

A row whose key is registered changes what it tells otherwise: an empty cell or a column that is
left out leaves what is there, and a number that is shown masked must be the mask of what is there.
"""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Protocol

from cloud.base.database import Change
from cloud.base.unit import Unit
from cloud.registry.ledgers.fields import BadField, Column, Hidden
from cloud.registry.ledgers.files import ASTRAY, BadTable, Line
from cloud.registry.ledgers.said import Said

_BATCH = 5000
_LOOKED_UP = 500  # rows whose keys are looked up at once


@dataclass(frozen=True)
class Registered:
    """What is registered under a key: its id, and each column's value as a table tells it."""

    id: str
    now: dict[str, Any]
    row: Any


class Ledger(Protocol):
    """One kind of register while a table is brought in; made anew for each table.

    `key` = the columns by which a row is known.
    """

    columns: tuple[Column, ...]
    key: tuple[str, ...]

    def known(self, unit: Unit, batch: list[dict[str, Any]]) -> dict[Hashable, Registered]:
        """What is registered of these rows, by the values of `key`; it may fill in the key of a
        row that is known by something else."""

    def row(self, unit: Unit, values: dict[str, Any]) -> Any:
        """What is written for one good new row; BadField if the row does not fit the others."""

    def change(self, unit: Unit, one: Registered, fresh: dict[str, Any]) -> dict[str, Any]:
        """The columns of the table that these fresh values of a row change; BadField."""

    def write(self, unit: Unit, rows: list[Any]) -> None:
        """Write some new rows."""

    def amend(self, unit: Unit, changes: list[Change]) -> None:
        """Change some rows; ChangedMeanwhile."""


@dataclass(frozen=True)
class BadRow:
    """One row that cannot be taken, by its number in the table."""

    line: int
    reasons: tuple[Said, ...]


@dataclass(frozen=True)
class ChangedRow:
    """One row that changes what is registered; `fields` = the headings of what differs."""

    line: int
    fields: tuple[Said, ...]
    change: Change


@dataclass
class Judged:
    """A table after it was read: what can be written, and every row that cannot."""

    ledger: Ledger
    good: list[Any] = field(default_factory=list)  # new rows
    changed: list[ChangedRow] = field(default_factory=list)
    unchanged: int = 0
    bad: list[BadRow] = field(default_factory=list)
    keys: set[Hashable] = field(default_factory=set)

    @property
    def to_write(self) -> int:
        return len(self.good) + len(self.changed)

    @property
    def counts(self) -> dict[str, int]:
        """rows, new, changed, unchanged, bad."""
        told = {"new": len(self.good), "changed": len(self.changed)}
        told |= {"unchanged": self.unchanged, "bad": len(self.bad)}
        return {"rows": sum(told.values())} | told


def judge(unit: Unit, ledger: Ledger, lines: Iterable[Line]) -> Judged:
    """Judge every row; nothing is written. BadTable if a wanted column is missing."""
    judged = Judged(ledger)
    source, first = iter(lines), True
    while batch := list(islice(source, _LOOKED_UP)):
        if first:
            _check_heading(ledger.columns, batch[0][1])
            first = False
        rows = [row for line, texts in batch if (row := _read(judged, line, texts))]
        known = ledger.known(unit, [values for _line, values, _given in rows])
        for line, values, given in rows:
            try:
                _place(unit, judged, line, values, given, known)
            except BadField as error:
                judged.bad.append(BadRow(line, (error.said,)))
            except ValueError as error:  # each cell holds, the register refuses them together
                words = Said("这一行前后矛盾。", f"The row contradicts itself: {error}.")
                judged.bad.append(BadRow(line, (words,)))
    judged.bad.sort(key=lambda one: one.line)
    return judged


def write(unit: Unit, judged: Judged) -> Iterator[int]:
    """Write the good rows, giving the count after each batch; IntegrityError or ChangedMeanwhile
    if others were quicker with the same keys, and then nothing of it may be kept."""
    for start in range(0, len(judged.good), _BATCH):
        batch = judged.good[start : start + _BATCH]
        judged.ledger.write(unit, batch)
        yield start + len(batch)
    for start in range(0, len(judged.changed), _LOOKED_UP):
        some = judged.changed[start : start + _LOOKED_UP]
        judged.ledger.amend(unit, [one.change for one in some])
        yield len(judged.good) + start + len(some)


_Row = tuple[int, dict[str, Any], frozenset[str]]


def _read(judged: Judged, line: int, texts: dict[str, str]) -> _Row | None:
    """The values of a row and which columns it tells; None if it tells nothing, or if a cell is
    bad, which is noted."""
    try:
        values, given = _values(judged.ledger.columns, texts)
    except _BadCells as error:
        judged.bad.append(BadRow(line, error.reasons))
        return None
    return (line, values, given) if given else None


def _place(
    unit: Unit,
    judged: Judged,
    line: int,
    values: dict[str, Any],
    given: frozenset[str],
    known: dict[Hashable, Registered],
) -> None:
    """New, changed or unchanged; BadField."""
    ledger = judged.ledger
    key = tuple(values[name] for name in ledger.key)
    whole = all(value not in ("", None) for value in key)
    if whole and key in judged.keys:
        raise BadField("表里前面的一行已经登记同样的内容。", "An earlier row has the same key.")
    one = known.get(key) if whole else None
    if one is None:
        if any(isinstance(value, Hidden) for value in values.values()):
            raise BadField("新登记要填完整的号码。", "A new row wants whole numbers, not masked.")
        judged.good.append(ledger.row(unit, dict(values)))
    else:
        fresh = _fresh(ledger, one, values, given)
        if fresh:
            judged.changed.append(_changed(unit, ledger, line, one, fresh))
        else:
            judged.unchanged += 1
    if whole:
        judged.keys.add(key)


def _fresh(
    ledger: Ledger, one: Registered, values: dict[str, Any], given: frozenset[str]
) -> dict[str, Any]:
    fresh = {}
    for column in ledger.columns:
        name = column.name
        if name not in given or name in ledger.key or name not in one.now:
            continue
        value, now = values[name], one.now[name]
        if isinstance(value, Hidden):
            if not value.hides(now):
                raise BadField(
                    f"“{column.zh}”只有遮住的号码，和登记的不一样。",
                    f"{column.name} is masked and not the mask of what is registered.",
                )
        elif value != now:
            fresh[name] = value
    return fresh


def _changed(
    unit: Unit, ledger: Ledger, line: int, one: Registered, fresh: dict[str, Any]
) -> ChangedRow:
    columns = ledger.change(unit, one, fresh)
    was = {name: getattr(one.row, name) for name in columns}
    headings = tuple(Said(it.zh, it.name) for it in ledger.columns if it.name in fresh)
    return ChangedRow(line, headings, Change(one.id, columns, was))


class _BadCells(Exception):
    def __init__(self, reasons: list[Said]) -> None:
        self.reasons = tuple(reasons)


def _values(
    columns: tuple[Column, ...], texts: dict[str, str]
) -> tuple[dict[str, Any], frozenset[str]]:
    values, reasons, given = {}, [], set()
    for column in columns:
        text = texts.get(column.heading) or texts.get(column.name, "")
        if text and not column.mere:
            given.add(column.name)
        try:
            values[column.name] = column.value(text)
        except BadField as error:
            zh, en = error.said
            reasons.append(Said(f"“{column.zh}”{zh}", f"“{column.name}” {en}"))
    if ASTRAY in texts:
        # Not quoted: it may be a personal number that slipped aside.
        astray = Said("有内容不在任何一列表头下面。", "Something stands under no heading.")
        raise _BadCells([*reasons, astray])
    if reasons and given:
        raise _BadCells(reasons)
    return values, frozenset(given)


def _check_heading(columns: tuple[Column, ...], texts: dict[str, str]) -> None:
    missing = [one for one in columns if one.wanted and not {one.heading, one.name} & texts.keys()]
    if missing:
        names, en = "、".join(one.zh for one in missing), ", ".join(one.name for one in missing)
        raise BadTable(f"表头缺少：{names}。", f"The heading lacks {names} ({en}).")
    known = {one.heading for one in columns} | {one.name for one in columns}
    strange = [name for name in texts if name not in known and name != ASTRAY]
    if strange:
        names = "、".join(strange)
        raise BadTable(f"表头里不认识：{names}。", f"Unknown in the heading: {names}.")

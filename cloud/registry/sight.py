"""What a regulator sees, in one place: the district's subtree and the department's trades."""

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, true
from sqlalchemy.orm import InstrumentedAttribute

from cloud.base import districts
from cloud.base.unit import Unit
from cloud.registry import departments


class Looking(Protocol):
    """A person, or as much of one as pages keep."""

    @property
    def id(self) -> str: ...
    @property
    def roles(self) -> frozenset[str]: ...
    @property
    def district(self) -> str: ...


@dataclass(frozen=True)
class Sight:
    """`root` None = everywhere; `trades` None = all; `department` empty = none in particular."""

    root: str | None
    trades: frozenset[str] | None = None
    department: str = ""

    def covers(self, trade: str, *places: str) -> bool:
        """Whether one of the places lies inside, and the trade is one's own."""
        if self.trades is not None and trade not in self.trades:
            return False
        if self.root is None:
            return True
        for place in places:  # thousands of times for one page: no generator  # noqa: SIM110
            if districts.within(place, self.root):
                return True
        return False

    def owns(self, trade: str) -> bool:
        """Whether the trade is one's own."""
        return self.trades is None or trade in self.trades

    def places(self, *columns: SQLColumnExpression[str]) -> ColumnElement[bool]:
        """SQL: one of the columns lies inside the district."""
        return true() if self.root is None else districts.below(self.root, *columns)

    def own(self, trade: InstrumentedAttribute[str]) -> ColumnElement[bool]:
        """SQL: the trade is one's own."""
        return true() if self.trades is None else trade.in_(sorted(self.trades))

    def handles(self, trade: str, handed_to: str) -> bool:
        """Whether the case is one's own, as `cases` says it to the database."""
        if self.trades is None:
            return True
        own = not trade or trade in self.trades
        return (not handed_to and own) or handed_to == self.department

    def cases(
        self, trade: InstrumentedAttribute[str], handed_to: InstrumentedAttribute[str]
    ) -> ColumnElement[bool]:
        """SQL: a case of one's own trades, or of none, that was not handed over, or was handed to
        oneself."""
        if self.trades is None:
            return true()
        own = (trade == "") | self.own(trade)
        return and_(handed_to == "", own) | (handed_to == self.department)


def of(unit: Unit, person: Looking) -> Sight | None:
    """The sight of an officer or of the office; None for everybody else."""
    officer = "officer" in person.roles and "office" not in person.roles
    row = departments.of(unit, person.id) if officer else None
    return posted(person, (row.code, frozenset(row.trades)) if row else None)


def posted(person: Looking, department: tuple[str, frozenset[str]] | None) -> Sight | None:
    """The same where one knows already to which department, and with which trades."""
    if "office" in person.roles:
        return Sight(None)
    if "officer" not in person.roles:
        return None
    code, trades = department or ("", None)
    return Sight(person.district, trades, code)

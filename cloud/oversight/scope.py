"""What is looked at: a regulator's sight, narrowed by the filters of the page. A plain value."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, select

from cloud.base import districts
from cloud.cases.alarms import IS_OPEN, Alarm
from cloud.registry.machines import INDUSTRIES, Machine
from cloud.registry.sight import Sight

__all__ = ["Scope", "of"]


@dataclass(frozen=True)
class Scope:
    """`root` None = everywhere; `trades` None = all; `department` as in Sight."""

    root: str | None
    trades: frozenset[str] | None
    department: str = ""
    trade: str = ""  # the filter itself, empty = none

    def holds(self, trade: str, *places: str) -> bool:
        """Whether one of the places lies inside and the trade is looked at."""
        return Sight(self.root, self.trades).covers(trade, *places)

    @property
    def sight(self) -> Sight:
        return Sight(self.root, self.trades, self.department)

    def alarms(self, eyes: Sight) -> ColumnElement[bool]:
        """SQL: the open alarms that who looks with these eyes sees here."""
        place = self.sight.places(Alarm.district)
        if self.root is not None:
            there = select(Machine.id).where(Machine.id == Alarm.machine_id).correlate(Alarm)
            place |= there.where(self.sight.places(Machine.district)).exists()
        wanted = place & eyes.cases(Alarm.trade, Alarm.department) & IS_OPEN
        return wanted & (Alarm.trade == self.trade) if self.trade else wanted


def of(eyes: Sight, district: str = "", trade: str = "") -> Scope:
    """What the filters leave of a regulator's sight; one that lies outside, or is none, is
    passed over."""
    inside = districts.valid(district) and (
        eyes.root is None or districts.within(district, eyes.root)
    )
    own = trade in INDUSTRIES and (eyes.trades is None or trade in eyes.trades)
    return Scope(
        district if inside else eyes.root,
        frozenset({trade}) if own else eyes.trades,
        eyes.department,
        trade if own else "",
    )

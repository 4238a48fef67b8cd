"""What is looked at: a regulator's sight, narrowed by the filters of the page. Plain values."""

from dataclasses import astuple, dataclass

from sqlalchemy import ColumnElement, and_, select, true

from cloud.base import districts
from cloud.cases.alarms import IS_OPEN, Alarm
from cloud.registry.enterprises import Enterprise, called
from cloud.registry.machines import INDUSTRIES, Machine
from cloud.registry.sight import Sight

__all__ = ["EVERY", "Only", "Scope", "of"]


@dataclass(frozen=True)
class Only:
    """Which machines are looked at, of all that are seen; what is empty narrows nothing.

    `type` = of the enterprise 企业类型, `firm` = its credit code or a part of its name, `category`
    = of the machine 焊机类型, `use` = 应用行业.
    """

    type: str = ""
    firm: str = ""
    category: str = ""
    use: str = ""

    def __bool__(self) -> bool:
        return any(astuple(self))

    @property
    def machines(self) -> ColumnElement[bool]:
        """SQL: the machine is one of them."""
        wanted: list[ColumnElement[bool]] = []
        if self.category:
            wanted.append(Machine.category == self.category)
        if self.use:
            wanted.append(Machine.trade == self.use)
        if self.type or self.firm:
            owners = select(Enterprise.id)
            if self.type:
                owners = owners.where(Enterprise.kind == self.type)
            if self.firm:
                owners = owners.where(called(self.firm))
            # Not the column itself where there may be thousands of owners: machines are turned
            # over in the order of their codes, not gathered from all of them and sorted.
            owner = Machine.enterprise_id if self.firm else Machine.enterprise_id.concat("")
            wanted.append(owner.in_(owners))
        return and_(true(), *wanted)


EVERY = Only()


@dataclass(frozen=True)
class Scope:
    """`root` None = everywhere; `trades` None = all; `department` as in Sight."""

    root: str | None
    trades: frozenset[str] | None
    department: str = ""
    trade: str = ""  # the filter itself, empty = none
    only: Only = EVERY

    def holds(self, trade: str, *places: str) -> bool:
        """Whether one of the places lies inside and the trade is looked at."""
        return Sight(self.root, self.trades).covers(trade, *places)

    @property
    def sight(self) -> Sight:
        return Sight(self.root, self.trades, self.department)

    @property
    def machines(self) -> ColumnElement[bool]:
        """SQL: the machine is looked at; a cylinder is none."""
        seen = self.sight.places(Machine.district) & self.sight.own(Machine.industry)
        return seen & (Machine.kind == "machine") & self.only.machines

    def alarms(self, eyes: Sight) -> ColumnElement[bool]:
        """SQL: the open alarms that who looks with these eyes sees here."""
        place = self.sight.places(Alarm.district)
        if self.root is not None:
            there = select(Machine.id).where(Machine.id == Alarm.machine_id).correlate(Alarm)
            place |= there.where(self.sight.places(Machine.district)).exists()
        wanted = place & eyes.cases(Alarm.trade, Alarm.department) & IS_OPEN
        if self.only:
            meant = select(Machine.id).where(Machine.id == Alarm.machine_id, self.only.machines)
            wanted &= meant.correlate(Alarm).exists()
        return wanted & (Alarm.trade == self.trade) if self.trade else wanted


def of(eyes: Sight, district: str = "", trade: str = "", only: Only = EVERY) -> Scope:
    """What the filters leave of a regulator's sight; one that lies outside, or is none, is
    passed over."""
    inside = districts.valid(district) and (
        eyes.root is None or districts.within(district, eyes.root)
    )
    own = trade in INDUSTRIES and eyes.owns(trade)
    return Scope(
        district if inside else eyes.root,
        frozenset({trade}) if own else eyes.trades,
        eyes.department,
        trade if own else "",
        only,
    )

"""The open alarms, read once for all who look: who sees which, and how many, needs no database.

`seen` answers as `Scope.alarms` does. What it gives may be some seconds old, so whoever shows
more of an alarm asks the database for it again, under the same condition.
"""

from dataclasses import dataclass

from sqlalchemy import select

from cloud.base.unit import Unit
from cloud.cases.alarms import GRAVE_FIRST, IS_OPEN, Alarm
from cloud.oversight.scope import Scope
from cloud.registry.machines import Machine
from cloud.registry.sight import Sight


@dataclass(frozen=True, slots=True)
class Unclosed:
    """One open alarm; `home` = where its machine is registered, empty = it has none."""

    id: str
    district: str
    home: str
    trade: str
    department: str


def every(unit: Unit) -> list[Unclosed]:
    """All of them, the grave and overdue ones first."""
    rows = (
        select(Alarm.id, Alarm.district, Machine.district, Alarm.trade, Alarm.department)
        .outerjoin(Machine, Machine.id == Alarm.machine_id)
        .where(IS_OPEN)
        .order_by(*GRAVE_FIRST)
    )
    return [
        Unclosed(id, district, home or "", trade, department)
        for id, district, home, trade, department in unit.db.execute(rows)
    ]


def seen(alarms: list[Unclosed], eyes: Sight, where: Scope) -> list[Unclosed]:
    """Those that who looks with these eyes sees here, in the same order."""
    place = Sight(where.root)
    return [
        one
        for one in alarms
        if place.covers("", one.district, one.home)
        and eyes.handles(one.trade, one.department)
        and where.trade in ("", one.trade)
    ]

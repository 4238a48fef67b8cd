"""SIM 卡 and product quality insurance 产品质量保险 of a fitted terminal near their end (CQ annex
1.3, 1.16): an alarm of the lowest level until it was renewed, said again after a month."""

from datetime import date, timedelta

from sqlalchemy import select

from cloud.base.clock import china_day
from cloud.base.unit import Unit
from cloud.cases import alarms, where
from cloud.cases.alarms import IS_OPEN, Alarm
from cloud.link.stock import StockItem
from cloud.registry.machines import Machine

DAYS = 30
PAUSE_MS = 600_000
_MONTH_MS = 30 * 86_400_000
_LIMIT = 100
ENDS = {
    "SIM_NEAR_END": StockItem.sim_until,
    "INSURANCE_NEAR_END": StockItem.insurance_until,
}


class ModuleEnds:
    """`sweep` for the housekeeping: every ten minutes, at once again while there is more."""

    def __init__(self) -> None:
        self._next = 0

    def sweep(self, unit: Unit) -> int:
        if unit.now < self._next:
            return 0
        last = china_day(unit.now) + timedelta(days=DAYS)
        count = sum(_raised(unit, kind, last) + _renewed(unit, kind, last) for kind in ENDS)
        self._next = unit.now + (0 if count >= _LIMIT else PAUSE_MS)
        return count


def _raised(unit: Unit, kind: str, last: date) -> int:
    until = ENDS[kind]
    told = (Alarm.subject == StockItem.device) & (Alarm.kind == kind)
    lately = select(Alarm.id).where(told, Alarm.raised_at > unit.now - _MONTH_MS)
    rows = select(StockItem.device, Machine).join(Machine, Machine.device == StockItem.device)
    due = (until != "", until <= last.isoformat(), StockItem.state != "scrapped")
    found = unit.db.execute(rows.where(*due, ~lately.exists()).limit(_LIMIT)).all()
    for device, machine in found:
        # It is told where the machine works; of the job itself it says nothing.
        place = where.of(unit, machine) | {"job_id": None}
        alarms.raise_alarm(unit, kind, device, **place)
    return len(found)


def _renewed(unit: Unit, kind: str, last: date) -> int:
    rows = select(Alarm.subject).join(StockItem, StockItem.device == Alarm.subject)
    over = rows.where(Alarm.kind == kind, IS_OPEN, ENDS[kind] > last.isoformat())
    found = list(unit.db.scalars(over.limit(_LIMIT)))
    return sum(alarms.cleared(unit, kind, device) for device in found)

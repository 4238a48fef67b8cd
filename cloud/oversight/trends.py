"""How it went: jobs, refusals and alarms per day, and how many machines are coded by now."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

from cloud.base.clock import china_day
from cloud.base.unit import Unit
from cloud.book.audit import REFUSED, AuditRow
from cloud.cases.alarms import Alarm
from cloud.oversight.scope import Scope
from cloud.registry.machines import Machine
from cloud.work.job import Job

PERIODS = (30, 90, 365)  # days
_DAY_MS = 86_400_000
_ZONE_MS = 8 * 3_600_000


@dataclass(frozen=True)
class Trends:
    """`days` = ISO dates, the oldest first; every other list has a value for each.

    `total`, `coded` = machines in use at the end of that day; `waiting`, `overdue` = new machines
    without a terminal just now, within the days they have and past them.
    """

    days: list[str]
    jobs: list[int]
    refused: list[int]
    alarms: list[int]
    total: list[int]
    coded: list[int]
    waiting: int
    overdue: int


def trends(unit: Unit, scope: Scope, within_days: int, days: int = PERIODS[0]) -> Trends:
    """Of so many days, today included; `within_days` = of the rule, 0 = there is none."""
    today = (unit.now + _ZONE_MS) // _DAY_MS
    first = today - days + 1
    all_days = range(first, today + 1)
    since = first * _DAY_MS - _ZONE_MS
    sight, meant = scope.sight, scope.only.machines
    jobs = select(Job.on_at).join(Machine, Machine.id == Job.machine_id)
    jobs = jobs.where(Job.on_at >= since, sight.places(Job.district), sight.own(Machine.industry))
    refused = select(AuditRow.at).join(Job, Job.id == AuditRow.subject)
    refused = refused.join(Machine, Machine.id == Job.machine_id).where(
        REFUSED,
        AuditRow.at >= since,
        sight.places(AuditRow.district),
        sight.own(Machine.industry),
    )
    alarms = select(Alarm.raised_at).where(
        Alarm.raised_at >= since, sight.places(Alarm.district), sight.own(Alarm.trade)
    )
    if scope.only:
        alarms = alarms.join(Machine, Machine.id == Alarm.machine_id)
    here = scope.machines
    usable = select(Machine.made_at).where(here, Machine.status != "scrapped")
    fitted = select(Machine.fitted_at).where(here, Machine.status != "scrapped")
    waiting, overdue = _uncoded(unit, here, within_days)
    return Trends(
        [_day(number) for number in all_days],
        *(_per_day(unit, rows.where(meant), all_days) for rows in (jobs, refused, alarms)),
        _so_far(unit, usable, all_days),
        _so_far(unit, fitted.where(Machine.fitted_at.is_not(None)), all_days),
        waiting,
        overdue,
    )


def _per_day(unit: Unit, rows: Any, days: range) -> list[int]:
    counted = _counted(unit, rows)
    return [counted.get(number, 0) for number in days]


def _so_far(unit: Unit, rows: Any, days: range) -> list[int]:
    counted = _counted(unit, rows)
    before = sum(count for number, count in counted.items() if number < days.start)
    told = []
    for number in days:
        before += counted.get(number, 0)
        told.append(before)
    return told


def _counted(unit: Unit, rows: Any) -> dict[int, int]:
    """How many on each day of China, by days since 1970."""
    at = rows.subquery().c[0]
    day = (at + _ZONE_MS - (at + _ZONE_MS) % _DAY_MS) / _DAY_MS
    return {int(number): count for number, count in unit.db.execute(_grouped(day))}


def _grouped(day: Any) -> Any:
    return select(day.label("day"), func.count()).group_by("day")


def _uncoded(unit: Unit, here: Any, within_days: int) -> tuple[int, int]:
    if not within_days:
        return 0, 0
    today = china_day(unit.now)
    last = (today - timedelta(days=within_days)).isoformat()
    bare = (Machine.device.is_(None), Machine.status != "scrapped", Machine.bought_on != "")
    count = select(func.count(Machine.id)).where(here, *bare)
    late = unit.db.scalar(count.where(Machine.bought_on < last)) or 0
    return (unit.db.scalar(count) or 0) - late, late


def _day(number: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=number)).isoformat()

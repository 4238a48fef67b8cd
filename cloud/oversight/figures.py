"""Figures for whoever watches the service: counts and ages, of nobody in particular.

They are asked every few seconds, so each is counted in an index that holds only what is open.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select

from cloud.base.unit import Unit
from cloud.book import checkpoints, outbox
from cloud.book.audit import AuditHead
from cloud.book.outbox import Event
from cloud.cases import reports
from cloud.cases.alarms import Alarm
from cloud.link import commands, terminals
from cloud.link.commands import Command
from cloud.link.terminals import Terminal
from cloud.work import job as jobs
from cloud.work.job import Job


@dataclass(frozen=True)
class Figure:
    """One number; `help` in English, `label` = (name, value) or None."""

    name: str
    help: str
    value: float
    label: tuple[str, str] | None = None


def figures(unit: Unit) -> Iterator[Figure]:
    """All of them, those of one name together."""
    began = time.perf_counter()
    known = _one(unit, select(func.count()).select_from(Terminal))
    online = _one(unit, select(func.count()).select_from(Terminal).where(terminals.ON_LINE))
    for state, count in (("online", online), ("offline", known - online)):
        label = ("state", state)
        yield Figure("terminals", "Terminals by whether they are heard", count, label)
    open_jobs = select(Job.state, func.count()).where(jobs.IS_OPEN)
    by_state = dict(_counted(unit, open_jobs.group_by(Job.state)))
    for state in jobs.OPEN:
        yield Figure("jobs_open", "Open jobs by state", by_state.get(state, 0), ("state", state))
    alarms = select(Alarm.level, func.count()).where(Alarm.closed_at.is_(None))
    by_level = dict(_counted(unit, alarms.group_by(Alarm.level)))
    for level in (1, 2, 3):
        label = ("level", str(level))
        yield Figure("alarms_open", "Open alarms by level", by_level.get(level, 0), label)
    waiting = select(func.count()).select_from(Command).where(commands.IS_OPEN)
    yield Figure("commands_open", "Commands without an answer yet", _one(unit, waiting))
    yield from _outbox(unit)
    count, stuck, oldest = reports.backlog(unit)
    yield Figure("reports_waiting", "Reports that the superior platform has not taken", count)
    yield Figure("reports_parked", "Those of them that it refuses for good", stuck)
    age = (unit.now - oldest) / 1000 if oldest is not None else 0
    yield Figure("reports_oldest_seconds", "Age of the oldest of them", age)
    yield from _trail(unit)
    yield Figure("scrape_seconds", "Time these figures took", time.perf_counter() - began)


def text(every: Iterator[Figure]) -> str:
    """The figures in Prometheus' text format."""
    lines, told = [], set()
    for one in every:
        name = f"hanma_{one.name}"
        if name not in told:
            told.add(name)
            lines += [f"# HELP {name} {one.help}", f"# TYPE {name} gauge"]
        label = f'{{{one.label[0]}="{one.label[1]}"}}' if one.label else ""
        lines.append(f"{name}{label} {one.value:.15g}")
    return "\n".join(lines) + "\n"


def _outbox(unit: Unit) -> Iterator[Figure]:
    due = Event.done_at.is_(None) & Event.parked_at.is_(None)
    count, oldest = unit.db.execute(select(func.count(), func.min(Event.at)).where(due)).one()
    yield Figure("events_waiting", "Events not delivered yet", count)
    age = (unit.now - oldest) / 1000 if oldest is not None else 0
    yield Figure("events_oldest_seconds", "Age of the oldest of them", age)
    parked = select(func.count()).select_from(Event).where(outbox.PARKED)
    yield Figure("events_parked", "Events given up after many tries", _one(unit, parked))


def _trail(unit: Unit) -> Iterator[Figure]:
    rows = _one(unit, select(func.coalesce(func.sum(AuditHead.seq), 0)))
    yield Figure("audit_rows", "Rows of the audit trail", rows)
    count = len(checkpoints.files(unit.settings.data_dir))
    yield Figure("audit_checkpoints", "Signed checkpoints of it", count)


def _counted(unit: Unit, query: object) -> list[tuple[object, int]]:
    return [(key, count) for key, count in unit.db.execute(query)]  # type: ignore[call-overload]


def _one(unit: Unit, query: object) -> float:
    return float(unit.db.scalar(query))  # type: ignore[call-overload]

"""What the status page shows: five numbers and the machines of the viewer's district (reads only).

An officer sees what has the machine or its present job in the district's subtree; the office all.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, case, false, func, or_, select

from cloud.base.formats import mask_name
from cloud.base.unit import Unit
from cloud.cases import alarms, life
from cloud.cases.alarms import Alarm
from cloud.link.terminals import Terminal
from cloud.registry import sight
from cloud.registry.enterprises import Enterprise
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.web.visitor import Viewer
from cloud.work.job import BEFORE, OPEN, OVER, Job

PER_PAGE = 50


def _one_of(*states: str) -> ColumnElement[bool]:
    # Written out in the statement: partial indexes are used only for what the database can read.
    known = bindparam(None, states, expanding=True, literal_execute=True)
    return Job.state.in_(known)


_UNCONFIRMED = Job.off_alarm_at.is_not(None) & Job.off_confirmed_at.is_(None) & _one_of(*OVER)
_PRESENT = or_(_one_of(*OPEN), _UNCONFIRMED)
_RANK = case((_UNCONFIRMED, 0), (_one_of("on"), 1), else_=2)


def shown(unit: Unit, viewer: Viewer, page: int) -> dict[str, Any]:
    """`numbers`, and the `machines` of one page: attention first, then work, then by code."""
    here = _in_sight(unit, viewer)
    numbers = _numbers(unit, here, viewer)
    pages = max(1, -(-numbers["machines"] // PER_PAGE))
    page = min(page, pages)
    machines = _machines(unit, here, page)
    return {"numbers": numbers, "machines": machines, "page": page, "pages": pages}


def _in_sight(unit: Unit, viewer: Viewer) -> ColumnElement[bool]:
    """Which machines this viewer sees: they, or their jobs, in the district; of the own trades."""
    eyes = sight.of(unit, viewer)
    if eyes is None:
        return false()
    visited = select(Job.machine_id).where(_PRESENT, eyes.places(Job.district))
    inside = eyes.places(Machine.district)
    if eyes.root is not None:
        inside |= Machine.id.in_(visited)
    return inside & eyes.own(Machine.industry)


def _numbers(unit: Unit, here: ColumnElement[bool], viewer: Viewer) -> dict[str, int]:
    machines = select(func.count(Machine.id)).where(here, Machine.status != "scrapped")
    online = machines.join(Terminal, Terminal.device == Machine.device).where(_online(unit))
    jobs = select(func.count(Job.id)).join(Machine, Machine.id == Job.machine_id).where(here)
    return {
        "machines": unit.db.scalar(machines) or 0,
        "online": unit.db.scalar(online) or 0,
        "working": unit.db.scalar(jobs.where(_one_of("on"))) or 0,
        "attention": unit.db.scalar(jobs.where(_UNCONFIRMED)) or 0,
        "alarms": unit.db.scalar(_alarms(unit, viewer)) or 0,
    }


def _alarms(unit: Unit, viewer: Viewer) -> Select[tuple[int]]:
    """How many open alarms the viewer sees."""
    return select(func.count(Alarm.id)).where(alarms.IS_OPEN, life.seen_by(unit, viewer))


def _machines(unit: Unit, here: ColumnElement[bool], page: int) -> list[dict[str, Any]]:
    rank = select(Job.machine_id, func.min(_RANK).label("rank")).where(_PRESENT)
    ranked = rank.group_by(Job.machine_id).subquery()
    rows = (
        select(Machine, Enterprise.name, Terminal)
        .join(Enterprise, Enterprise.id == Machine.enterprise_id)
        .outerjoin(Terminal, Terminal.device == Machine.device)
        .outerjoin(ranked, ranked.c.machine_id == Machine.id)
        .where(here, Machine.status != "scrapped")
        .order_by(func.coalesce(ranked.c.rank, 9), Machine.code)
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    )
    found = unit.db.execute(rows).all()
    jobs = _present_jobs(unit, [machine.id for machine, _name, _terminal in found])
    return [
        _row(unit, machine, name, terminal, *jobs.get(machine.id, (None, None)))
        for machine, name, terminal in found
    ]


def _present_jobs(unit: Unit, machines: Iterable[str]) -> dict[str, tuple[Job, str]]:
    """Per machine the job that matters now (one to look after goes first) and its welder."""
    rows = (
        select(Job, Person.name)
        .join(Person, Person.id == Job.welder_id)
        .where(_PRESENT, Job.machine_id.in_(list(machines)))
        .order_by(_RANK.desc(), Job.applied_at)
    )
    return {job.machine_id: (job, name) for job, name in unit.db.execute(rows)}


def _row(
    unit: Unit,
    machine: Machine,
    enterprise: str,
    terminal: Terminal | None,
    job: Job | None,
    welder: str | None,
) -> dict[str, Any]:
    online = terminal is not None and terminal.online and (terminal.deadline or 0) > unit.now
    since = job.state_at if job else terminal.seen_at if terminal and not online else None
    return {
        "code": machine.code,
        "name": machine.name,
        "enterprise": enterprise,
        "online": online,
        "state": _state(machine, terminal, job),
        "welder": mask_name(welder) if welder else "",
        "amps": terminal.amps if terminal and online and job and job.state == "on" else None,
        "since": since,
    }


def _state(machine: Machine, terminal: Terminal | None, job: Job | None) -> str:
    """A key of `words.STATES`."""
    if job is not None:
        if job.state in OVER:
            return "off-unconfirmed"
        if job.asked_on_at is not None:
            return "asked"
        return "preparing" if job.state in BEFORE else job.state
    if machine.status != "usable":
        return machine.status
    return "idle" if terminal is not None else "unfitted"


def _online(unit: Unit) -> ColumnElement[bool]:
    return Terminal.online & (Terminal.deadline > unit.now)

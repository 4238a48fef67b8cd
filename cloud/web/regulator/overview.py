"""Machines as rows: those at work just now, and the pages of all of them (reads only).

An officer sees what has the machine or its present job in the district's subtree; the office all.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select, union_all

from cloud.base.formats import mask_name
from cloud.base.unit import Unit
from cloud.link.terminals import Terminal
from cloud.oversight.scope import Scope
from cloud.oversight.tally import UNCONFIRMED, one_of
from cloud.registry.enterprises import Enterprise
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.work.job import BEFORE, OPEN, OVER, Job

PER_PAGE = 50

_ARMS = (one_of(*OPEN), UNCONFIRMED)
_PRESENT = or_(*_ARMS)
_RANK = case((UNCONFIRMED, 0), (one_of("on"), 1), else_=2)


def at_work(unit: Unit, scope: Scope, most: int) -> list[dict[str, Any]]:
    """Machines to look after, then those switched on last; at most so many."""
    here = scope.sight.places(Machine.district, Job.district) & scope.sight.own(Machine.industry)
    rows = select(Machine.id).join(Job, Job.machine_id == Machine.id)
    rows = rows.where(here, scope.only.machines)
    late = rows.where(UNCONFIRMED).order_by(Job.off_alarm_at).limit(most)
    busy = rows.where(one_of(*OPEN), one_of("on")).order_by(Job.on_at.desc()).limit(most)
    ids = list(dict.fromkeys([*unit.db.scalars(late), *unit.db.scalars(busy)]))[:most]
    found = unit.db.execute(_rows().where(Machine.id.in_(ids))).all()
    known = {row["code"]: row for row in _shown(unit, found)}
    order = {machine.id: machine.code for machine, _name, _terminal in found}
    return [known[order[id]] for id in ids]


def page_of(unit: Unit, scope: Scope, page: int) -> list[dict[str, Any]]:
    """The machines of one page: attention first, then work, then by code."""
    first = (page - 1) * PER_PAGE
    busy = _busy(scope)
    ids = list(unit.db.scalars(busy.limit(PER_PAGE).offset(first)))
    if len(ids) < PER_PAGE:
        count = select(func.count()).select_from(busy.order_by(None).subquery())
        past = max(0, first - (unit.db.scalar(count) or 0))
        ids += unit.db.scalars(_idle(scope).limit(PER_PAGE - len(ids)).offset(past))
    return these(unit, ids)


def these(unit: Unit, ids: list[str]) -> list[dict[str, Any]]:
    """The machines with these ids, in their order."""
    found = unit.db.execute(_rows().where(Machine.id.in_(ids))).all()
    return _shown(unit, sorted(found, key=lambda row: ids.index(row[0].id)))


def _rows() -> Any:
    return (
        select(Machine, Enterprise.name, Terminal)
        .join(Enterprise, Enterprise.id == Machine.enterprise_id)
        .outerjoin(Terminal, Terminal.device == Machine.device)
    )


def _jobs() -> Any:
    """The present jobs; two arms, each with its partial index, and no job in both."""
    columns = (Job.machine_id, Job.district, _RANK.label("rank"))
    return union_all(*(select(*columns).where(arm) for arm in _ARMS)).subquery()


def _busy(scope: Scope) -> Select[tuple[str]]:
    """Ids of machines that have a present job, where they or it lie inside: few, found by it."""
    jobs = _jobs()
    inside = or_(scope.sight.places(Machine.district), scope.sight.places(jobs.c.district))
    rows = select(Machine.id).join(jobs, jobs.c.machine_id == Machine.id)
    seen = rows.where(inside, *_seen(scope)).group_by(Machine.id)
    return seen.order_by(func.min(jobs.c.rank), Machine.code)


def _idle(scope: Scope) -> Select[tuple[str]]:
    """Ids of all the others: many, and turned over in an index alone (ix_machine_code_seen)."""
    # Not the column itself, or they would be found by the district and then sorted.
    district = Machine.district.concat("")
    inside = (scope.sight.places(district), *_seen(scope))
    rows = select(Machine.id).where(*inside, Machine.id.not_in(select(_jobs().c.machine_id)))
    # Those of one firm are few and are sorted: in the order of the codes they lie far apart.
    return rows.order_by(Machine.code.concat("") if scope.only.firm else Machine.code)


def _seen(scope: Scope) -> tuple[ColumnElement[bool], ...]:
    usable = (Machine.status != "scrapped", Machine.kind == "machine")
    return (scope.sight.own(Machine.industry), *usable, scope.only.machines)


def _shown(unit: Unit, found: Iterable[Any]) -> list[dict[str, Any]]:
    found = list(found)
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
        "state": state_of(machine, terminal, job),
        "welder": mask_name(welder) if welder else "",
        "amps": terminal.amps if terminal and online and job and job.state == "on" else None,
        "since": since,
    }


def state_of(machine: Machine, terminal: Terminal | None, job: Job | None) -> str:
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

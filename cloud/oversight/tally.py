"""How many machines there are, hear us and work: grouped once for everybody, added up for each.

A machine counts where it is registered, and where it works at present (15 % of them move). Work
with cylinders is work, but a cylinder is no machine.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, bindparam, case, func, select, true

from cloud.base.unit import Unit
from cloud.link.terminals import ON_LINE, Terminal
from cloud.oversight.scope import EVERY, Only, Scope
from cloud.registry.machines import Machine
from cloud.work.job import OPEN, OVER, Job


def one_of(*states: str) -> ColumnElement[bool]:
    """SQL: the job is in one of these states."""
    # Written out in the statement: partial indexes are used only for what the database can read.
    known = bindparam(None, states, expanding=True, literal_execute=True)
    return Job.state.in_(known)


UNCONFIRMED = Job.off_alarm_at.is_not(None) & Job.off_confirmed_at.is_(None) & one_of(*OVER)
_IS_MACHINE = Machine.kind == "machine"


@dataclass(frozen=True)
class _Group:
    """Machines that are registered in `home`; `work` = where their job is, empty = nowhere."""

    home: str
    trade: str
    machines: int
    online: int
    work: str = ""
    working: int = 0
    attention: int = 0


@dataclass(frozen=True)
class Tally:
    """Machines counted by group; `at` = when."""

    groups: tuple[_Group, ...]
    at: int


def homes(unit: Unit, only: Only = EVERY) -> Tally:
    """Every machine, or those that are looked at, by where it is registered."""
    place = (Machine.district, Machine.industry)
    usable = (Machine.status != "scrapped", _IS_MACHINE, only.machines)
    every = select(*place, func.count()).where(*usable).group_by(*place)
    heard = select(*place, func.count()).join(Terminal, Terminal.device == Machine.device)
    heard = heard.where(ON_LINE, Terminal.deadline > unit.now, *usable).group_by(*place)
    online = {(home, trade): count for home, trade, count in unit.db.execute(heard)}
    groups = tuple(
        _Group(home, trade, count, online.get((home, trade), 0))
        for home, trade, count in unit.db.execute(every)
    )
    return Tally(groups, unit.now)


def at_work(unit: Unit, only: Only = EVERY) -> Tally:
    """Those with a present job, by where they work.

    In two steps, each with an index of its own: "or" would read every job there ever was.
    """
    present = {"working": (one_of(*OPEN), one_of("on")), "attention": (UNCONFIRMED, true())}
    groups = [
        one
        for name, (which, counts) in present.items()
        for one in _jobs(unit, which & only.machines, name, counts)
    ]
    return Tally(tuple(groups), unit.now)


def _jobs(
    unit: Unit, which: ColumnElement[bool], name: str, counts: ColumnElement[bool]
) -> Iterator[_Group]:
    """Machines with these jobs; `name` = the count of those of them that `counts` holds for."""
    is_online = case((ON_LINE & (Terminal.deadline > unit.now), 1), else_=0)
    count = func.sum(case((counts, 1), else_=0))
    is_machine = func.sum(case((_IS_MACHINE, 1), else_=0))
    place = (Machine.district, Machine.industry, Job.district)
    rows = (
        select(*place, is_machine, func.sum(is_online), count)
        .select_from(Job)
        .join(Machine, Machine.id == Job.machine_id.concat(""))  # from the few jobs, never to them
        .outerjoin(Terminal, Terminal.device == Machine.device)
        .where(which)
        .group_by(*place)
    )
    for home, trade, work, machines, online, jobs in unit.db.execute(rows):
        yield _Group(home, trade, machines, online or 0, work, **{name: jobs or 0})


def numbers(every: Tally, work: Tally, scope: Scope) -> dict[str, int]:
    """`machines`, `online`, `working`, and `attention` = told to stop and not confirmed."""
    holds = scope.sight.covers
    here = [one for one in every.groups if holds(one.trade, one.home)]
    busy = [one for one in work.groups if holds(one.trade, one.home, one.work)]
    guests = [one for one in busy if not holds(one.trade, one.home)]
    return {
        "machines": sum(one.machines for one in (*here, *guests)),
        "online": sum(one.online for one in (*here, *guests)),
        "working": sum(one.working for one in busy),
        "attention": sum(one.attention for one in busy),
    }

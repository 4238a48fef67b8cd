"""What a platform may ask for (数据查询接口): ids to report with, and what it has reported."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from cloud.base.clock import china_day
from cloud.base.formats import mask_name
from cloud.base.unit import Unit
from cloud.link.terminals import Terminal as TerminalRow
from cloud.platform import shapes
from cloud.platform.trouble import Trouble
from cloud.registry import enterprises, people, platforms
from cloud.registry.certificates import Certificate
from cloud.registry.machines import Machine
from cloud.registry.people import Person, PersonRole
from cloud.registry.platforms import Known, PlatformEnterprise
from cloud.work.gather import certificate_facts
from cloud.work.reported import ReportedJob, ReportedStatus

_FEW = 500  # enterprises


def terminals(
    unit: Unit, caller: Known, query: shapes.TerminalQuery, _body: None
) -> shapes.Terminals:
    """The terminals of its enterprises, by device id."""
    rows = select(Machine).where(
        Machine.device.is_not(None), _mine(unit, caller, query, Machine.enterprise_id)
    )
    if query.device is not None:
        rows = rows.where(Machine.device == query.device)
    if query.after is not None:
        rows = rows.where(Machine.device > query.after)
    found = list(unit.db.scalars(rows.order_by(Machine.device).limit(query.limit + 1)))
    page = found[: query.limit]
    codes, states = _codes(unit, page), _states(unit, [one.device or "" for one in page])
    items = [
        shapes.Terminal(
            device=one.device or "",
            machine=one.code,
            name=one.name,
            enterprise=codes[one.enterprise_id],
            district=one.district,
            category=one.category,
            status=one.status,
            fitted_at=one.fitted_at,
            **states.get(one.device or "", {"online": None, "relay": None, "state_at": None}),
        )
        for one in page
    ]
    return shapes.Terminals(items, items[-1].device if len(found) > len(page) else None)


def welders(unit: Unit, caller: Known, query: shapes.PeopleQuery, _body: None) -> shapes.People:
    """The welders of its enterprises."""
    return _people(unit, caller, query, "welder")


def fire_watches(
    unit: Unit, caller: Known, query: shapes.PeopleQuery, _body: None
) -> shapes.People:
    """Their fire watches."""
    return _people(unit, caller, query, "fire_watch")


def find_welders(unit: Unit, caller: Known, _query: object, body: shapes.Lookup) -> shapes.Found:
    """Ids of welders whose identity numbers the caller has."""
    return _find(unit, caller, body, "welder")


def find_fire_watches(
    unit: Unit, caller: Known, _query: object, body: shapes.Lookup
) -> shapes.Found:
    """The same of fire watches."""
    return _find(unit, caller, body, "fire_watch")


def jobs(unit: Unit, caller: Known, query: shapes.JobQuery, _body: None) -> shapes.JobRecords:
    """What this platform has reported, in the order in which it came."""
    rows = select(ReportedJob).join(Machine, Machine.id == ReportedJob.machine_id)
    rows = rows.where(
        ReportedJob.platform_id == caller.id,
        _mine(unit, caller, query, ReportedJob.enterprise_id),
    )
    if query.number is not None:
        rows = rows.where(ReportedJob.number == query.number)
    if query.device is not None:
        rows = rows.where(Machine.device == query.device)
    if query.state is not None:
        rows = rows.where(ReportedJob.state == query.state)
    if query.since is not None:
        rows = rows.where(ReportedJob.applied_at >= query.since)
    if query.until is not None:
        rows = rows.where(ReportedJob.applied_at < query.until)
    if query.after is not None:
        at, _, id = query.after.partition(":")
        later = (ReportedJob.applied_at == int(at)) & (ReportedJob.id > id)
        rows = rows.where(or_(ReportedJob.applied_at > int(at), later))
    ordered = rows.order_by(ReportedJob.applied_at, ReportedJob.id).limit(query.limit + 1)
    found = list(unit.db.scalars(ordered))
    page = found[: query.limit]
    codes = _codes(unit, page)
    last = f"{page[-1].applied_at:013}:{page[-1].id}" if len(found) > len(page) else None
    return shapes.JobRecords([_record(one, codes) for one in page], last)


def _record(job: ReportedJob, codes: dict[str, str]) -> shapes.JobRecord:
    return shapes.JobRecord(
        id=job.id,
        number=job.number,
        state=job.state,
        enterprise=codes[job.enterprise_id],
        device=job.application["device"],
        findings=job.findings,
        reported_at=job.applied_at,
        changed_at=job.changed_at,
        application=job.application,
        watch=job.watch,
        result=job.result,
    )


def _mine(
    unit: Unit, caller: Known, query: shapes.Query, owner: InstrumentedAttribute[Any]
) -> ColumnElement[bool]:
    """SQL: the `owner` is one of the caller's enterprises, or the one that is named."""
    if query.enterprise is not None:
        one = enterprises.by_uscc(unit, query.enterprise)
        if one is None or not platforms.sees(unit, caller.id, one.id):
            raise Trouble("unknown-enterprise", "enterprise")
        return owner == one.id
    return _seen(unit, caller, owner)


def _seen(unit: Unit, caller: Known, owner: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """SQL: the `owner` is one of the caller's enterprises.

    A platform of a few has its rows found by them and sorted; one of many has them turned over in
    their order until the page is full, or a whole city would be sorted for each page.
    """
    some, many = platforms.some_enterprises(unit, caller.id, _FEW)
    if not many:
        return owner.in_(some)
    sees = exists().where(PlatformEnterprise.platform_id == caller.id)
    return sees.where(PlatformEnterprise.enterprise_id == owner.concat(""))


def _codes(unit: Unit, rows: Sequence[Machine | ReportedJob | Person]) -> dict[str, str]:
    """The credit codes of the enterprises of these rows, by id."""
    table = enterprises.Enterprise
    wanted = {row.enterprise_id for row in rows}
    found = select(table.id, table.uscc).where(table.id.in_(wanted))
    return {id: code for id, code in unit.db.execute(found)}


def _states(unit: Unit, devices: list[str]) -> dict[str, dict[str, bool | int | None]]:
    """On-line, relay and since when, as reported, or as the terminal itself told us."""
    told = select(ReportedStatus).where(ReportedStatus.device.in_(devices))
    own = select(TerminalRow).where(
        TerminalRow.device.in_(devices), TerminalRow.seen_at.is_not(None)
    )
    states: dict[str, dict[str, bool | int | None]] = {}
    for one in unit.db.scalars(told):
        states[one.device] = {"online": one.online, "relay": bool(one.relay), "state_at": one.at}
    for row in unit.db.scalars(own):
        relay = None if row.relay is None else bool(row.relay)
        states[row.device] = {"online": row.online, "relay": relay, "state_at": row.seen_at}
    return states


def _people(unit: Unit, caller: Known, query: shapes.PeopleQuery, role: str) -> shapes.People:
    rows = select(Person).where(_mine(unit, caller, query, Person.enterprise_id), _has(role))
    if query.after is not None:
        rows = rows.where(Person.id > query.after)
    found = list(unit.db.scalars(rows.order_by(Person.id).limit(query.limit + 1)))
    page = found[: query.limit]
    codes = _codes(unit, page)
    until = _certified(unit, [one.id for one in page]) if role == "welder" else {}
    items = [
        shapes.PersonFound(
            id=one.id,
            name=mask_name(one.name),
            identity=people.masked_identity(unit, one),
            enterprise=codes[one.enterprise_id or ""],
            status=one.status,
            certified_until=until.get(one.id),
        )
        for one in page
    ]
    return shapes.People(items, items[-1].id if len(found) > len(page) else None)


def _certified(unit: Unit, ids: list[str]) -> dict[str, str]:
    """The last day of the certificate that is good longest, for those who have a good one."""
    today = china_day(unit.now)
    last: dict[str, date] = {}
    for row in unit.db.scalars(select(Certificate).where(Certificate.person_id.in_(ids))):
        facts = certificate_facts(unit, row)
        if facts.welding and facts.good(today):
            last[row.person_id] = max(facts.last_day, last.get(row.person_id, facts.last_day))
    return {id: day.isoformat() for id, day in last.items()}


def _find(unit: Unit, caller: Known, body: shapes.Lookup, role: str) -> shapes.Found:
    blinds = [people.identity_blind(unit, number) for number in body.identities]
    rows = select(Person.identity_blind, Person.id).where(
        Person.identity_blind.in_(blinds),
        _seen(unit, caller, Person.enterprise_id),
        _has(role),
    )
    ids = {blind: id for blind, id in unit.db.execute(rows)}
    return shapes.Found([ids.get(blind) for blind in blinds])


def _has(role: str) -> ColumnElement[bool]:
    """SQL: the person has this role."""
    return exists().where(PersonRole.person_id == Person.id, PersonRole.role == role)

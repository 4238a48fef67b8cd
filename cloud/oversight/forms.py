"""The forms of the Dalad plan: survey of machines (annex 1), statistics by enterprise (annex 2);
and two ledgers beside them: machines that are not coded yet, installations and repairs.

Rows of the forms in their order and under their headings; telephone numbers are masked.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sqlalchemy import Select, case, func, or_, select

from cloud.base.clock import china_day, in_china
from cloud.base.unit import Unit
from cloud.cases.service import ServiceEntry, ServiceRecord
from cloud.oversight.scope import Scope
from cloud.registry import enterprises, machines, places
from cloud.registry.certificates import Certificate
from cloud.registry.enterprises import Enterprise
from cloud.registry.ledgers import survey as sheet
from cloud.registry.ledgers.enterprises import KINDS as ENTERPRISE_KINDS
from cloud.registry.ledgers.fields import STREAM
from cloud.registry.machines import Machine
from cloud.registry.people import Person, PersonRole
from cloud.work import profiles

STATISTICS = (
    *("序号", "企业名称", "企业类型", "电焊机数量", "完成“加芯赋码”电焊机的数量"),
    *("从业人员数量", "已取证的从业人员数量", "淘汰的电焊机数量"),
    *("主要负责人及联系方式", "备注"),
)
# With the code behind it, by which a form that was corrected and comes back knows its machines.
_SURVEY = (*sheet.FORM, sheet.CODE)
SURVEY = tuple(column.zh for column in _SURVEY)
Row = tuple[Any, ...]


def statistics(unit: Unit, scope: Scope, first: int = 0, most: int | None = None) -> Iterator[Row]:
    """One row an enterprise that lies here or has machines here."""
    here = scope.machines
    counted = (
        select(
            Machine.enterprise_id.label("owner"),
            func.sum(case((Machine.status != "scrapped", 1), else_=0)).label("machines"),
            func.sum(
                case((Machine.device.is_not(None) & (Machine.status != "scrapped"), 1), else_=0)
            ).label("coded"),
            func.sum(case((Machine.status == "scrapped", 1), else_=0)).label("scrapped"),
        )
        .where(here)
        .group_by(Machine.enterprise_id)
        .subquery()
    )
    inside = counted.c.owner.is_not(None)
    if scope.trades is None and not scope.only:
        inside = or_(inside, scope.sight.places(Enterprise.district))
    rows = (
        select(Enterprise, counted.c.machines, counted.c.coded, counted.c.scrapped)
        .outerjoin(counted, counted.c.owner == Enterprise.id)
        .where(inside)
    )
    rows = rows.order_by(Enterprise.name, Enterprise.id)
    found: Iterable[Any] = unit.db.execute(_page(rows, first, most))
    if most is not None:
        found = list(found)
    welders = _welders(unit, None if most is None else [one.id for one, *_ in found])
    for number, (one, count, coded, scrapped) in enumerate(found, first + 1):
        people, certified = welders.get(one.id, (0, 0))
        phone = enterprises.masked_phone(unit, one, "principal")
        yield (
            *(number, one.name, ENTERPRISE_KINDS.get(one.kind, one.kind)),
            *(count or 0, coded or 0, people, certified, scrapped or 0),
            *(f"{one.principal} {phone}".strip(), ""),
        )


def survey(unit: Unit, scope: Scope, first: int = 0, most: int | None = None) -> Iterator[Row]:
    """One row a machine that is in use."""
    rows = (
        select(Machine, Enterprise.name)
        .join(Enterprise, Enterprise.id == Machine.enterprise_id)
        .where(scope.machines, Machine.status != "scrapped")
        .order_by(Machine.code)
    )
    names = places.names(unit)
    found = unit.db.execute(_page(rows, first, most))
    for number, (one, owner) in enumerate(found, first + 1):
        row = sheet.told(unit, one, owner, names) | {"number": number, "code": one.code}
        yield tuple(_told(column.shown(row[column.name])) for column in _SURVEY)


def uncoded(unit: Unit, scope: Scope, first: int = 0, most: int | None = None) -> Iterator[Row]:
    """One row a machine in use that has no terminal: first whose days run out first (CQ art. 12,
    DL 三(二)), last those of no known day of purchase.

    Number, code, name, owner, district, day of purchase, last day, days left (below 0 = overdue),
    keeper and telephone.
    """
    within, today, names = _within(unit), china_day(unit.now), places.names(unit)
    rows = (
        select(Machine, Enterprise.name)
        .join(Enterprise, Enterprise.id == Machine.enterprise_id)
        .where(scope.machines, Machine.status != "scrapped", Machine.device.is_(None))
        .order_by(Machine.bought_on == "", Machine.bought_on, Machine.code)
    )
    found = unit.db.execute(_page(rows, first, most))
    for number, (one, owner) in enumerate(found, first + 1):
        due: tuple[Any, Any] = ("", "")
        if one.bought_on and within:
            last = machines.code_by(one.bought_on, within)
            due = (last.isoformat(), (last - today).days)
        yield (
            *(number, one.code, one.name, owner, places.named(names, one.district)),
            *(one.bought_on, *due, one.keeper, machines.masked_phone(unit, one, "keeper")),
        )


def installations(
    unit: Unit, scope: Scope, first: int = 0, most: int | None = None
) -> Iterator[Row]:
    """One row a technician's record, the latest first (DL 三(一)、(四)).

    Number, the record's id once it is finished, begun, technician, terminal, hardware, machine's
    code, owner, district, kind, finished, seal, the terminal that was replaced.
    """
    terminal, seal, names = _told_last("terminal"), _told_last("seal"), places.names(unit)
    order = (ServiceRecord.made_at.desc(), ServiceRecord.id.desc())
    # Which ones first: what they say is looked up for those of the page alone.
    here = select(ServiceRecord.id).join(Machine, Machine.id == ServiceRecord.machine_id)
    here = here.where(scope.machines).order_by(*order)
    here = here if most is None else here.offset(first).limit(most)
    rows = (
        select(ServiceRecord, Machine, Enterprise.name, Person.name, terminal, seal)
        .join(Machine, Machine.id == ServiceRecord.machine_id)
        .join(Enterprise, Enterprise.id == Machine.enterprise_id)
        .join(Person, Person.id == ServiceRecord.technician_id)
        .where(ServiceRecord.id.in_(here))
        .order_by(*order)
    )
    found = unit.db.execute(rows.execution_options(**STREAM))
    for number, (one, machine, owner, who, fitted, sealed) in enumerate(found, first + 1):
        fitted, sealed = fitted or {}, sealed or {}
        yield (
            *(number, one.id if one.finished_at else "", _at(one.made_at), who),
            *(fitted.get("device") or machine.device or "", fitted.get("hardware", "")),
            *(machine.code, owner, places.named(names, machine.district), one.kind),
            *(_at(one.finished_at), sealed.get("number", ""), fitted.get("instead_of", "")),
        )


Filled = Callable[..., Iterator[Row]]


def _told_last(what: str) -> Any:
    """SQL: what a record says last of one thing; None if it says nothing."""
    rows = select(ServiceEntry.told).where(
        ServiceEntry.record_id == ServiceRecord.id, ServiceEntry.what == what
    )
    last = rows.order_by(ServiceEntry.seq.desc()).limit(1)
    return last.correlate(ServiceRecord).scalar_subquery()


def _within(unit: Unit) -> int:
    return profiles.load(unit.settings.profile).coded_within_days


def _at(ms: int | None) -> str:
    return f"{in_china(ms):%Y-%m-%d %H:%M}" if ms else ""


def _page(rows: Select[Any], first: int, most: int | None) -> Select[Any]:
    """Some rows; or all, which leave the database in pieces."""
    return rows.execution_options(**STREAM) if most is None else rows.offset(first).limit(most)


def _told(value: Any) -> Any:
    return "" if value is None else value


def _welders(unit: Unit, owners: list[str] | None) -> dict[str, tuple[int, int]]:
    """Per enterprise (None = all of them) its welders, and those with a certificate good today."""
    today = china_day(unit.now).isoformat()
    good = select(Certificate.person_id).where(
        Certificate.status == "normal",
        Certificate.valid_from <= today,
        Certificate.valid_to >= today,
        or_(Certificate.review_by == "", Certificate.review_by >= today),
    )
    rows = (
        select(
            Person.enterprise_id,
            func.count(),
            func.sum(case((Person.id.in_(good), 1), else_=0)),
        )
        .join(PersonRole, PersonRole.person_id == Person.id)
        .where(PersonRole.role == "welder", Person.status != "blocked")
        .where(Person.enterprise_id.is_not(None))
        .group_by(Person.enterprise_id)
    )
    if owners is not None:
        rows = rows.where(Person.enterprise_id.in_(owners))
    return {
        owner: (count, int(certified or 0)) for owner, count, certified in unit.db.execute(rows)
    }

"""The forms of the Dalad plan: survey of machines (annex 1), statistics by enterprise (annex 2).

Rows in the order and under the headings of the forms; telephone numbers are masked.
"""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select

from cloud.base.clock import china_day
from cloud.base.unit import Unit
from cloud.oversight.scope import Scope
from cloud.registry import enterprises, machines
from cloud.registry.certificates import Certificate
from cloud.registry.enterprises import Enterprise
from cloud.registry.ledgers.enterprises import KINDS as ENTERPRISE_KINDS
from cloud.registry.ledgers.machines import SOURCES, SUPPLIES
from cloud.registry.machines import Machine
from cloud.registry.people import Person, PersonRole
from cloud.registry.places import Place

STATISTICS = (
    *("序号", "企业名称", "企业类型", "电焊机数量", "完成“加芯赋码”电焊机的数量"),
    *("从业人员数量", "已取证的从业人员数量", "淘汰的电焊机数量"),
    *("主要负责人及联系方式", "备注"),
)
SURVEY = (
    *("序号", "企业/店铺名称", "责任人姓名", "责任人电话", "焊机用电类型", "最大电流安数 A"),
    *("焊机最大电流", "焊机类型", "作业用途", "电源类型", "焊机最大功率", "应用行业", "备注"),
    *("所属街道", "所属社区", "填表人", "填表人电话"),
)
Row = tuple[Any, ...]


def statistics(unit: Unit, scope: Scope, first: int = 0, most: int | None = None) -> Iterator[Row]:
    """One row an enterprise that lies here or has machines here."""
    here = _here(scope)
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
    if scope.trades is None:
        inside = or_(inside, scope.sight.places(Enterprise.district))
    rows = (
        select(Enterprise, counted.c.machines, counted.c.coded, counted.c.scrapped)
        .outerjoin(counted, counted.c.owner == Enterprise.id)
        .where(inside)
    )
    found = unit.db.execute(
        _page(rows.order_by(Enterprise.name, Enterprise.id), first, most)
    ).all()
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
        .where(_here(scope), Machine.status != "scrapped")
        .order_by(Machine.code)
    )
    names = {code: name for code, name in unit.db.execute(select(Place.code, Place.name))}
    found = unit.db.execute(_page(rows, first, most)).all()
    for number, (one, owner) in enumerate(found, first + 1):
        street, community = one.district[:9], one.district
        yield (
            *(number, owner, one.keeper, machines.masked_phone(unit, one, "keeper")),
            *(SUPPLIES.get(one.supply, ""), _told(one.mains_max_a), _told(one.max_a)),
            *(one.category, one.purpose, SOURCES.get(one.source, "")),
            *(_told(None if one.max_w is None else one.max_w / 1000), one.trade, one.note),
            names.get(street, street) if len(street) == 9 else "",
            names.get(community, community) if len(community) == 12 else "",
            *(one.filled_in_by, machines.masked_phone(unit, one, "filled_in_by")),
        )


Filled = Callable[..., Iterator[Row]]
FORMS: dict[str, tuple[tuple[str, ...], Filled]] = {
    "statistics": (STATISTICS, statistics),
    "survey": (SURVEY, survey),
}


def _here(scope: Scope) -> ColumnElement[bool]:
    return scope.sight.places(Machine.district) & scope.sight.own(Machine.industry)


def _page(rows: Select[Any], first: int, most: int | None) -> Select[Any]:
    return rows if most is None else rows.offset(first).limit(most)


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

"""The ledger of enterprises and that of their construction sites (CQ annex 2.1(1))."""

from collections.abc import Hashable, Iterator
from typing import Any

from sqlalchemy import select, tuple_

from cloud.base.database import Change
from cloud.base.unit import Unit
from cloud.registry import enterprises, sites
from cloud.registry.enterprises import Enterprise
from cloud.registry.ledgers import fields
from cloud.registry.ledgers.bring import Registered
from cloud.registry.ledgers.fields import STREAM, BadField, Column, pick
from cloud.registry.sites import Site

KINDS = {
    "general": "一般企业",
    "micro": "小微企业",
    "self-employed": "个体户",
    "gig": "灵活用工",
    "household": "家庭使用",
}
SCALES = {"": "", "large": "大型", "medium": "中型", "small": "小型", "micro": "微型"}
_SITE = ("district", "address", "licence", "opens_on", "closes_on")
USCC = Column("uscc", "统一社会信用代码", fields.uscc, wanted=True)


class OwnerUnknown(BadField):
    """The enterprise of a row is not registered."""

    def __init__(self) -> None:
        super().__init__("这家企业还没有登记。", "The enterprise is not registered.")


class Enterprises:
    key = ("uscc",)
    columns = (
        Column("name", "企业名称", fields.line, wanted=True),
        Column("uscc", USCC.zh, fields.uscc),
        Column("kind", "企业类型", fields.one_of(KINDS), empty="general", words=KINDS),
        Column("scale", "企业规模", fields.one_of(SCALES), words=SCALES),
        Column("principal", "企业负责人姓名", fields.line),
        Column("principal_phone", "企业负责人电话", fields.phone(fixed=True)),
        Column("contact", "联系人姓名", fields.line),
        Column("contact_phone", "联系人电话", fields.phone(fixed=True)),
        Column("district", "行政区划", fields.district(2), wanted=True),
        Column("crowded_place", "人员密集场所子类", fields.line),
        Column("machines_told", "电焊设备数量", fields.whole, empty=None),
        Column("workers_told", "特种作业人员数量", fields.whole, empty=None),
    )

    def __init__(self, unit: Unit) -> None:
        self._taken = set(enterprises.ids_by_uscc(unit))
        # Who has no credit code: the platform's numbers and telephones, by what `_who` says.
        self._uncoded: dict[Hashable, dict[str, set[str]]] = {}

    def row(self, unit: Unit, values: dict[str, Any]) -> dict[str, Any]:
        if not values["uscc"] and values["kind"] not in enterprises.UNCODED:
            raise BadField(
                "没有填写统一社会信用代码；只有灵活用工、家庭使用可以不填，由平台编号。",
                "uscc is empty; only gig workers and households get a number of the platform.",
            )
        if not values["uscc"] and self._same(values):
            raise BadField(
                "同名、同地、同类型的不止一个：请填平台编号，或用电话区分。",
                "More than one has this name, place and kind: give the platform's number, or tell "
                "them apart by telephone.",
            )
        made = enterprises.row(unit, **values)
        if made["uscc"] in self._taken:
            raise BadField("这家企业已经登记。", "The enterprise is registered already.")
        self._taken.add(made["uscc"])
        if not values["uscc"]:
            self._keep(values, made["uscc"])
        return made

    def known(self, unit: Unit, batch: list[dict[str, Any]]) -> dict[Hashable, Registered]:
        """A row without any code takes the number of the only one who may be meant."""
        bare = [one for one in batch if not one["uscc"] and one["kind"] in enterprises.UNCODED]
        for one in enterprises.uncoded(unit, {values["name"] for values in bare}):
            self._keep(self._now(unit, one), one.uscc)
        for values in bare:
            same = self._same(values)
            values["uscc"] = same[0] if len(same) == 1 else ""
        codes = [values["uscc"] for values in batch]
        found = unit.db.scalars(select(Enterprise).where(Enterprise.uscc.in_(codes)))
        return {(one.uscc,): Registered(one.id, self._now(unit, one), one) for one in found}

    def _now(self, unit: Unit, one: Enterprise) -> dict[str, Any]:
        told = {column.name: getattr(one, column.name, "") for column in self.columns}
        whose = ("principal", "contact")
        return told | {f"{w}_phone": enterprises.phone(unit, one, w) for w in whose}

    def change(self, unit: Unit, one: Registered, fresh: dict[str, Any]) -> dict[str, Any]:
        given = one.now | fresh
        if given["kind"] not in enterprises.UNCODED and len(given["uscc"]) != 18:
            raise BadField(
                "这种企业类型要有统一社会信用代码：请用代码登记一行新的。",
                "This kind has a unified social credit code: register it anew by that.",
            )
        made = enterprises.row(unit, **given)
        sealed = {f"{whose}_phone": (f"{whose}_sealed",) for whose in ("principal", "contact")}
        return pick(made, fresh, sealed)

    def _keep(self, values: dict[str, Any], number: str) -> None:
        self._uncoded.setdefault(_who(values), {})[number] = set(_phones(values))

    def _same(self, values: dict[str, Any]) -> list[str]:
        """The numbers of those of this name, place and kind whose telephone is not another."""
        told = _phones(values)
        return [
            number
            for number, phones in self._uncoded.get(_who(values), {}).items()
            if not (told and phones)
            or any(fields.tells(one, phone) for one in told for phone in phones)
        ]

    def write(self, unit: Unit, rows: list[dict[str, Any]]) -> None:
        enterprises.add_many(unit, rows)

    def amend(self, unit: Unit, changes: list[Change]) -> None:
        enterprises.change_many(unit, changes)


def _who(values: dict[str, Any]) -> Hashable:
    return values["name"], values["district"], values["kind"]


def _phones(values: dict[str, Any]) -> list[Any]:
    return [one for one in (values["principal_phone"], values["contact_phone"]) if one]


def of_enterprises(unit: Unit) -> Iterator[dict[str, Any]]:
    """Every enterprise as a row of its ledger, telephone numbers masked."""
    rows = select(Enterprise).order_by(Enterprise.uscc)
    for one in unit.db.scalars(rows, execution_options=STREAM):
        yield {column.name: getattr(one, column.name, "") for column in Enterprises.columns} | {
            "principal_phone": enterprises.masked_phone(unit, one, "principal"),
            "contact_phone": enterprises.masked_phone(unit, one, "contact"),
        }


class Sites:
    key = ("uscc", "name")
    columns = (
        Column("name", "工地名称", fields.line, wanted=True),
        USCC,
        Column("district", "行政区划", fields.district(2), wanted=True),
        Column("address", "地址", fields.line),
        Column("licence", "施工许可证号", fields.line),
        Column("opens_on", "开工日期", fields.day),
        Column("closes_on", "竣工日期", fields.day),
    )

    def __init__(self, unit: Unit) -> None:
        self._owners = enterprises.ids_by_uscc(unit)
        self._taken = {
            (owner, name) for owner, name in unit.db.execute(select(Site.enterprise_id, Site.name))
        }

    def row(self, unit: Unit, values: dict[str, Any]) -> dict[str, Any]:
        owner = self._owners.get(values.pop("uscc"))
        if owner is None:
            raise OwnerUnknown
        if (owner, values["name"]) in self._taken:
            raise BadField("这个工地已经登记。", "The site is registered already.")
        made = sites.row(unit, enterprise_id=owner, **values)
        self._taken.add((owner, values["name"]))
        return made

    def known(self, unit: Unit, batch: list[dict[str, Any]]) -> dict[Hashable, Registered]:
        rows = select(Site, Enterprise.uscc).join(Enterprise, Enterprise.id == Site.enterprise_id)
        keys = [(self._owners.get(values["uscc"], ""), values["name"]) for values in batch]
        here = rows.where(tuple_(Site.enterprise_id, Site.name).in_(keys))
        return {
            (uscc, one.name): Registered(one.id, self._now(one), one)
            for one, uscc in unit.db.execute(here)
        }

    def _now(self, one: Site) -> dict[str, Any]:
        return {name: getattr(one, name) for name in _SITE}

    def change(self, unit: Unit, one: Registered, fresh: dict[str, Any]) -> dict[str, Any]:
        owner = {"enterprise_id": one.row.enterprise_id, "name": one.row.name}
        return pick(sites.row(unit, **owner, **one.now | fresh), fresh, {})

    def write(self, unit: Unit, rows: list[dict[str, Any]]) -> None:
        sites.add_many(unit, rows)

    def amend(self, unit: Unit, changes: list[Change]) -> None:
        sites.change_many(unit, changes)


def of_sites(unit: Unit) -> Iterator[dict[str, Any]]:
    """Every site as a row of its ledger."""
    rows = select(Site, Enterprise.uscc).join(Enterprise, Enterprise.id == Site.enterprise_id)
    ordered = rows.order_by(Enterprise.uscc, Site.name)
    for one, uscc in unit.db.execute(ordered, execution_options=STREAM):
        yield {column.name: getattr(one, column.name, uscc) for column in Sites.columns}

"""The survey form 电焊机调研信息表 (DL annex 1) as it is filled in: shops, streets and communities
by their names, machines without a code.

A row that says of a shop what is registered of one of its machines is that machine, each machine
for one row; any other row is a new one. Columns that the form has not may be added to it: a code
says which machine is meant, a credit code which of several shops of one name.
"""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import select

from cloud.base import districts
from cloud.base.ids import Chooser
from cloud.base.unit import Unit
from cloud.registry import machines, places
from cloud.registry.enterprises import Enterprise
from cloud.registry.ledgers import fields
from cloud.registry.ledgers.bring import Registered
from cloud.registry.ledgers.enterprises import OwnerUnknown
from cloud.registry.ledgers.fields import STREAM, BadField, Column
from cloud.registry.ledgers.machines import Machines
from cloud.registry.machines import Machine

_STREET, _COMMUNITY = 9, 12  # digits of a district's code
_UNNAMED = "电焊机"
# Which department leads where (DL 二), by what 应用行业 says; all the others are 工矿商贸.
_FIELDS = {
    "special": ("特种设备", "锅炉", "压力容器", "压力管道", "电梯", "起重"),
    "construction": ("建筑", "建设", "施工", "装修", "装饰", "市政", "燃气"),
}
_own = {column.name: column for column in Machines.columns}


def _as(name: str, heading: str) -> Column:
    return replace(_own[name], zh=heading)


FORM = (
    Column("number", "序号", fields.line, mere=True),
    Column("shop", "企业/店铺名称", fields.line, wanted=True),
    _own["keeper"],
    _own["keeper_phone"],
    _own["supply"],
    _as("mains_max_a", "最大电流安数 A"),
    _own["max_a"],
    _as("category", "焊机类型"),
    _own["purpose"],
    _own["source"],
    _as("max_w", "焊机最大功率"),
    _own["trade"],
    _own["note"],
    Column("street", "所属街道", fields.line),
    Column("community", "所属社区", fields.line),
    _own["filled_in_by"],
    _own["filled_in_by_phone"],
)
CODE = _own["code"]
_ADDED = (
    replace(_own["uscc"], wanted=False),
    CODE,
    replace(_own["industry"], wanted=False),
)
_PHONES = ("keeper", "filled_in_by")
_KEPT = tuple(column.name for column in FORM if column.name in _own)
# What two rows have alike that tell of the same machine; telephone numbers are judged besides.
_ALIKE = tuple(name for name in _KEPT if not name.endswith("_phone"))


class _Shop(NamedTuple):
    id: str
    uscc: str
    district: str


class Survey(Machines):
    columns = (*FORM, *_ADDED)

    def __init__(self, unit: Unit, rng: Chooser | None = None) -> None:
        super().__init__(unit, rng)
        self._named: dict[str, list[_Shop]] = {}
        for name, *rest in unit.db.execute(
            select(Enterprise.name, Enterprise.id, Enterprise.uscc, Enterprise.district)
        ):
            self._named.setdefault(name, []).append(_Shop(*rest))
        self._by_uscc = {one.uscc: one for some in self._named.values() for one in some}
        self._places: dict[str, list[str]] = {}
        for code, name in places.names(unit).items():
            self._places.setdefault(name, []).append(code)
        self._standing: dict[str, dict[tuple[Any, ...], list[Machine]]] = {}
        self._met: set[str] = set()  # codes of machines that a row stands for

    def known(self, unit: Unit, batch: list[dict[str, Any]]) -> dict[Hashable, Registered]:
        self._met |= {values["code"] for values in batch}
        for values in batch:
            values["code"] = values["code"] or self._same(unit, values)
        return super().known(unit, batch)

    def row(self, unit: Unit, values: dict[str, Any]) -> dict[str, Any]:
        shop = self._shop(values)
        district = self._district(values, shop) or shop.district
        if len(district) < 6:
            raise BadField("没有填写所属街道。", "The street is wanted.")
        kept = {name: values[name] for name in (*_KEPT, "code")}
        kept |= {"device": None, "fitted_on": "", "working": ""}
        kept |= {"name": values["category"] or _UNNAMED, "uscc": shop.uscc, "district": district}
        return super().row(
            unit, kept | {"industry": values["industry"] or _field(values["trade"])}
        )

    def _shop(self, values: dict[str, Any]) -> _Shop:
        if values["uscc"]:
            if values["uscc"] not in self._by_uscc:
                raise OwnerUnknown
            return self._by_uscc[values["uscc"]]
        found = self._named.get(values["shop"], [])
        if not found:
            raise BadField(
                "这家企业/店铺还没有登记，请先登记（台账“作业单位”）。",
                "The shop is not registered: bring it in first (ledger “enterprises”).",
            )
        if len(found) > 1:
            raise BadField(
                "有几家同名的企业/店铺，请加一列“统一社会信用代码”。",
                "Several shops have this name: add the column “uscc”.",
            )
        return found[0]

    def _district(self, values: dict[str, Any], shop: _Shop) -> str:
        """Where the row says it is, within the shop's county; empty if it does not."""
        street, community, inside = values["street"], values["community"], shop.district[:6]
        if street:
            inside = self._place(street, _STREET, inside)
        if community:
            return self._place(community, _COMMUNITY, inside)
        return inside if street else ""

    def _place(self, name: str, digits: int, inside: str) -> str:
        known = [name] if districts.valid(name) else self._places.get(name, [])
        found = [code for code in known if len(code) == digits and code.startswith(inside)]
        if len(found) != 1:
            raise BadField(
                f"不知道是哪里：{name}。请填登记的名称（台账“行政区划”）或区划代码。",
                f"{name}: no place that is known here, or several; write its registered name"
                " (ledger “districts”) or its code.",
            )
        return found[0]

    def _same(self, unit: Unit, values: dict[str, Any]) -> str:
        """The code of the registered machine that the row tells of; empty if there is none."""
        try:
            shop = self._shop(values)
            place = self._district(values, shop)
        except BadField:
            return ""
        alike = tuple(values[name] for name in _ALIKE)
        for one in self._machines(unit, shop.id).get(alike, ()):
            fits = one.code not in self._met and place in ("", one.district)
            if fits and all(
                fields.tells(values[f"{whose}_phone"], machines.phone(unit, one, whose))
                for whose in _PHONES
            ):
                self._met.add(one.code)
                return one.code
        return ""

    def _machines(self, unit: Unit, shop: str) -> dict[tuple[Any, ...], list[Machine]]:
        """The machines in use of a shop, by what is alike."""
        if shop not in self._standing:
            rows = select(Machine).where(Machine.enterprise_id == shop)
            rows = rows.where(Machine.status != "scrapped", Machine.kind == "machine")
            known = self._standing.setdefault(shop, {})
            for one in unit.db.scalars(rows.order_by(Machine.code)):
                alike = tuple(getattr(one, name) for name in _ALIKE)
                known.setdefault(alike, []).append(one)
        return self._standing[shop]


def told(unit: Unit, machine: Machine, shop: str, names: Mapping[str, str]) -> dict[str, Any]:
    """One machine as a row of the form, by column; `names` = of districts. Numbers are masked."""
    place = machine.district
    street = place[:_STREET] if len(place) >= _STREET else ""
    community = place if len(place) == _COMMUNITY else ""
    return {
        **{name: getattr(machine, name) for name in _ALIKE},
        **{f"{whose}_phone": machines.masked_phone(unit, machine, whose) for whose in _PHONES},
        "shop": shop,
        "max_w": None if machine.max_w is None else machine.max_w / 1000,
        "street": names.get(street, street),
        "community": names.get(community, community),
    }


def of_survey(unit: Unit) -> Iterator[dict[str, Any]]:
    """Every machine in use as a row of the form, with the columns that may be added to it."""
    names = places.names(unit)
    rows = select(Machine, Enterprise.name, Enterprise.uscc).join(Enterprise)
    rows = rows.where(Machine.status != "scrapped", Machine.kind == "machine")
    found = unit.db.execute(rows.order_by(Machine.code), execution_options=STREAM)
    for number, (one, shop, uscc) in enumerate(found, 1):
        added = {"number": number, "uscc": uscc, "code": one.code, "industry": one.industry}
        yield told(unit, one, shop, names) | added


def _field(trade: str) -> str:
    """Which field of supervision an 应用行业 belongs to."""
    for industry, words in _FIELDS.items():
        if any(word in trade for word in words):
            return industry
    return "industry"

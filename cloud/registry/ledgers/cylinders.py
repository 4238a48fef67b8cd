"""The ledger of gas cylinders (CQ art. 3, 4)."""

import random
from collections.abc import Hashable, Iterator
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select

from cloud.base.database import Change
from cloud.base.ids import Chooser
from cloud.base.unit import Unit
from cloud.registry import cylinders, enterprises
from cloud.registry.cylinders import Cylinder
from cloud.registry.enterprises import Enterprise
from cloud.registry.ledgers import fields
from cloud.registry.ledgers.bring import Registered
from cloud.registry.ledgers.enterprises import USCC, OwnerUnknown
from cloud.registry.ledgers.fields import STREAM, BadField, Column, pick
from cloud.registry.ledgers.machines import INDUSTRIES, STATES, code, fresh_code
from cloud.registry.machines import Machine

GASES = dict(
    zip(
        cylinders.GASES,
        ("氧气", "乙炔", "丙烷", "液化石油气", "氩气", "二氧化碳", "混合气", "其他"),
        strict=True,
    )
)


_BOTH = ("code", "name", "district", "industry", "status", "maker")


class Cylinders:
    key = ("number",)
    columns = (
        Column("code", "气瓶编码", code),
        Column("number", "特种设备在线编号", fields.line, wanted=True),
        Column("name", "气瓶名称", fields.line, wanted=True),
        USCC,
        Column("district", "所属行政区划", fields.district(6), wanted=True),
        Column("industry", "监管领域", fields.one_of(INDUSTRIES), wanted=True, words=INDUSTRIES),
        Column("gas", "介质", fields.one_of(GASES), wanted=True, words=GASES),
        Column("test_by", "下次检验日期", fields.day, wanted=True),
        Column("status", "气瓶状态", fields.one_of(STATES), empty="usable", words=STATES),
        Column("maker", "生产厂家", fields.line),
    )

    def __init__(self, unit: Unit, rng: Chooser | None = None) -> None:
        self._rng = rng or random.SystemRandom()
        self._owners = enterprises.ids_by_uscc(unit)
        self._codes = set(unit.db.scalars(select(Machine.code)))
        self._numbers = set(unit.db.scalars(select(Cylinder.number)))

    def row(self, unit: Unit, values: dict[str, Any]) -> Any:
        owner = self._owners.get(values.pop("uscc"))
        if owner is None:
            raise OwnerUnknown
        given = values.pop("code")
        if given in self._codes:
            raise BadField("这个编码已经登记。", "The code is registered already.")
        if values["number"] in self._numbers:
            raise BadField("这个气瓶已经登记。", "The cylinder is registered already.")
        made = given or fresh_code(values["district"], self._rng, self._codes)
        pair = cylinders.row(unit, code=made, enterprise_id=owner, **values)
        self._codes.add(made)
        self._numbers.add(values["number"])
        return pair

    def known(self, unit: Unit, batch: list[dict[str, Any]]) -> dict[Hashable, Registered]:
        numbers = [values["number"] for values in batch]
        rows = select(Machine, Cylinder, Enterprise.uscc).join(Enterprise)
        rows = rows.join(Cylinder, Cylinder.machine_id == Machine.id)
        return {
            (own.number,): self._registered(one, own, uscc)
            for one, own, uscc in unit.db.execute(rows.where(Cylinder.number.in_(numbers)))
        }

    def _registered(self, one: Machine, own: Cylinder, uscc: str) -> Registered:
        now = {name: getattr(one, name) for name in _BOTH}
        now |= {"gas": own.gas, "test_by": own.test_by}
        row = SimpleNamespace(**now, enterprise_id=one.enterprise_id, number=own.number)
        return Registered(one.id, now | {"uscc": uscc}, row)

    def change(self, unit: Unit, one: Registered, fresh: dict[str, Any]) -> dict[str, Any]:
        fields.no_state(fresh)
        if "code" in fresh:
            raise BadField("编码和登记的不一样。", "It is registered under another code.")
        given = one.now | fresh
        owner = self._owners.get(given.pop("uscc"))
        if owner is None:
            raise OwnerUnknown
        both = cylinders.row(unit, number=one.row.number, enterprise_id=owner, **given)
        return pick(both[0] | both[1], fresh, {"uscc": ("enterprise_id",)})

    def write(self, unit: Unit, rows: list[Any]) -> None:
        cylinders.add_many(unit, rows)

    def amend(self, unit: Unit, changes: list[Change]) -> None:
        cylinders.change_many(unit, changes)


def of_cylinders(unit: Unit) -> Iterator[dict[str, Any]]:
    """Every cylinder as a row of the ledger."""
    codes = enterprises.uscc_by_id(unit)
    rows = select(Machine, Cylinder).join(Cylinder, Cylinder.machine_id == Machine.id)
    for one, own in unit.db.execute(rows.order_by(Machine.code), execution_options=STREAM):
        told = {
            name: getattr(one, name)
            for name in ("code", "name", "district", "industry", "status", "maker")
        }
        told |= {name: getattr(own, name) for name in ("number", "gas", "test_by")}
        yield told | {"uscc": codes[one.enterprise_id]}

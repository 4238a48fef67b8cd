"""The names of districts 行政区划, by their codes: what filters offer and forms say."""

from collections.abc import Hashable, Iterator
from typing import Any

from sqlalchemy import select

from cloud.base.database import Change
from cloud.base.unit import Unit
from cloud.registry import places
from cloud.registry.ledgers import fields
from cloud.registry.ledgers.bring import Registered
from cloud.registry.ledgers.fields import Column
from cloud.registry.places import Place


class Districts:
    key = ("code",)
    columns = (
        Column("code", "区划代码", fields.district(2), wanted=True),
        Column("name", "区划名称", fields.line, wanted=True),
    )

    def __init__(self, unit: Unit) -> None:
        pass

    def row(self, unit: Unit, values: dict[str, Any]) -> dict[str, Any]:
        return values

    def known(self, unit: Unit, batch: list[dict[str, Any]]) -> dict[Hashable, Registered]:
        rows = select(Place).where(Place.code.in_([values["code"] for values in batch]))
        found = unit.db.scalars(rows)
        return {(one.code,): Registered(one.code, {"name": one.name}, one) for one in found}

    def change(self, unit: Unit, one: Registered, fresh: dict[str, Any]) -> dict[str, Any]:
        return fresh

    def write(self, unit: Unit, rows: list[dict[str, Any]]) -> None:
        places.add_many(unit, rows)

    def amend(self, unit: Unit, changes: list[Change]) -> None:
        places.change_many(unit, changes)


def of_districts(unit: Unit) -> Iterator[dict[str, Any]]:
    """Every named district, what lies in it behind it."""
    for one in unit.db.scalars(select(Place).order_by(Place.code)):
        yield {"code": one.code, "name": one.name}

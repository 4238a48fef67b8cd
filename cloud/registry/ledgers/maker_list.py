"""A maker's list of machines that leave the works coded (CQ art. 7)."""

from collections.abc import Hashable, Iterator
from typing import Any

from sqlalchemy import select

from cloud.base.database import Change
from cloud.base.unit import Unit
from cloud.registry import maker_list
from cloud.registry.ledgers import fields
from cloud.registry.ledgers.bring import Registered
from cloud.registry.ledgers.fields import STREAM, BadField, Column
from cloud.registry.ledgers.machines import code
from cloud.registry.machines import Machine
from cloud.registry.maker_list import MadeMachine


class MakerList:
    key = ("code",)
    columns = (
        Column("code", "焊机编码", code, wanted=True),
        Column("device", "终端编号", fields.line, wanted=True),
        Column("maker", "生产厂家", fields.line, wanted=True),
        Column("model", "型号", fields.line),
        Column("serial", "出厂编号", fields.line),
        Column("category", "设备分类", fields.line),
    )

    def __init__(self, unit: Unit) -> None:
        known = [*unit.db.execute(select(Machine.code, Machine.device))]
        known += [*unit.db.execute(select(MadeMachine.code, MadeMachine.device))]
        self._codes = {code for code, _device in known}
        self._devices = {device for _code, device in known}

    def row(self, unit: Unit, values: dict[str, Any]) -> dict[str, Any]:
        if values["code"] in self._codes:
            raise BadField("这个焊机编码已经登记。", "The code is registered already.")
        self._fit(values["device"])
        self._codes.add(values["code"])
        return values

    def _fit(self, device: str) -> None:
        if device in self._devices:
            raise BadField("这个终端已装在另一台焊机上。", "The terminal sits on another machine.")
        self._devices.add(device)

    def known(self, unit: Unit, batch: list[dict[str, Any]]) -> dict[Hashable, Registered]:
        codes = [values["code"] for values in batch]
        rows = select(MadeMachine).where(MadeMachine.code.in_(codes))
        names = [column.name for column in self.columns if column.name != "code"]
        return {
            (one.code,): Registered(one.code, {n: getattr(one, n) for n in names}, one)
            for one in unit.db.scalars(rows.where(MadeMachine.machine_id.is_(None)))
        }

    def change(self, unit: Unit, one: Registered, fresh: dict[str, Any]) -> dict[str, Any]:
        if "device" in fresh:
            self._fit(fresh["device"])
        return fresh

    def write(self, unit: Unit, rows: list[dict[str, Any]]) -> None:
        maker_list.add_many(unit, rows)

    def amend(self, unit: Unit, changes: list[Change]) -> None:
        maker_list.change_many(unit, changes)


def of_maker_list(unit: Unit) -> Iterator[dict[str, Any]]:
    """The lines that nobody has activated yet."""
    rows = select(MadeMachine).where(MadeMachine.machine_id.is_(None)).order_by(MadeMachine.code)
    for one in unit.db.scalars(rows, execution_options=STREAM):
        yield {column.name: getattr(one, column.name) for column in MakerList.columns}

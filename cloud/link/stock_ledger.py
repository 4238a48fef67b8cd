"""The ledger of modules in stock: what has come with its SIM and insurance, as one table. Where a
module went from there is not told by a table (cases/supply.py)."""

from collections.abc import Hashable, Iterator
from typing import Any

from sqlalchemy import select

from cloud.base.database import Change
from cloud.base.unit import Unit
from cloud.link import stock
from cloud.link.stock import BadStock, StockItem
from cloud.registry.ledgers import fields
from cloud.registry.ledgers.bring import Registered
from cloud.registry.ledgers.fields import STREAM, BadField, Column, no_state

STATES = dict(zip(stock.STATES, ("已入库", "已烧录", "已安装", "已退回", "已报废"), strict=True))
_PAPERS = ("sim_until", "insurance", "insurance_until")


def _chip(text: str) -> str:
    try:
        return stock.chip_form(text)
    except BadStock:
        raise BadField(
            "应是 12 位十六进制，如 a4cf12abcdef。", "must be 12 hex digits like a4cf12abcdef."
        ) from None


class Modules:
    """`device` and `status` are told, for the reader; a table changes neither."""

    key = ("chip",)
    columns = (
        Column("chip", "模块地址", _chip, wanted=True),
        Column("device", "终端编号", fields.line),
        Column("status", "库存状态", fields.one_of(STATES), empty="received", words=STATES),
        Column("sim_until", "SIM 到期", fields.day),
        Column("insurance", "保险单号", fields.line),
        Column("insurance_until", "保险到期", fields.day),
    )

    def __init__(self, unit: Unit) -> None:
        pass

    def row(self, unit: Unit, values: dict[str, Any]) -> dict[str, Any]:
        if values.pop("device") or values["status"] != "received":
            raise BadField(
                "新模块只能是“已入库”，终端编号由登记产生。",
                "A new module is received; it becomes a terminal by enrolment.",
            )
        return stock.row(unit, **values)

    def known(self, unit: Unit, batch: list[dict[str, Any]]) -> dict[Hashable, Registered]:
        chips = [values["chip"] for values in batch]
        rows = unit.db.scalars(select(StockItem).where(StockItem.chip.in_(chips)))
        return {(one.chip,): Registered(one.chip, _told(one), one) for one in rows}

    def change(self, unit: Unit, one: Registered, fresh: dict[str, Any]) -> dict[str, Any]:
        no_state(fresh)
        if "device" in fresh:
            raise BadField("终端编号和登记的不一样。", "It is registered as another terminal.")
        return fresh

    def write(self, unit: Unit, rows: list[dict[str, Any]]) -> None:
        stock.add_many(unit, rows, "import")

    def amend(self, unit: Unit, changes: list[Change]) -> None:
        stock.change_many(unit, changes)


def of_modules(unit: Unit) -> Iterator[dict[str, Any]]:
    """Every module as a row of the ledger."""
    rows = select(StockItem).order_by(StockItem.chip)
    for one in unit.db.scalars(rows, execution_options=STREAM):
        yield {"chip": one.chip} | _told(one)


def _told(one: StockItem) -> dict[str, Any]:
    told = {"device": one.device, "status": one.state}
    return told | {name: getattr(one, name) for name in _PAPERS}

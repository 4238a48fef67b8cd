"""The ledger of machines and their terminals (CQ annex 2.1(2), DL annex 1)."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from sqlalchemy import select

from cloud.base.ids import BadCode, Chooser, make_code, read_code
from cloud.base.unit import Unit
from cloud.registry import enterprises, machines
from cloud.registry.ledgers import fields
from cloud.registry.ledgers.enterprises import USCC, OwnerUnknown
from cloud.registry.ledgers.fields import STREAM, BadField, Column
from cloud.registry.machines import Machine

INDUSTRIES = {"industry": "工矿商贸", "construction": "建筑施工", "special": "特种设备"}
STATES = {"usable": "可用", "unsafe": "存在隐患", "locked": "锁定", "scrapped": "报废"}
SUPPLIES = {"": "", "220": "220V", "380": "380V", "220/380": "220/380V"}
SOURCES = {"": "", "ac": "交流", "dc": "直流", "inverter": "逆变"}
YES = {True: "是", False: "否"}
_CHINA = timezone(timedelta(hours=8))
_RUNNING = {"on": "工作中", "off": "待机", "dark": "离线", "": ""}


def code(text: str) -> str:
    """A code that a maker printed already (CQ art. 7)."""
    read = read_code(text)
    if isinstance(read, BadCode):
        raise BadField("不是焊机编码。", f"is no code of a machine ({read.reason}).")
    return read


class Machines:
    columns = (
        Column("code", "焊机编码", code),
        Column("name", "设备名称", fields.line, wanted=True),
        USCC,
        Column("district", "所属行政区划", fields.district(6), wanted=True),
        Column("industry", "监管领域", fields.one_of(INDUSTRIES), wanted=True, words=INDUSTRIES),
        Column("device", "终端编号", fields.line, empty=None),
        Column("fitted_on", "安装时间", fields.day),
        Column("status", "设备状态", fields.one_of(STATES), empty="usable", words=STATES),
        Column("working", "工作状态", fields.line),
        Column("category", "设备分类", fields.line),
        Column("maker", "生产厂家", fields.line),
        Column("model", "型号", fields.line),
        Column("serial", "出厂编号", fields.line),
        Column("supply", "焊机用电类型", fields.one_of(SUPPLIES), words=SUPPLIES),
        Column("mains_max_a", "最大电流安数", fields.whole, empty=None),
        Column("max_a", "焊机最大电流", fields.whole, empty=None),
        Column("purpose", "作业用途", fields.line),
        Column("source", "电源类型", fields.one_of(SOURCES), words=SOURCES),
        Column("max_w", "焊机最大功率（千瓦）", fields.kilowatts, empty=None),
        Column("trade", "应用行业", fields.line),
        Column("mobile", "流动焊机", fields.yes_or_no, empty=False, words=YES),
        Column("keeper", "责任人姓名", fields.line),
        Column("keeper_phone", "责任人电话", fields.phone(fixed=True)),
        Column("bought_on", "购置日期", fields.day),
        Column("filled_in_by", "填表人", fields.line),
        Column("filled_in_by_phone", "填表人电话", fields.phone(fixed=True)),
        Column("note", "备注", fields.line),
    )

    def __init__(self, unit: Unit, rng: Chooser | None = None) -> None:
        self._rng = rng or random.SystemRandom()
        self._owners = enterprises.ids_by_uscc(unit)
        self._codes = set(unit.db.scalars(select(Machine.code)))
        fitted = select(Machine.device).where(Machine.device.is_not(None))
        self._devices = set(unit.db.scalars(fitted))

    def row(self, unit: Unit, values: dict[str, Any]) -> dict[str, Any]:
        owner = self._owners.get(values.pop("uscc"))
        if owner is None:
            raise OwnerUnknown
        values.pop("working")  # it is what the terminal says, not what a table says
        given, device, fitted_on = (values.pop(n) for n in ("code", "device", "fitted_on"))
        if given in self._codes:
            raise BadField("这个焊机编码已经登记。", "The code is registered already.")
        if device in self._devices:
            raise BadField("这个终端已装在另一台焊机上。", "The terminal sits on another machine.")
        fitted_at = (_midnight(fitted_on) if fitted_on else unit.now) if device else None
        made = machines.row(
            unit,
            enterprise_id=owner,
            code=given or fresh_code(values["district"], self._rng, self._codes),
            device=device,
            fitted_at=fitted_at,
            **values,
        )
        self._codes.add(made["code"])
        self._devices |= {device} - {None}
        return made

    def write(self, unit: Unit, rows: list[dict[str, Any]]) -> None:
        machines.add_many(unit, rows)


def fresh_code(district: str, rng: Chooser, taken: set[str]) -> str:
    """A code of this county that nothing has."""
    while True:
        made = make_code(district[:6], rng)
        if made not in taken:
            return made


def of_machines(unit: Unit, running: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Every machine as a row of the ledger; `running` = on, off or dark of terminals, by id."""
    codes = enterprises.uscc_by_id(unit)
    for one in unit.db.scalars(
        select(Machine)
        .where(Machine.kind == "machine")
        .order_by(Machine.code)
        .execution_options(**STREAM)
    ):
        yield {column.name: getattr(one, column.name, "") for column in Machines.columns} | {
            "uscc": codes[one.enterprise_id],
            "fitted_on": _china_day(one.fitted_at) if one.fitted_at else "",
            "working": _RUNNING[running.get(one.device or "", "")],
            "max_w": None if one.max_w is None else one.max_w / 1000,
            "keeper_phone": machines.masked_phone(unit, one, "keeper"),
            "filled_in_by_phone": machines.masked_phone(unit, one, "filled_in_by"),
        }


def _midnight(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=_CHINA).timestamp() * 1000)


def _china_day(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(_CHINA).date().isoformat()

"""The ledger of machines and their terminals (CQ annex 2.1(2), DL annex 1)."""

import random
from collections.abc import Hashable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select

from cloud.base.clock import CHINA, china_day
from cloud.base.database import Change
from cloud.base.ids import BadCode, Chooser, make_code, read_code
from cloud.base.unit import Unit
from cloud.registry import enterprises, machines
from cloud.registry.enterprises import Enterprise
from cloud.registry.ledgers import fields
from cloud.registry.ledgers.bring import Registered
from cloud.registry.ledgers.enterprises import USCC, OwnerUnknown
from cloud.registry.ledgers.fields import STREAM, BadField, Column, pick
from cloud.registry.machines import Machine

INDUSTRIES = {"industry": "工矿商贸", "construction": "建筑施工", "special": "特种设备"}
STATES = {"usable": "可用", "unsafe": "存在隐患", "locked": "锁定", "scrapped": "报废"}
SUPPLIES = {"": "", "220": "220V", "380": "380V", "220/380": "220/380V", "other": "其他"}
SOURCES = {"": "", "ac": "交流", "dc": "直流", "inverter": "逆变", "other": "其他"}
YES = {True: "是", False: "否"}
_KEPT_IN = {
    "uscc": ("enterprise_id",),
    "device": ("device", "fitted_at"),
    "fitted_on": ("fitted_at",),
    "keeper_phone": ("keeper_sealed",),
    "filled_in_by_phone": ("filled_in_by_sealed",),
}
_TOLD_OTHERWISE = ("code", "uscc", "device", "fitted_on", "status", "working")
_RUNNING = {"on": "工作中", "off": "待机", "dark": "离线", "": ""}


def code(text: str) -> str:
    """A code that a maker printed already (CQ art. 7)."""
    read = read_code(text)
    if isinstance(read, BadCode):
        raise BadField("不是焊机编码。", f"is no code of a machine ({read.reason}).")
    return read


class Machines:
    key = ("code",)
    columns: tuple[Column, ...] = (
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
        self._plates: dict[Hashable, str] = {}  # codes, by what `_plate` says
        # Registered without a serial number: the owners read, and their machines by `_plain`.
        self._read: set[str | None] = set()
        self._plains: dict[Hashable, list[Machine]] = {}
        self._met: set[str] = set()  # codes of machines that a row stands for

    def row(self, unit: Unit, values: dict[str, Any]) -> dict[str, Any]:
        owner = self._owners.get(values.pop("uscc"))
        if owner is None:
            raise OwnerUnknown
        _noted(values)
        values.pop("working")  # it is what the terminal says, not what a table says
        given, device, fitted_on = (values.pop(n) for n in ("code", "device", "fitted_on"))
        if given in self._codes:
            raise BadField("这个焊机编码已经登记。", "The code is registered already.")
        plate = _plate(owner, values)
        if not given and plate in self._plates:
            raise BadField("这台焊机在前面的行里已经登记。", "An earlier row has this machine.")
        alike = [] if given else self._plains.get(_plain(owner, values), [])
        if any(one.code not in self._met for one in alike):
            raise BadField(
                "这家单位已登记同名、同型号的焊机：是那一台，请填“焊机编码”；是另一台，请填"
                "“出厂编号”，或在名称里写明第几台。",
                "The owner has a machine of this name and model: is it that one, write its code;"
                " is it another, its serial number, or number it in its name.",
            )
        if device:
            self._fit(device)
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
        if plate:
            self._plates[plate] = made["code"]
        return made

    def known(self, unit: Unit, batch: list[dict[str, Any]]) -> dict[Hashable, Registered]:
        """A row without a code takes that of the machine with the same plate, if there is one;
        without a serial number that of one of which it says what is registered, each for one."""
        self._met |= {values["code"] for values in batch}
        bare = [values for values in batch if values.get("serial") and not values["code"]]
        if bare:
            self._read_plates(unit, bare)
        for values in bare:
            plate = _plate(self._owners.get(values["uscc"]), values)
            values["code"] = self._plates.get(plate, "")
        self._take_plain(unit, batch)
        codes = [values["code"] for values in batch if values["code"]]
        rows = select(Machine, Enterprise.uscc).join(Enterprise)
        here = rows.where(Machine.code.in_(codes), Machine.kind == "machine")
        return {
            (one.code,): Registered(one.id, self._now(unit, one, uscc), one)
            for one, uscc in unit.db.execute(here)
        }

    def _read_plates(self, unit: Unit, bare: list[dict[str, Any]]) -> None:
        owners = {self._owners.get(values["uscc"]) for values in bare}
        serials = {values["serial"] for values in bare}
        rows = select(Machine.enterprise_id, Machine.maker, Machine.model, Machine.serial)
        here = (Machine.enterprise_id.in_(owners), Machine.serial.in_(serials))
        stands = (Machine.kind == "machine", Machine.status != "scrapped")
        found = rows.add_columns(Machine.code).where(*here, *stands)
        for *plate, code in unit.db.execute(found):
            self._plates[tuple(plate)] = code

    def _take_plain(self, unit: Unit, batch: list[dict[str, Any]]) -> None:
        plain = {n: self._owners.get(v["uscc"]) for n, v in enumerate(batch) if not v["code"]}
        keys = {n: key for n, owner in plain.items() if (key := _plain(owner, batch[n]))}
        owners = {plain[n] for n in keys} - self._read
        here = select(Machine).where(Machine.enterprise_id.in_(owners), Machine.serial == "")
        here = here.where(Machine.kind == "machine", Machine.status != "scrapped")
        found = list(unit.db.scalars(here.order_by(Machine.code))) if owners else []
        for one in sorted(found, key=_told):  # of which least is known is the first to be meant
            key = (one.enterprise_id, one.name, one.maker, one.model)
            self._plains.setdefault(key, []).append(one)
        self._read |= owners
        for n, key in keys.items():
            alike = (one for one in self._plains.get(key, ()) if one.code not in self._met)
            code = next((one.code for one in alike if _says(unit, batch[n], one)), "")
            batch[n]["code"] = code
            self._met.add(code)

    def _now(self, unit: Unit, one: Machine, uscc: str) -> dict[str, Any]:
        told = {c.name: getattr(one, c.name) for c in Machines.columns if hasattr(one, c.name)}
        told |= {f"{w}_phone": machines.phone(unit, one, w) for w in ("keeper", "filled_in_by")}
        told["fitted_on"] = china_day(one.fitted_at).isoformat() if one.fitted_at else ""
        return told | {"uscc": uscc}

    def change(self, unit: Unit, one: Registered, fresh: dict[str, Any]) -> dict[str, Any]:
        fields.no_state(fresh)
        given = one.now | fresh
        owner = self._owners.get(given.pop("uscc"))
        if owner is None:
            raise OwnerUnknown
        _noted(given)
        if "fitted_on" in fresh and not given["device"]:
            raise BadField("没有终端，不能填安装时间。", "No terminal is fitted to it.")
        if "device" in fresh and one.row.device:
            raise BadField(
                "已装的终端不能用表格换：请由安装人员在维修里更换。",
                "A terminal that is fitted is replaced by a technician, in a repair.",
            )
        if "device" in fresh:
            self._fit(fresh["device"])
        given["fitted_at"] = self._fitted(unit, one, given.pop("fitted_on", ""), fresh)
        return pick(machines.row(unit, enterprise_id=owner, **given), fresh, _KEPT_IN)

    def _fit(self, device: str) -> None:
        if device in self._devices:
            raise BadField("这个终端已装在另一台焊机上。", "The terminal sits on another machine.")
        self._devices.add(device)

    def _fitted(self, unit: Unit, one: Registered, day: str, fresh: dict[str, Any]) -> int | None:
        if "fitted_on" in fresh:
            return _midnight(day)
        return unit.now if "device" in fresh else one.row.fitted_at

    def write(self, unit: Unit, rows: list[dict[str, Any]]) -> None:
        machines.add_many(unit, rows)

    def amend(self, unit: Unit, changes: list[Change]) -> None:
        machines.change_many(unit, changes)


def _plate(owner: str | None, values: dict[str, Any]) -> Hashable:
    """By what a machine is known where a table has no code: whose it is, and what its plate says;
    None without a serial number."""
    plate = (owner, *(values.get(name, "") for name in ("maker", "model", "serial")))
    return plate if plate[-1] else None


def _plain(owner: str | None, values: dict[str, Any]) -> Hashable:
    """What a machine without a serial number is looked up by; None where it has one, or where the
    table has no such column (the survey's)."""
    plain = (owner, *(values.get(name, "") for name in ("name", "maker", "model")))
    return plain if values.get("serial") == "" else None


def _says(unit: Unit, values: dict[str, Any], one: Machine) -> bool:
    """Whether a row says nothing else than what is registered of this machine."""
    if values["device"] and one.device not in (None, values["device"]):
        return False
    for column in Machines.columns:
        name, value = column.name, values[column.name]
        if value == column.empty or name in _TOLD_OTHERWISE:
            continue
        if name.endswith("_phone"):
            registered = machines.phone(unit, one, name.removesuffix("_phone"))
            if not fields.tells(value, registered):
                return False
        elif value != getattr(one, name):
            return False
    return True


def _told(one: Machine) -> int:
    return sum(getattr(one, column.name, "") not in ("", None) for column in Machines.columns)


def _noted(values: dict[str, Any]) -> None:
    if machines.lacks_note(values):
        raise BadField(
            "选了“其他”，要在备注里说明。", "“other” is chosen: the note must say what."
        )


def fresh_code(district: str, rng: Chooser, taken: set[str]) -> str:
    """A code of this county that nothing has."""
    while True:
        made = make_code(district[:6], rng)
        if made not in taken:
            return made


def of_machines(unit: Unit, running: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Every machine as a row of the ledger; `running` = on, off or dark of terminals, by id."""
    codes = enterprises.uscc_by_id(unit)
    rows = select(Machine).where(Machine.kind == "machine").order_by(Machine.code)
    for one in unit.db.scalars(rows, execution_options=STREAM):
        yield {column.name: getattr(one, column.name, "") for column in Machines.columns} | {
            "uscc": codes[one.enterprise_id],
            "fitted_on": china_day(one.fitted_at).isoformat() if one.fitted_at else "",
            "working": _RUNNING[running.get(one.device or "", "")],
            "max_w": None if one.max_w is None else one.max_w / 1000,
            "keeper_phone": machines.masked_phone(unit, one, "keeper"),
            "filled_in_by_phone": machines.masked_phone(unit, one, "filled_in_by"),
        }


def _midnight(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=CHINA).timestamp() * 1000)

"""Welding machines 电焊机 and the terminal fitted to each (CQ annex 2.1(2), DL annex 1)."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, bindparam, false, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base import districts
from cloud.base.database import Base, Change, amend
from cloud.base.formats import mask, read_phone
from cloud.base.ids import BadCode, Chooser, make_code, new_id, read_code
from cloud.base.rows import Rows
from cloud.base.unit import Unit
from cloud.registry import fittings
from cloud.registry.enterprises import Enterprise

INDUSTRIES = ("industry", "construction", "special")
STATUSES = ("usable", "unsafe", "locked", "scrapped")
# 220 V, 380 V, either; empty = not told (焊机用电类型).
SUPPLIES = ("", "220", "380", "220/380", "other")
# 交流、直流、逆变 (电源类型).
SOURCES = ("", "ac", "dc", "inverter", "other")


class BadMachine(ValueError):
    """A field does not hold: code, district, industry, status, or one of the survey's."""


def _told() -> Any:
    """A text that may be left out."""
    return mapped_column(default="", server_default="")


class Machine(Base):
    """One machine. `device` = id of the fitted terminal, None while there is none.

    `kind` = machine, or cylinder (registry/cylinders.py), which never has a terminal.
    `key_zone` = it stands in a key zone 重点区域, where there is no emergency release.
    `exempt_site_id` = the exempt site at which it stands, as the office says (work/exempting.py).
    Empty texts and None = not told. `bought_on` is an ISO date: from it run the days in which a
    new machine is to be coded (CQ art. 12). `filled_in_by` = who wrote the survey's line.
    """

    __tablename__ = "machine"

    id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    enterprise_id: Mapped[str] = mapped_column(ForeignKey("enterprise.id"), index=True)
    district: Mapped[str]
    industry: Mapped[str]
    device: Mapped[str | None] = mapped_column(unique=True)
    status: Mapped[str]
    made_at: Mapped[int]
    fitted_at: Mapped[int | None]
    key_zone: Mapped[bool] = mapped_column(default=False, server_default=false())
    mobile: Mapped[bool] = mapped_column(default=False, server_default=false())
    kind: Mapped[str] = mapped_column(default="machine", server_default="machine")
    exempt_site_id: Mapped[str] = _told()
    zone_id: Mapped[str] = _told()  # the key zone in which its terminal last was
    category: Mapped[str] = _told()  # 设备分类、焊机类型
    maker: Mapped[str] = _told()
    model: Mapped[str] = _told()
    serial: Mapped[str] = _told()
    supply: Mapped[str] = _told()
    source: Mapped[str] = _told()
    mains_max_a: Mapped[int | None]  # 最大电流安数
    max_a: Mapped[int | None]  # 焊机最大电流
    max_w: Mapped[int | None]  # 焊机最大功率
    purpose: Mapped[str] = _told()  # 作业用途
    trade: Mapped[str] = _told()  # 应用行业
    keeper: Mapped[str] = _told()  # 责任人姓名
    keeper_sealed: Mapped[str] = _told()
    filled_in_by: Mapped[str] = _told()  # 填表人
    filled_in_by_sealed: Mapped[str] = _told()
    bought_on: Mapped[str] = _told()
    note: Mapped[str] = _told()


# Made once: asked at every press on a phone.
_BY_CODE = Rows(select(Machine).where(Machine.code == bindparam("code")))

# A whole province is counted, and turned page by page, without reading its machines.
Index(
    "ix_machine_seen",
    *(Machine.district, Machine.industry, Machine.status, Machine.device, Machine.kind),
)
Index(
    "ix_machine_code_seen",
    *(Machine.code, Machine.district, Machine.industry, Machine.status, Machine.id, Machine.kind),
)


def add(unit: Unit, *, rng: Chooser, **given: Any) -> Machine:
    """Register a machine (fields as in `row`) under a fresh code of its county; BadMachine."""
    machine = Machine(**row(unit, code=free_code(unit, given["district"][:6], rng), **given))
    unit.db.add(machine)
    unit.db.flush()
    return machine


def add_many(unit: Unit, rows: Iterable[dict[str, Any]]) -> None:
    """Register many at once, each made by `row`."""
    unit.db.execute(insert(Machine), list(rows))


def change_many(unit: Unit, changes: Iterable[Change]) -> None:
    """Change many at once, judged as `row` judges; ChangedMeanwhile."""
    amend(unit.db, Machine, changes)


def row(
    unit: Unit,
    *,
    code: str,
    name: str,
    enterprise_id: str,
    district: str,
    industry: str,
    keeper_phone: str = "",
    filled_in_by_phone: str = "",
    **told: Any,
) -> dict[str, Any]:
    """The columns of a new machine, judged and sealed; BadMachine if a field is wrong.

    `told` = any of the survey's columns, as they are named in the table.
    """
    if industry not in INDUSTRIES or not districts.valid(district) or len(district) < 6:
        raise BadMachine(f"industry {industry!r}, district {district!r}")
    _judge(told)
    return {
        "id": new_id(),
        "code": code,
        "name": name,
        "enterprise_id": enterprise_id,
        "district": district,
        "industry": industry,
        "device": None,
        "status": "usable",
        "made_at": unit.now,
        "fitted_at": None,
        "key_zone": False,
        "keeper_sealed": _sealed(unit, "keeper", keeper_phone),
        "filled_in_by_sealed": _sealed(unit, "filled_in_by", filled_in_by_phone),
        **_NOTHING_TOLD,
        **told,
    }


_NOTHING_TOLD: dict[str, Any] = {
    "mobile": False,
    **dict.fromkeys(("category", "maker", "model", "serial", "supply", "source"), ""),
    **dict.fromkeys(("mains_max_a", "max_a", "max_w")),
    **dict.fromkeys(("purpose", "trade", "keeper", "filled_in_by", "bought_on", "note"), ""),
}


def _judge(told: dict[str, Any]) -> None:
    strange = set(told) - set(_NOTHING_TOLD) - {"device", "status", "fitted_at", "key_zone"}
    if strange:
        raise BadMachine(f"no such field: {sorted(strange)}")
    for name, known in (("supply", SUPPLIES), ("source", SOURCES), ("status", STATUSES)):
        if told.get(name, known[0]) not in known:
            raise BadMachine(f"{name} {told[name]!r}")
    if lacks_note(told):
        raise BadMachine("other: the note says what")
    try:
        date.fromisoformat(told.get("bought_on") or "2000-01-01")
    except ValueError as error:
        raise BadMachine(f"not an ISO date: {error}") from error


def lacks_note(told: dict[str, Any]) -> bool:
    """Whether something is 其他 (other) and the note does not say what (DL annex 1)."""
    options = {told.get(name) for name in ("supply", "source", "category", "purpose", "trade")}
    return bool(options & {"other", "其他"}) and not told.get("note")


def get(unit: Unit, machine_id: str) -> Machine | None:
    return unit.db.get(Machine, machine_id)


def by_code(unit: Unit, code: str) -> Machine | None:
    """The machine with this code, as scanned or typed; None if unknown or no code at all."""
    read = read_code(code)
    if isinstance(read, BadCode):
        return None
    return _BY_CODE.first(unit.db, code=read)


def by_device(unit: Unit, device: str) -> Machine | None:
    """The machine to which this terminal is fitted."""
    return unit.db.scalar(select(Machine).where(Machine.device == device))


def under(unit: Unit, device: str, at: int | None) -> Machine | None:
    """The machine to which this terminal was fitted at that time, epoch ms; None = not known:
    where it sits now, or sat last. None as well while it sat on none."""
    now = by_device(unit, device)
    if now is not None and (at is None or now.fitted_at is None or now.fitted_at <= at):
        return now
    before = fittings.last(unit, device, at)
    if before is None:
        return now  # what was before all that we know of
    is_over = at is not None and before.ended_at <= at
    return None if is_over else get(unit, before.machine_id)


def of_enterprise(unit: Unit, enterprise_id: str) -> list[Machine]:
    """The machines of an enterprise, in the order of their names."""
    rows = select(Machine).where(Machine.enterprise_id == enterprise_id)
    return list(unit.db.scalars(rows.order_by(Machine.name, Machine.code)))


def at_exempt_site(unit: Unit, site_id: str) -> list[Machine]:
    """The machines that stand at this exempt site, by code."""
    rows = select(Machine).where(Machine.exempt_site_id == site_id)
    return list(unit.db.scalars(rows.order_by(Machine.code)))


def owners(unit: Unit, codes: Iterable[str]) -> dict[str, str]:
    """Whose the machines with these codes are: the names of enterprises, by code."""
    rows = select(Machine.code, Enterprise.name).join(Enterprise)
    return {code: name for code, name in unit.db.execute(rows.where(Machine.code.in_(codes)))}


def fit(unit: Unit, machine: Machine, device: str | None) -> None:
    """Fit a terminal (None = take it off); IntegrityError if it sits on another machine."""
    if machine.device not in (None, device):
        since = machine.fitted_at or machine.made_at
        fittings.over(unit, machine.device or "", machine.id, since)
    machine.device = device
    machine.fitted_at = unit.now if device else None
    unit.db.flush()


def describe(unit: Unit, machine: Machine, *, keeper_phone: str, **told: Any) -> list[str]:
    """What the survey asks, as somebody reads it off the machine; which columns are others now.

    `told` = some of the survey's columns; an empty telephone number leaves the one that is there.
    BadMachine.
    """
    _judge(told)
    if keeper_phone and keeper_phone != phone(unit, machine, "keeper"):
        told["keeper_sealed"] = _sealed(unit, "keeper", keeper_phone)
    changed = [name for name, value in told.items() if getattr(machine, name) != value]
    for name in changed:
        setattr(machine, name, told[name])
    return changed


def set_status(unit: Unit, machine: Machine, status: str) -> None:
    """Usable, unsafe, locked or scrapped."""
    if status not in STATUSES:
        raise BadMachine(f"status {status!r}")
    machine.status = status


def set_exempt_site(unit: Unit, machine: Machine, site_id: str) -> None:
    """It stands at this exempt site; empty = at none any more."""
    machine.exempt_site_id = site_id


def set_zone(unit: Unit, machine: Machine, zone_id: str) -> None:
    """In which key zone it is now, empty = in none."""
    machine.zone_id = zone_id
    machine.key_zone = bool(zone_id)


def phone(unit: Unit, machine: Machine, whose: str) -> str:
    """A number in clear, `keeper` or `filled_in_by`; each look is for the caller to record."""
    sealed = getattr(machine, f"{whose}_sealed")
    return unit.keys.open(sealed, f"machine.{whose}").decode() if sealed else ""


def masked_phone(unit: Unit, machine: Machine, whose: str) -> str:
    """138****5678, or empty."""
    return mask(phone(unit, machine, whose))


def to_be_coded(unit: Unit, today: date, within_days: int, root: str) -> list[tuple[Machine, int]]:
    """New machines of a district that are not coded yet, with the days left (below 0 = overdue).

    CQ art. 12, DL 三(二): within 15 days of the purchase. The most overdue come first.
    """
    rows = select(Machine).where(
        Machine.device.is_(None),
        Machine.bought_on != "",
        Machine.kind == "machine",
        Machine.status != "scrapped",
        districts.below(root, Machine.district),
    )
    found = unit.db.scalars(rows.order_by(Machine.bought_on, Machine.code))
    return [(one, (code_by(one.bought_on, within_days) - today).days) for one in found]


def code_by(bought_on: str, within_days: int) -> date:
    """The last day on which a machine bought on this day (ISO) is to be coded."""
    return date.fromisoformat(bought_on) + timedelta(days=within_days)


def free_code(unit: Unit, district6: str, rng: Chooser) -> str:
    """A fresh code of this county that no machine has; BadMachine if it is no county."""
    while True:
        try:
            code = make_code(district6, rng)
        except ValueError as error:
            raise BadMachine(str(error)) from error
        if by_code(unit, code) is None:
            return code


def _sealed(unit: Unit, whose: str, given: str) -> str:
    if not given:
        return ""
    number = read_phone(given, fixed=True)
    if number is None:
        raise BadMachine(f"the telephone number of {whose} is not right")
    return unit.keys.seal(number.encode(), f"machine.{whose}")

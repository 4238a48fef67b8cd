"""Stock of terminals 终端库存: each module by its chip's address, with all that it saw.

A module is received, flashed, installed, returned and at last scrapped. Every change is a row of
its own. SIM and product quality insurance 产品质量保险 (CQ annex 1.16) run out: see `expiring`.
"""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Index, insert, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base, Change, amend
from cloud.base.ids import new_id
from cloud.base.unit import Unit

STATES = ("received", "flashed", "installed", "returned", "scrapped")
_FROM = {
    "received": ("", "returned"),
    "flashed": ("", "received", "flashed", "returned"),
    "installed": ("flashed",),
    "returned": ("received", "flashed", "installed"),
    "scrapped": ("received", "flashed", "installed", "returned"),
}
_CHIP = re.compile("[0-9a-f]{12}")


class BadStock(ValueError):
    """What was asked for is not possible; the text names the field or the two states."""


class StockItem(Base):
    """One module. `device` = who it became, empty before it was enrolled; `code` = the enrolment
    code that did it. Dates are ISO; empty = not told."""

    __tablename__ = "stock_item"

    chip: Mapped[str] = mapped_column(primary_key=True)
    device: Mapped[str] = mapped_column(index=True)
    code: Mapped[str]
    state: Mapped[str]
    state_at: Mapped[int]
    sim_until: Mapped[str]
    insurance: Mapped[str]
    insurance_until: Mapped[str]
    made_at: Mapped[int]


Index("ix_stock_item_listed", StockItem.state, StockItem.chip)


class StockMove(Base):
    """One change. `who` = a person's id, an enrolment code's, or the name of a program."""

    __tablename__ = "stock_move"

    id: Mapped[str] = mapped_column(primary_key=True)
    chip: Mapped[str] = mapped_column(index=True)
    state: Mapped[str]
    at: Mapped[int]
    who: Mapped[str]
    note: Mapped[str]


def chip_form(text: str) -> str:
    """a4cf12abcdef of any usual spelling of a chip's address; BadStock."""
    chip = re.sub("[:-]", "", text.strip().lower())
    if not _CHIP.fullmatch(chip):
        raise BadStock(f"chip {text!r}")
    return chip


def get(unit: Unit, chip: str) -> StockItem | None:
    """The module, held against other workers until the end of a write unit."""
    return unit.db.get(StockItem, chip, with_for_update=True if unit.writes else None)


def of_device(unit: Unit, device: str) -> StockItem | None:
    return unit.db.scalar(select(StockItem).where(StockItem.device == device))


def listed(unit: Unit, state: str = "") -> list[StockItem]:
    """All of them, or those in one state, by their addresses."""
    rows = select(StockItem).order_by(StockItem.chip)
    return list(unit.db.scalars(rows.where(StockItem.state == state) if state else rows))


def history(unit: Unit, chip: str) -> list[StockMove]:
    """What it went through, oldest first."""
    rows = select(StockMove).where(StockMove.chip == chip).order_by(StockMove.at, StockMove.id)
    return list(unit.db.scalars(rows))


def move(unit: Unit, chip: str, state: str, who: str, note: str = "") -> StockItem:
    """Put a module into a state; it is made if it is new. BadStock where it cannot get there."""
    row = get(unit, chip)
    before = row.state if row else ""
    if before not in _FROM.get(state, ()):
        raise BadStock(f"{before or 'new'} -> {state}")
    if row is None:
        row = StockItem(chip=chip, device="", code="", made_at=unit.now)
        row.sim_until = row.insurance = row.insurance_until = ""
        unit.db.add(row)
    row.state, row.state_at = state, unit.now
    told = StockMove(id=new_id(), chip=chip, state=state, at=unit.now, who=who, note=note)
    unit.db.add(told)
    unit.db.flush()
    return row


def row(unit: Unit, *, chip: str, status: str, **papers: str) -> dict[str, Any]:
    """The columns of a module that is new in stock, for `add_many`."""
    told = {"chip": chip, "device": "", "code": "", "state": status, "state_at": unit.now}
    return told | papers | {"made_at": unit.now}


def add_many(unit: Unit, rows: Iterable[dict[str, Any]], who: str) -> None:
    """Take in many at once, each made by `row`."""
    made = list(rows)
    unit.db.execute(insert(StockItem), made)
    moves = (
        {"id": new_id(), "chip": one["chip"], "state": one["state"], "at": unit.now}
        | {"who": who, "note": ""}
        for one in made
    )
    unit.db.execute(insert(StockMove), list(moves))


def change_many(unit: Unit, changes: Iterable[Change]) -> None:
    """Change papers of many at once; ChangedMeanwhile."""
    amend(unit.db, StockItem, changes)


def set_papers(
    unit: Unit, row: StockItem, *, sim_until: str, insurance: str, insurance_until: str
) -> None:
    """SIM and insurance; empty = leave as it is. BadStock where a date is none."""
    for name, given in (("sim_until", sim_until), ("insurance_until", insurance_until)):
        try:
            date.fromisoformat(given or "2000-01-01")
        except ValueError:
            raise BadStock(f"{name} {given!r}") from None
        setattr(row, name, given or getattr(row, name))
    row.insurance = insurance or row.insurance


def expiring(unit: Unit, today: date, days: int) -> list[tuple[StockItem, str, str]]:
    """(module, `sim` or `insurance`, date) of what ends within so many days or has ended."""
    last = (today + timedelta(days=days)).isoformat()
    due = or_(
        (StockItem.sim_until != "") & (StockItem.sim_until <= last),
        (StockItem.insurance_until != "") & (StockItem.insurance_until <= last),
    )
    rows = unit.db.scalars(select(StockItem).where(due, StockItem.state != "scrapped"))
    found = [
        (row, what, until)
        for row in rows
        for what, until in (("sim", row.sim_until), ("insurance", row.insurance_until))
        if until and until <= last
    ]
    return sorted(found, key=lambda one: (one[2], one[0].chip, one[1]))

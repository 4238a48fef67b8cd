"""Enterprises 作业单位: who owns machines and employs welders (CQ annex 2.1(1))."""

import random
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Index, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base import districts
from cloud.base.database import Base, Change, amend
from cloud.base.formats import make_firm, mask, read_firm, read_phone, read_uscc
from cloud.base.ids import Chooser, new_id
from cloud.base.unit import Unit

# 一般企业、小微企业、个体户、灵活用工、家庭使用 (DL annex 2).
KINDS = ("general", "micro", "self-employed", "gig", "household")
# 灵活用工 and 家庭使用 have no credit code: they get a number of this platform.
UNCODED = ("gig", "household")
# 大型、中型、小型、微型; empty = not told.
SCALES = ("", "large", "medium", "small", "micro")
_PURPOSE = {"principal": "enterprise.principal", "contact": "enterprise.contact"}


class BadEnterprise(ValueError):
    """A field does not hold: credit code, district, kind, scale, phone or number."""


class Enterprise(Base):
    """One enterprise. `uscc` = its unified social credit code, or the platform's own number of
    who has none (kinds UNCODED). `exempt` is the office's reason (CQ art. 2), empty = the rules
    hold.

    `crowded_place` = 人员密集场所子类, empty = none. `machines_told`, `workers_told` = how many
    machines and special workers it says it has; what is registered is counted, not kept.
    """

    __tablename__ = "enterprise"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    uscc: Mapped[str] = mapped_column(unique=True)
    district: Mapped[str]
    kind: Mapped[str]
    scale: Mapped[str] = mapped_column(default="", server_default="")
    principal: Mapped[str] = mapped_column(default="", server_default="")
    principal_sealed: Mapped[str] = mapped_column(default="", server_default="")
    contact: Mapped[str] = mapped_column(default="", server_default="")
    contact_sealed: Mapped[str]
    crowded_place: Mapped[str] = mapped_column(default="", server_default="")
    machines_told: Mapped[int | None]
    workers_told: Mapped[int | None]
    exempt: Mapped[str]
    made_at: Mapped[int]


Index("ix_enterprise_listed", Enterprise.district, Enterprise.uscc)


def add(unit: Unit, **given: Any) -> Enterprise:
    """Register an enterprise (fields as in `row`); BadEnterprise if one is wrong."""
    enterprise = Enterprise(**row(unit, **given))
    unit.db.add(enterprise)
    unit.db.flush()
    return enterprise


def add_many(unit: Unit, rows: Iterable[dict[str, Any]]) -> None:
    """Register many at once, each made by `row`."""
    unit.db.execute(insert(Enterprise), list(rows))


def change_many(unit: Unit, changes: Iterable[Change]) -> None:
    """Change many at once, judged as `row` judges; ChangedMeanwhile."""
    amend(unit.db, Enterprise, changes)


def row(
    unit: Unit,
    *,
    name: str,
    uscc: str,
    district: str,
    kind: str = "general",
    scale: str = "",
    principal: str = "",
    principal_phone: str = "",
    contact: str = "",
    contact_phone: str = "",
    crowded_place: str = "",
    machines_told: int | None = None,
    workers_told: int | None = None,
    rng: Chooser | None = None,
) -> dict[str, Any]:
    """The columns of a new enterprise, judged and sealed; BadEnterprise if a field is wrong.

    `uscc` empty = a fresh number is given, to kinds UNCODED alone.
    """
    if not districts.valid(district):
        raise BadEnterprise(f"no district code: {district!r}")
    code = read_firm(uscc) if kind in UNCODED else read_uscc(uscc)
    if not uscc and kind in UNCODED:
        if not district[:6].isdigit() or len(district) < 6:
            raise BadEnterprise(f"a county is wanted for a number: {district!r}")
        code = make_firm(district[:6], rng or random.SystemRandom())
    if code is None:
        raise BadEnterprise(f"no unified social credit code: {uscc!r}")
    if kind not in KINDS or scale not in SCALES:
        raise BadEnterprise(f"kind {kind!r}, scale {scale!r}")
    return {
        "id": new_id(),
        "name": name,
        "uscc": code,
        "district": district,
        "kind": kind,
        "scale": scale,
        "principal": principal,
        "principal_sealed": _sealed(unit, "principal", principal_phone),
        "contact": contact,
        "contact_sealed": _sealed(unit, "contact", contact_phone),
        "crowded_place": crowded_place,
        "machines_told": machines_told,
        "workers_told": workers_told,
        "exempt": "",
        "made_at": unit.now,
    }


def get(unit: Unit, enterprise_id: str) -> Enterprise | None:
    return unit.db.get(Enterprise, enterprise_id)


def called(asked: str) -> ColumnElement[bool]:
    """SQL: has this credit code, or this as a part of its name."""
    firm = read_firm(asked)
    return Enterprise.uscc == firm if firm else Enterprise.name.contains(asked, autoescape=True)


def by_uscc(unit: Unit, uscc: str) -> Enterprise | None:
    return unit.db.scalar(select(Enterprise).where(Enterprise.uscc == read_firm(uscc)))


def uncoded(unit: Unit, names: Iterable[str]) -> list[Enterprise]:
    """Those of these names who have a number of this platform in place of a credit code."""
    wanted = list(names)
    here = (Enterprise.name.in_(wanted), Enterprise.kind.in_(UNCODED))
    rows = select(Enterprise).where(*here).order_by(Enterprise.uscc)
    return list(unit.db.scalars(rows)) if wanted else []


def ids_by_uscc(unit: Unit) -> dict[str, str]:
    """Every enterprise's id by its credit code, for whoever brings in many rows."""
    return {code: id for code, id in unit.db.execute(select(Enterprise.uscc, Enterprise.id))}


def uscc_by_id(unit: Unit) -> dict[str, str]:
    """Every enterprise's credit code by its id."""
    return {id: code for code, id in ids_by_uscc(unit).items()}


def phone(unit: Unit, enterprise: Enterprise, whose: str) -> str:
    """A number in clear, `principal` or `contact`; each look is for the caller to record."""
    sealed = getattr(enterprise, f"{whose}_sealed")
    return unit.keys.open(sealed, _PURPOSE[whose]).decode() if sealed else ""


def masked_phone(unit: Unit, enterprise: Enterprise, whose: str) -> str:
    """138****5678, or empty."""
    return mask(phone(unit, enterprise, whose))


def set_exempt(unit: Unit, enterprise: Enterprise, reason: str) -> None:
    """Mark an explosive or secret site as outside the rules (CQ art. 2); empty = inside again."""
    enterprise.exempt = reason


def _sealed(unit: Unit, whose: str, given: str) -> str:
    if not given:
        return ""
    number = read_phone(given, fixed=True)
    if number is None:
        raise BadEnterprise(f"the {whose}'s telephone number is not right")
    return unit.keys.seal(number.encode(), _PURPOSE[whose])

"""Who welds for whom: contracts 外包合同 and the briefings under them (CQ art. 18-20, 24)."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, insert, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base, Change, amend
from cloud.base.ids import new_id
from cloud.base.unit import Unit
from cloud.registry.people import Person

# 项目外包、劳务外包、临时用工.
KINDS = ("project", "labour", "temporary")
_DIGEST = re.compile("[0-9a-f]{64}")


class BadContract(ValueError):
    """A field does not hold; `field` = which one."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class Contract(Base):
    """The client lets a contractor (another enterprise) or one person weld for it.

    Days are ISO texts, both ends good. `digest` = SHA-256 of the safety agreement, hex: the
    document stays with the parties. `ended_at` = taken back before its last day, epoch ms.
    """

    __tablename__ = "contract"

    id: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("enterprise.id"))
    contractor_id: Mapped[str | None] = mapped_column(ForeignKey("enterprise.id"), index=True)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str]
    starts_on: Mapped[str]
    ends_on: Mapped[str]
    digest: Mapped[str]
    reference: Mapped[str]
    made_at: Mapped[int]
    ended_at: Mapped[int | None]


Index("ix_contract_known", Contract.client_id, Contract.reference)


class Briefing(Base):
    """The client's safety briefing 安全交底 of one welder; good once the welder confirmed it."""

    __tablename__ = "briefing"
    __table_args__ = (UniqueConstraint("contract_id", "person_id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    contract_id: Mapped[str] = mapped_column(ForeignKey("contract.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    given_by: Mapped[str]
    given_at: Mapped[int]
    risks: Mapped[str]
    confirmed_at: Mapped[int | None]


Index("ix_briefing_person", Briefing.person_id)


def change_many(unit: Unit, changes: Iterable[Change]) -> None:
    """Change many at once, judged as `row` judges; ChangedMeanwhile."""
    amend(unit.db, Contract, changes)


def row(
    unit: Unit,
    *,
    client_id: str,
    kind: str,
    starts_on: str,
    ends_on: str,
    digest: str,
    contractor_id: str | None = None,
    person_id: str | None = None,
    reference: str = "",
) -> dict[str, Any]:
    """The columns of a new contract; BadContract names the field that is wrong."""
    if kind not in KINDS:
        raise BadContract("kind")
    # One party and one only, and nobody is their own contractor.
    if (contractor_id is None) == (person_id is None) or contractor_id == client_id:
        raise BadContract("contractor")
    if kind == "temporary" and person_id is None:
        raise BadContract("contractor")
    try:
        in_order = date.fromisoformat(starts_on) <= date.fromisoformat(ends_on)
    except ValueError:
        in_order = False
    if not in_order:
        raise BadContract("ends_on")
    if not _DIGEST.fullmatch(digest):
        raise BadContract("digest")
    return {
        "id": new_id(),
        "client_id": client_id,
        "contractor_id": contractor_id,
        "person_id": person_id,
        "kind": kind,
        "starts_on": starts_on,
        "ends_on": ends_on,
        "digest": digest,
        "reference": reference,
        "made_at": unit.now,
        "ended_at": None,
    }


def add(unit: Unit, **given: Any) -> Contract:
    """Register a contract (fields as in `row`); BadContract."""
    contract = Contract(**row(unit, **given))
    unit.db.add(contract)
    unit.db.flush()
    return contract


def add_many(unit: Unit, rows: Iterable[dict[str, Any]]) -> None:
    """Register many at once, each made by `row`."""
    unit.db.execute(insert(Contract), list(rows))


def get(unit: Unit, contract_id: str) -> Contract | None:
    return unit.db.get(Contract, contract_id)


def of_client(unit: Unit, client_id: str, limit: int, offset: int = 0) -> list[Contract]:
    """The contracts of a client, those that last longest first."""
    rows = select(Contract).where(Contract.client_id == client_id)
    longest = rows.order_by(Contract.ends_on.desc(), Contract.id)
    return list(unit.db.scalars(longest.limit(limit).offset(offset)))


def of_welder(unit: Unit, person: Person) -> list[Contract]:
    """Those under which this person may weld: their own, and their enterprise's."""
    party = Contract.person_id == person.id
    if person.enterprise_id:
        party = or_(party, Contract.contractor_id == person.enterprise_id)
    rows = select(Contract).where(party, Contract.ended_at.is_(None))
    return list(unit.db.scalars(rows.order_by(Contract.ends_on.desc(), Contract.id)))


def covers(contract: Contract, person: Person) -> bool:
    """Whether this person is the party, or one of the contractor's people."""
    if contract.person_id is not None:
        return contract.person_id == person.id
    return contract.contractor_id == person.enterprise_id


def end(unit: Unit, contract: Contract) -> None:
    """Take it back now; nobody welds under it any more."""
    contract.ended_at = contract.ended_at or unit.now


def brief(unit: Unit, contract: Contract, person: Person, by: Person, risks: str) -> Briefing:
    """The client tells a welder the risks; told anew, it is to be confirmed anew."""
    found = briefing(unit, contract, person.id)
    if found is None:
        found = Briefing(id=new_id(), contract_id=contract.id, person_id=person.id)
        unit.db.add(found)
    found.given_by, found.given_at, found.risks = by.id, unit.now, risks
    found.confirmed_at = None
    unit.db.flush()
    return found


def briefing(unit: Unit, contract: Contract, person_id: str) -> Briefing | None:
    rows = select(Briefing).where(Briefing.contract_id == contract.id)
    return unit.db.scalar(rows.where(Briefing.person_id == person_id))


def briefings(
    unit: Unit, found: list[Contract], person_id: str | None = None
) -> dict[str, list[Briefing]]:
    """By contract who was briefed under it, the last one first; or only this person."""
    told: dict[str, list[Briefing]] = {one.id: [] for one in found}
    rows = select(Briefing).where(Briefing.contract_id.in_(told))
    rows = rows.where(Briefing.person_id == person_id) if person_id else rows
    for one in unit.db.scalars(rows.order_by(Briefing.given_at.desc(), Briefing.id)):
        told[one.contract_id].append(one)
    return told


def confirm(unit: Unit, given: Briefing) -> None:
    """The welder has understood it."""
    given.confirmed_at = given.confirmed_at or unit.now

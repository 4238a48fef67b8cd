"""Hot-work permits 动火作业票: asked for, approved by somebody else, good inside a window."""

from sqlalchemy import ForeignKey, Index, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.ids import new_id
from cloud.base.unit import Unit
from cloud.book import audit, outbox
from cloud.registry import enterprises
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.work import profiles
from cloud.work.refusal import Refusals
from cloud.work.rules import refuse

GRADES_H = {"special": 8, "first": 8, "second": 72}  # GB 30871-2022, 5.1.5


class Permit(Base):
    """One permit; `machine_id` None = any machine of the enterprise. Window in epoch ms."""

    __tablename__ = "permit"

    id: Mapped[str] = mapped_column(primary_key=True)
    enterprise_id: Mapped[str] = mapped_column(ForeignKey("enterprise.id"))
    machine_id: Mapped[str | None] = mapped_column(ForeignKey("machine.id"))
    grade: Mapped[str]
    window_from: Mapped[int]
    window_to: Mapped[int]
    asked_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[int]
    approved_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    approved_at: Mapped[int | None]


Index("ix_permit_window", Permit.enterprise_id, Permit.window_to)


def ask(
    unit: Unit,
    person: Person,
    *,
    enterprise_id: str,
    grade: str,
    window_from: int,
    window_to: int,
    machine: Machine | None = None,
) -> Permit | Refusals:
    """Ask for a permit; refused if the window is empty or too long for the grade."""
    longest_h = GRADES_H.get(grade, 0)
    mine = machine is None or machine.enterprise_id == enterprise_id
    if not mine or not 0 < window_to - window_from <= longest_h * 3_600_000:
        return _refused(unit, "permit-window")
    permit = Permit(
        id=new_id(),
        enterprise_id=enterprise_id,
        machine_id=machine.id if machine else None,
        grade=grade,
        window_from=window_from,
        window_to=window_to,
        asked_by=person.id,
        asked_at=unit.now,
    )
    unit.db.add(permit)
    unit.db.flush()
    _note(unit, permit, person, "permit-asked")
    return permit


def approve(unit: Unit, permit: Permit, person: Person) -> Permit | Refusals:
    """Approve it for the enterprise, never one's own; a second approval changes nothing."""
    permit = unit.db.get_one(Permit, permit.id, populate_existing=True, with_for_update=True)
    entitled = (
        person.status == "active"
        and "enterprise" in person.roles
        and person.enterprise_id == permit.enterprise_id
        and person.id != permit.asked_by
    )
    if not entitled:
        return _refused(unit, "permit-not-yours")
    if permit.approved_at is None:
        permit.approved_by, permit.approved_at = person.id, unit.now
        _note(unit, permit, person, "permit-approved")
    return permit


def end(unit: Unit, permit: Permit, person: Person, at: int | None = None) -> Permit | Refusals:
    """Withdraw it, or let it end sooner (`at`, epoch ms); by the enterprise. Never later.

    Event: `permit-changed` (subject = permit id).
    """
    permit = unit.db.get_one(Permit, permit.id, populate_existing=True, with_for_update=True)
    ours = person.enterprise_id == permit.enterprise_id and "enterprise" in person.roles
    if person.status != "active" or not ours:
        return _refused(unit, "permit-not-yours")
    to = max(unit.now, at or 0)
    if to < permit.window_to:
        permit.window_to = to
        unit.db.flush()
        _note(unit, permit, person, "permit-ended" if to == unit.now else "permit-shortened")
        outbox.tell(unit, "permit-changed", permit.id, {})
    return permit


def get(unit: Unit, permit_id: str) -> Permit | None:
    return unit.db.get(Permit, permit_id)


def covering(unit: Unit, machine: Machine, client_id: str = "") -> Permit | None:
    """The approved permit that covers this machine now, the one that lasts longest.

    `client_id` = under a contract the client approves the work, not the machine's owner.
    """
    rows = select(Permit).where(
        Permit.enterprise_id == (client_id or machine.enterprise_id),
        or_(Permit.machine_id.is_(None), Permit.machine_id == machine.id),
        Permit.approved_at.is_not(None),
        Permit.window_from <= unit.now,
        Permit.window_to > unit.now,
    )
    return unit.db.scalar(rows.order_by(Permit.window_to.desc()).limit(1))


def of_enterprise(unit: Unit, enterprise_id: str) -> list[Permit]:
    """The permits of an enterprise that are not over, the next one first."""
    rows = select(Permit).where(Permit.enterprise_id == enterprise_id, Permit.window_to > unit.now)
    return list(unit.db.scalars(rows.order_by(Permit.window_from)))


def _refused(unit: Unit, code: str) -> Refusals:
    return Refusals([refuse(code, profiles.load(unit.settings.profile))])


def _note(unit: Unit, permit: Permit, person: Person, what: str) -> None:
    enterprise = enterprises.get(unit, permit.enterprise_id)
    district = enterprise.district if enterprise else ""
    audit.write(unit, district, person.id, what, permit.id, {"grade": permit.grade})

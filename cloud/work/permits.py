"""Hot-work permits 动火作业票: asked for, approved by somebody else, good inside a window.

waiting → approved → over            side exits: refused, taken-back, withdrawn, lapsed
"""

from sqlalchemy import ColumnElement, ForeignKey, Index, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.clock import china_day
from cloud.base.database import Base
from cloud.base.ids import new_id
from cloud.base.unit import Unit
from cloud.book import audit, outbox
from cloud.registry import contracts, enterprises, people
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.work import hiring, profiles
from cloud.work.refusal import Refusals
from cloud.work.rules import refuse

GRADES_H = {"special": 8, "first": 8, "second": 72}  # GB 30871-2022, 5.1.5
_TOLD_MS = 8 * 3_600_000  # so long the asker is told that it was refused or withdrawn


class Permit(Base):
    """One permit; `machine_id` None = any machine of the enterprise. Window in epoch ms.

    `district` = of the machine, else of the enterprise.
    `ended_…` = who refused it, took it back or withdrew it, and why; a reason may name somebody.
    """

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
    site: Mapped[str] = mapped_column(default="", server_default="")
    work: Mapped[str] = mapped_column(default="", server_default="")
    ended_by: Mapped[str | None]
    ended_at: Mapped[int | None]
    ended_why: Mapped[str] = mapped_column(default="", server_default="")
    district: Mapped[str] = mapped_column(default="", server_default="")


# The register of a day, judged in the index alone: a province asks for thousands.
Index(
    "ix_permit_listed",
    *(Permit.window_from, Permit.id, Permit.district, Permit.window_to),
    *(Permit.approved_at, Permit.ended_at),
)
Index("ix_permit_window", Permit.enterprise_id, Permit.window_to)
Index("ix_permit_asked", Permit.enterprise_id, Permit.asked_at)
Index("ix_permit_asker", Permit.asked_by, Permit.asked_at)


def ask(
    unit: Unit,
    person: Person,
    *,
    enterprise_id: str,
    grade: str,
    window_from: int,
    window_to: int,
    machine: Machine | None = None,
    site: str = "",
    work: str = "",
) -> Permit | Refusals:
    """Ask for a permit; refused if the window is empty, past, or too long for the grade, or if
    this enterprise is none of the person's business."""
    if not _concerns(unit, person, enterprise_id):
        return _refused(unit, "permit-stranger")
    longest_h = GRADES_H.get(grade, 0)
    # Under a contract the contractor may bring a machine of its own.
    owners = {enterprise_id, person.enterprise_id}
    mine = machine is None or machine.enterprise_id in owners
    length = window_to - window_from
    if not mine or not 0 < length <= longest_h * 3_600_000 or window_to <= unit.now:
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
        site=site,
        work=work,
        district=machine.district if machine else _district(unit, enterprise_id),
    )
    unit.db.add(permit)
    unit.db.flush()
    _note(unit, permit, person, "permit-asked")
    return permit


def approver(unit: Unit, welder: Person, machine: Machine, contract: str = "") -> str:
    """The enterprise that approves this welder's work at this machine: under a contract (its id,
    as in `jobs.apply`) the client, else the machine's owner."""
    hired = hiring.under(unit, welder, machine, contract)
    return hired.client_id if hired else machine.enterprise_id


def approve(unit: Unit, permit: Permit, person: Person) -> Permit | Refusals:
    """Approve it for the enterprise, never one's own; a second approval changes nothing."""
    permit = _held(unit, permit)
    if not _judges(unit, permit, person):
        return _refused(unit, "permit-not-yours")
    state = state_of(permit, unit.now)
    if state == "waiting":
        permit.approved_by, permit.approved_at = person.id, unit.now
        _note(unit, permit, person, "permit-approved")
    elif state != "approved":
        return _refused(unit, "permit-closed")
    return permit


def turn_down(unit: Unit, permit: Permit, person: Person, why: str) -> Permit | Refusals:
    """Refuse it for the enterprise; a second refusal changes nothing."""
    permit = _held(unit, permit)
    if not _judges(unit, permit, person):
        return _refused(unit, "permit-not-yours")
    state = state_of(permit, unit.now)
    if state == "waiting":
        _end(unit, permit, person, why)
        _note(unit, permit, person, "permit-refused")
    elif state != "refused":
        return _refused(unit, "permit-closed")
    return permit


def end(
    unit: Unit, permit: Permit, person: Person, at: int | None = None, why: str = ""
) -> Permit | Refusals:
    """Withdraw it, or let it end sooner (`at`, epoch ms); by the enterprise. Never later.

    Event: `permit-changed` (subject = permit id), at which the jobs under it end.
    """
    permit = _held(unit, permit)
    if not _owns(permit, person):
        return _refused(unit, "permit-not-yours")
    to = max(unit.now, at or 0)
    if to < permit.window_to and permit.ended_at is None:
        permit.window_to = to
        if to == unit.now:
            _end(unit, permit, person, why)
        unit.db.flush()
        _note(unit, permit, person, "permit-ended" if to == unit.now else "permit-shortened")
        outbox.tell(unit, "permit-changed", permit.id, {})
    return permit


def take_back(unit: Unit, permit: Permit, person: Person) -> Permit | Refusals:
    """Who asked for it gives it up before anybody answered; a second time changes nothing."""
    permit = _held(unit, permit)
    if person.id != permit.asked_by or person.status != "active":
        return _refused(unit, "permit-not-yours")
    state = state_of(permit, unit.now)
    if state == "waiting":
        _end(unit, permit, person, "")
        _note(unit, permit, person, "permit-taken-back")
    elif state != "taken-back":
        return _refused(unit, "permit-closed")
    return permit


def state_of(permit: Permit, now: int) -> str:
    """waiting, approved, refused, taken-back, withdrawn, over, or lapsed (never approved)."""
    if permit.ended_at is not None:
        if permit.approved_at is not None:
            return "withdrawn"
        return "taken-back" if permit.ended_by == permit.asked_by else "refused"
    if permit.window_to <= now:
        return "lapsed" if permit.approved_at is None else "over"
    return "waiting" if permit.approved_at is None else "approved"


def in_state(state: str, now: int) -> ColumnElement[bool]:
    """SQL: the permit is in this state, as `state_of` says."""
    ended, approved = Permit.ended_at.is_not(None), Permit.approved_at.is_not(None)
    by_asker, past = Permit.ended_by == Permit.asked_by, Permit.window_to <= now
    return {
        "waiting": ~ended & ~approved & ~past,
        "approved": ~ended & approved & ~past,
        "refused": ended & ~approved & ~by_asker,
        "taken-back": ended & ~approved & by_asker,
        "withdrawn": ended & approved,
        "lapsed": ~ended & ~approved & past,
        "over": ~ended & approved & past,
    }[state]


def acts(unit: Unit, permit: Permit, person: Person) -> frozenset[str]:
    """What this person may do about it now: approve, refuse, withdraw, take-back."""
    state = state_of(permit, unit.now)
    if state == "approved":
        return frozenset({"withdraw"} if _owns(permit, person) else ())
    if state != "waiting":
        return frozenset()
    if _judges(unit, permit, person):
        return frozenset({"approve", "refuse"})
    return frozenset({"take-back"} if person.id == permit.asked_by else ())


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


def denied(unit: Unit, person: Person, machine: Machine, client_id: str = "") -> bool:
    """Whether the enterprise has just taken back a permit for this machine, or refused it to this
    person: then no other voucher of theirs stands in for one."""
    rows = select(Permit.id).where(
        Permit.enterprise_id == (client_id or machine.enterprise_id),
        or_(Permit.machine_id.is_(None), Permit.machine_id == machine.id),
        Permit.window_to > unit.now - _TOLD_MS,
        Permit.ended_at > unit.now - _TOLD_MS,
        or_(
            Permit.approved_at.is_not(None),
            (Permit.asked_by == person.id) & (Permit.ended_by != person.id),
        ),
    )
    return unit.db.scalar(rows.limit(1)) is not None


def of_enterprise(unit: Unit, enterprise_id: str) -> list[Permit]:
    """The permits of an enterprise that are not over, the next one first."""
    rows = select(Permit).where(Permit.enterprise_id == enterprise_id, Permit.window_to > unit.now)
    return list(unit.db.scalars(rows.order_by(Permit.window_from)))


def waiting(unit: Unit, enterprise_id: str) -> ColumnElement[bool]:
    """SQL: what this enterprise still has to approve or refuse."""
    open_still = Permit.approved_at.is_(None) & Permit.ended_at.is_(None)
    return (Permit.enterprise_id == enterprise_id) & (Permit.window_to > unit.now) & open_still


def last_asked(unit: Unit, person: Person, machine: Machine) -> Permit | None:
    """What this person asked for last that covers this machine and whose time is not over."""
    here = or_(Permit.machine_id.is_(None), Permit.machine_id == machine.id)
    alive = or_(Permit.window_to > unit.now, Permit.ended_at > unit.now - _TOLD_MS)
    rows = select(Permit).where(Permit.asked_by == person.id, here, alive)
    return unit.db.scalar(rows.order_by(Permit.asked_at.desc(), Permit.id.desc()).limit(1))


def _held(unit: Unit, permit: Permit) -> Permit:
    return unit.db.get_one(Permit, permit.id, populate_existing=True, with_for_update=True)


def _end(unit: Unit, permit: Permit, person: Person, why: str) -> None:
    permit.ended_by, permit.ended_at, permit.ended_why = person.id, unit.now, why


def _concerns(unit: Unit, person: Person, enterprise_id: str) -> bool:
    """Its own welders and managers, and outside welders under a contract with it."""
    if person.status != "active" or not person.roles & {"welder", "enterprise"}:
        return False
    if person.enterprise_id == enterprise_id:
        return True
    held = contracts.of_welder(unit, person) if "welder" in person.roles else []
    today = china_day(unit.now).isoformat()
    return any(one.client_id == enterprise_id and one.ends_on >= today for one in held)


def _owns(permit: Permit, person: Person) -> bool:
    ours = person.enterprise_id == permit.enterprise_id and "enterprise" in person.roles
    return person.status == "active" and ours


def _judges(unit: Unit, permit: Permit, person: Person) -> bool:
    return _owns(permit, person) and not people.same(person, people.known(unit, permit.asked_by))


def _refused(unit: Unit, code: str) -> Refusals:
    return Refusals([refuse(code, profiles.load(unit.settings.profile))])


def _note(unit: Unit, permit: Permit, person: Person, what: str) -> None:
    district = _district(unit, permit.enterprise_id)
    audit.write(unit, district, person.id, what, permit.id, {"grade": permit.grade})


def _district(unit: Unit, enterprise_id: str) -> str:
    enterprise = enterprises.get(unit, enterprise_id)
    return enterprise.district if enterprise else ""

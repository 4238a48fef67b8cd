"""Emergency releases 应急放开: the enterprise names afterwards who used each, and why.

A release is the one case in which a machine runs without anybody's certificate being checked. The
terminal's journal tells of it; by line or by phone, in whatever order its entries come.
"""

from sqlalchemy import Index, UniqueConstraint, literal_column, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.ids import new_id
from cloud.base.unit import Unit
from cloud.book import audit
from cloud.book.outbox import Event, Handlers
from cloud.link.journal import JournalEntry
from cloud.registry import contracts, machines
from cloud.registry.people import Person


class NotEntitled(Exception):
    """Only an active account of the machine's enterprise names who it was."""


class Release(Base):
    """One release; `log`, `seq` = its journal entry. `began_at`, `ended_at` = epoch ms, None = not
    known; `heard_at` = when the cloud heard of it. `why` may name somebody and stays here."""

    __tablename__ = "emergency_release"
    __table_args__ = (UniqueConstraint("device", "log", "seq"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    device: Mapped[str]
    log: Mapped[str]
    seq: Mapped[int]
    machine_id: Mapped[str]
    enterprise_id: Mapped[str]
    district: Mapped[str]
    began_at: Mapped[int | None]
    ended_at: Mapped[int | None]
    heard_at: Mapped[int]
    person_id: Mapped[str | None]
    named_by: Mapped[str | None]
    named_at: Mapped[int | None]
    why: Mapped[str] = mapped_column(default="", server_default="")


IS_UNNAMED = literal_column("person_id IS NULL")
Index(
    "ix_emergency_release_unnamed",
    Release.enterprise_id,
    Release.heard_at,
    sqlite_where=IS_UNNAMED,
    postgresql_where=IS_UNNAMED,
)
Index("ix_emergency_release_heard", Release.enterprise_id, Release.heard_at)
Index("ix_emergency_release_machine", Release.machine_id, Release.heard_at)


def handlers() -> Handlers:
    """What to do about entries of a journal, for `outbox.deliver`."""
    return {"journal-emergency-on": [began], "journal-emergency-off": [ended]}


def began(unit: Unit, event: Event) -> None:
    """A terminal released its machine; the same entry told again changes nothing."""
    told = event.details
    where = (told["device"], told["log"], told["seq"])
    machine = machines.under(unit, told["device"], told["at"])
    if machine is None or _at(unit, *where) is not None:
        return
    unit.db.add(
        Release(
            id=new_id(),
            device=told["device"],
            log=told["log"],
            seq=told["seq"],
            machine_id=machine.id,
            enterprise_id=machine.enterprise_id,
            district=machine.district,
            began_at=told["at"],
            ended_at=_end_in_journal(unit, *where),
            heard_at=unit.now,
        )
    )
    unit.db.flush()


def ended(unit: Unit, event: Event) -> None:
    """It is over: the end belongs to the last one that began before it."""
    told = event.details
    rows = select(Release).where(
        Release.device == told["device"], Release.log == told["log"], Release.seq < told["seq"]
    )
    last = unit.db.scalar(rows.order_by(Release.seq.desc()).limit(1))
    if last is not None and last.ended_at is None:
        last.ended_at = _end_in_journal(unit, last.device, last.log, last.seq)
        unit.db.flush()


def name(unit: Unit, release: Release, by: Person, person: Person, why: str) -> str:
    """It was this person, and that is why. Empty, or why not: `named` already, `stranger`."""
    if by.status != "active" or "enterprise" not in by.roles:
        raise NotEntitled
    if by.enterprise_id != release.enterprise_id:
        raise NotEntitled
    held = unit.db.get_one(Release, release.id, populate_existing=True, with_for_update=True)
    if held.person_id is not None:
        return "named"
    if not _works_here(unit, held, person):
        return "stranger"
    held.person_id, held.named_by, held.named_at, held.why = person.id, by.id, unit.now, why
    unit.db.flush()
    told = {"release": held.id, "person": person.id}
    audit.write(unit, held.district, by.id, "release-named", held.machine_id, told)
    return ""


def get(unit: Unit, release_id: str) -> Release | None:
    return unit.db.get(Release, release_id)


def of_enterprise(
    unit: Unit, enterprise_id: str, limit: int, offset: int = 0, *, unnamed: bool = False
) -> list[Release]:
    """Its releases, the last one first; `unnamed` = only those that nobody was named for."""
    rows = select(Release).where(Release.enterprise_id == enterprise_id)
    rows = rows.where(IS_UNNAMED) if unnamed else rows
    ordered = rows.order_by(Release.heard_at.desc(), Release.id)
    return list(unit.db.scalars(ordered.limit(limit).offset(offset)))


def of_machine(unit: Unit, machine_id: str, limit: int) -> list[Release]:
    """The last releases of a machine."""
    rows = select(Release).where(Release.machine_id == machine_id)
    return list(unit.db.scalars(rows.order_by(Release.heard_at.desc(), Release.id).limit(limit)))


def _at(unit: Unit, device: str, log: str, seq: int) -> Release | None:
    rows = select(Release).where(Release.device == device, Release.log == log, Release.seq == seq)
    return unit.db.scalar(rows)


def _end_in_journal(unit: Unit, device: str, log: str, seq: int) -> int | None:
    """When this release ended: the next of its entries, unless that is another beginning."""
    rows = select(JournalEntry).where(
        JournalEntry.device == device,
        JournalEntry.log == log,
        JournalEntry.seq > seq,
        JournalEntry.kind.in_(("emergency_on", "emergency_off")),
    )
    after = unit.db.scalar(rows.order_by(JournalEntry.seq).limit(1))
    return (after.at or after.arrived_at) if after and after.kind == "emergency_off" else None


def _works_here(unit: Unit, release: Release, person: Person) -> bool:
    """One of its own people, or a welder under a contract with it."""
    if person.enterprise_id == release.enterprise_id:
        return True
    held = contracts.of_welder(unit, person) if "welder" in person.roles else []
    return any(one.client_id == release.enterprise_id for one in held)

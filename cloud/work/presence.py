"""Presence is proved, not claimed: the machine speaks a code, the person beside it types it. Or
the terminal answers, under its own mac, a ticket that the person's phone hands over by Bluetooth.

Of a code only the keyed hash is kept. Either is good once, for one person, job and machine, for
`settings.presence_s`; a code for `settings.presence_tries` tries.
"""

import hmac
import secrets
from collections.abc import Callable

from sqlalchemy import ColumnElement, ForeignKey, Index, and_, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.ids import new_id
from cloud.base.unit import Unit
from cloud.book import audit
from cloud.link import commands, tickets
from cloud.link.commands import TerminalDark
from cloud.link.tickets import NoTicket, Ticket
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.work import speech
from cloud.work.job import Job, profile_of
from cloud.work.refusal import Refusal, Refusals
from cloud.work.rules import refuse


class PresenceCode(Base):
    """One spoken code, or one ticket `here` (`ticket_id`, no `digest`); `used_at` = it has proved
    what it can, or is void."""

    __tablename__ = "presence_code"

    id: Mapped[str] = mapped_column(primary_key=True)
    machine_id: Mapped[str] = mapped_column(ForeignKey("machine.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id"))
    digest: Mapped[str]
    ticket_id: Mapped[str | None]
    made_at: Mapped[int]
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[int | None]


Index(
    "ix_presence_code_who", PresenceCode.person_id, PresenceCode.machine_id, PresenceCode.made_at
)
Index("ix_presence_code_made_at", PresenceCode.made_at)


def four_digits() -> str:
    """A code from the system's source of chance."""
    return f"{secrets.randbelow(10_000):04}"


def speak(
    unit: Unit, machine: Machine, person: Person, job: Job, draw: Callable[[], str] = four_digits
) -> PresenceCode | Refusals:
    """Let the machine speak a fresh code for this person; the one before is void.

    Whether the person has a part in this job is the caller's to judge (`jobs.ask_code`).
    """
    profile = profile_of(job)
    if _often(unit, machine, person):
        return Refusals([refuse("presence-often", profile)])
    code = draw()
    role = "焊工" if person.id == job.welder_id else "监护人"
    try:
        if machine.device is None:
            raise TerminalDark("")
        words = speech.code_words(role, code)
        commands.issue(unit, machine.device, "say", content={"say": words}, private=True)
    except TerminalDark:
        return Refusals([refuse("terminal-dark", profile)])
    row = _instead(unit, machine, person, job, digest=_digest(unit, machine, person, job, code))
    audit.write(unit, job.district, person.id, "presence-spoken", job.id, {"machine": machine.id})
    return row


def challenge(
    unit: Unit, machine: Machine, person: Person, job: Job, read: str
) -> Ticket | Refusals:
    """A ticket that the terminal only answers; the one before is void.

    `read` = the terminal's challenge, as the phone beside it has just read it. Nobody can know the
    ticket's id before, or make its receipt without the terminal; so the receipt is fresh.
    """
    profile = profile_of(job)
    if _often(unit, machine, person):
        return Refusals([refuse("presence-often", profile)])
    device, life_s = machine.device or "", unit.settings.presence_s
    try:
        ticket = tickets.make(
            unit, device, "here", person_id=person.id, job=job.id, life_s=life_s, challenge=read
        )
    except NoTicket:
        return Refusals([refuse("terminal-missing", profile)])
    _instead(unit, machine, person, job, ticket_id=ticket.id, made_at=ticket.iat)
    told = {"machine": machine.id, "ticket": ticket.id}
    audit.write(unit, job.district, person.id, "presence-challenged", job.id, told)
    return ticket


def prove(unit: Unit, machine: Machine, person: Person, job: Job, typed: str) -> Refusal | None:
    """None if the terminal has answered this person's phone, or `typed` is the code just spoken
    for this person and job; each is good once. The caller has locked the job."""
    profile, settings = profile_of(job), unit.settings
    answered = _answered(unit, machine, person, job)
    if answered is not None:
        answered.used_at = unit.now
        unit.db.flush()
        return None
    row = _fresh(unit, machine, person, job, by_ticket=False)
    if row is None:
        return refuse("presence-expired", profile)
    if row.tries >= settings.presence_tries:
        return refuse("presence-spent", profile)
    row.tries += 1
    unit.db.flush()
    if not hmac.compare_digest(row.digest, _digest(unit, machine, person, job, typed.strip())):
        left = settings.presence_tries - row.tries
        code = "presence-wrong" if left else "presence-spent"
        return refuse(code, profile, {"left": str(left)})
    row.used_at = unit.now
    unit.db.flush()
    return None


def good_until(unit: Unit, machine: Machine, person: Person, job: Job) -> dict[str, int]:
    """Until when this person's presence is proved (`here_until`), or the code that was spoken for
    them is good (`code_until`)."""
    rows = {
        "here_until": _answered(unit, machine, person, job),
        "code_until": _fresh(unit, machine, person, job, by_ticket=False),
    }
    return {name: _end(unit, row) for name, row in rows.items() if row is not None}


def _answered(unit: Unit, machine: Machine, person: Person, job: Job) -> PresenceCode | None:
    """The ticket with which the terminal has just said that this person's phone is there."""
    row = _fresh(unit, machine, person, job, by_ticket=True)
    ticket = tickets.get(unit, row.ticket_id or "") if row is not None else None
    done = ticket is not None and ticket.code == 200 and ticket.device == machine.device
    return row if done else None


def _fresh(
    unit: Unit, machine: Machine, person: Person, job: Job, *, by_ticket: bool
) -> PresenceCode | None:
    """What was asked for last in this way, if it is still good for this job."""
    good = select(PresenceCode).where(_still_good(machine, person, by_ticket))
    row = unit.db.scalar(good.order_by(PresenceCode.made_at.desc()).limit(1))
    return row if row and row.job_id == job.id and unit.now < _end(unit, row) else None


def _end(unit: Unit, row: PresenceCode) -> int:
    return row.made_at + unit.settings.presence_s * 1000


def _instead(
    unit: Unit,
    machine: Machine,
    person: Person,
    job: Job,
    *,
    digest: str = "",
    ticket_id: str | None = None,
    made_at: int | None = None,
) -> PresenceCode:
    """A new row in place of the one before of its way, which is void."""
    before = _still_good(machine, person, ticket_id is not None)
    unit.db.execute(update(PresenceCode).where(before).values(used_at=unit.now))
    row = PresenceCode(
        id=new_id(),
        machine_id=machine.id,
        person_id=person.id,
        job_id=job.id,
        digest=digest,
        ticket_id=ticket_id,
        made_at=unit.now if made_at is None else made_at,
    )
    unit.db.add(row)
    unit.db.flush()
    return row


def _digest(unit: Unit, machine: Machine, person: Person, job: Job, code: str) -> str:
    return unit.keys.blind(f"presence:{machine.id}:{person.id}:{job.id}:{code}")


def _still_good(machine: Machine, person: Person, by_ticket: bool) -> ColumnElement[bool]:
    ticket = PresenceCode.ticket_id
    return and_(
        ticket.is_not(None) if by_ticket else ticket.is_(None),
        PresenceCode.person_id == person.id,
        PresenceCode.machine_id == machine.id,
        PresenceCode.used_at.is_(None),
    )


def _often(unit: Unit, machine: Machine, person: Person) -> bool:
    """So many were asked for, in either way, that guessing would no longer be hopeless."""
    recent = select(func.count()).where(
        PresenceCode.person_id == person.id,
        PresenceCode.machine_id == machine.id,
        PresenceCode.made_at > unit.now - unit.settings.presence_often_s * 1000,
    )
    return (unit.db.scalar(recent) or 0) >= unit.settings.presence_often

"""Presence is proved, not claimed: the machine speaks a code, the person beside it types it. Or
the terminal answers, under its own mac, a ticket that the person's phone hands over by Bluetooth.

Of a code only the keyed hash is kept. Either is good once, for one person, job and machine, for
`settings.presence_s`; a code for `settings.presence_tries` tries.
"""

import hmac
import secrets
from collections.abc import Callable

from sqlalchemy import ForeignKey, Index, bindparam, func, select, update
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
# Made once: asked whenever a page of somebody who proves to be there is shown.
_UNUSED = (
    select(PresenceCode)
    .where(
        PresenceCode.person_id == bindparam("person"),
        PresenceCode.machine_id == bindparam("machine"),
        PresenceCode.used_at.is_(None),
    )
    .order_by(PresenceCode.made_at.desc())
)


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
    row, ticket = _fresh(unit, machine, person, job)
    if ticket is not None and _answered(unit, machine, ticket):
        ticket.used_at = unit.now
        unit.db.flush()
        return None
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
    row, ticket = _fresh(unit, machine, person, job)
    until = {"code_until": _end(unit, row)} if row else {}
    if ticket is not None and _answered(unit, machine, ticket):
        until["here_until"] = _end(unit, ticket)
    return until


def _answered(unit: Unit, machine: Machine, row: PresenceCode) -> bool:
    """Whether the terminal has just said, by its receipt, that this person's phone is there."""
    ticket = tickets.get(unit, row.ticket_id or "")
    return ticket is not None and ticket.code == 200 and ticket.device == machine.device


def _fresh(
    unit: Unit, machine: Machine, person: Person, job: Job
) -> tuple[PresenceCode | None, PresenceCode | None]:
    """The code and the ticket that were asked for last, as far as they are still good for this
    job."""
    asked = {"person": person.id, "machine": machine.id}
    last: dict[bool, PresenceCode] = {}
    for row in unit.db.scalars(_UNUSED, asked):
        last.setdefault(row.ticket_id is not None, row)
    good = {
        by_ticket: row
        for by_ticket, row in last.items()
        if row.job_id == job.id and unit.now < _end(unit, row)
    }
    return good.get(False), good.get(True)


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
    kind = PresenceCode.ticket_id
    before = update(PresenceCode).where(kind.is_not(None) if ticket_id else kind.is_(None))
    theirs = (PresenceCode.person_id == person.id, PresenceCode.machine_id == machine.id)
    unit.db.execute(before.where(*theirs, PresenceCode.used_at.is_(None)).values(used_at=unit.now))
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


def _often(unit: Unit, machine: Machine, person: Person) -> bool:
    """So many were asked for, in either way, that guessing would no longer be hopeless."""
    recent = select(func.count()).where(
        PresenceCode.person_id == person.id,
        PresenceCode.machine_id == machine.id,
        PresenceCode.made_at > unit.now - unit.settings.presence_often_s * 1000,
    )
    return (unit.db.scalar(recent) or 0) >= unit.settings.presence_often

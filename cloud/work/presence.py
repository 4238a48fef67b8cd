"""Presence is proved, not claimed: the machine speaks a code, the person beside it types it.

Of a code only the keyed hash is kept. It is good once, for one person, job and machine, for
`settings.presence_s` and `settings.presence_tries` tries.
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
from cloud.link import commands
from cloud.link.commands import TerminalDark
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.work import speech
from cloud.work.job import Job, profile_of
from cloud.work.refusal import Refusal, Refusals
from cloud.work.rules import refuse


class PresenceCode(Base):
    """One spoken code; `used_at` = typed rightly or void."""

    __tablename__ = "presence_code"

    id: Mapped[str] = mapped_column(primary_key=True)
    machine_id: Mapped[str] = mapped_column(ForeignKey("machine.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id"))
    digest: Mapped[str]
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
    unit.db.execute(
        update(PresenceCode).where(_still_good(machine, person)).values(used_at=unit.now)
    )
    row = PresenceCode(
        id=new_id(),
        machine_id=machine.id,
        person_id=person.id,
        job_id=job.id,
        digest=_digest(unit, machine, person, job, code),
        made_at=unit.now,
    )
    unit.db.add(row)
    unit.db.flush()
    audit.write(unit, job.district, person.id, "presence-spoken", job.id, {"machine": machine.id})
    return row


def prove(unit: Unit, machine: Machine, person: Person, job: Job, typed: str) -> Refusal | None:
    """None if `typed` is the code just spoken for this person and job; it is good once."""
    profile, settings = profile_of(job), unit.settings
    good = select(PresenceCode).where(_still_good(machine, person)).with_for_update()
    row = unit.db.scalar(good)
    over = row is None or unit.now >= row.made_at + settings.presence_s * 1000
    if row is None or over or row.job_id != job.id:
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


def _digest(unit: Unit, machine: Machine, person: Person, job: Job, code: str) -> str:
    return unit.keys.blind(f"presence:{machine.id}:{person.id}:{job.id}:{code}")


def _still_good(machine: Machine, person: Person) -> ColumnElement[bool]:
    return and_(
        PresenceCode.person_id == person.id,
        PresenceCode.machine_id == machine.id,
        PresenceCode.used_at.is_(None),
    )


def _often(unit: Unit, machine: Machine, person: Person) -> bool:
    """So many codes were asked for that guessing would no longer be hopeless."""
    recent = select(func.count()).where(
        PresenceCode.person_id == person.id,
        PresenceCode.machine_id == machine.id,
        PresenceCode.made_at > unit.now - unit.settings.presence_often_s * 1000,
    )
    return (unit.db.scalar(recent) or 0) >= unit.settings.presence_often

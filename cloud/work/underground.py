"""The fire watch goes underground with the welder, where no network is (protocol page, section 2).

Their phone takes along a ticket that can only stop the job, and a secret. The welder's ticket has
the secret's digest: the terminal obeys it only with the secret, which the welder reads from the
screen beside them. Nothing of it is kept: that the ticket to stop is out says who goes along.
"""

import base64
import hashlib
from dataclasses import dataclass

from sqlalchemy import select

from cloud.base.unit import Unit
from cloud.book.audit import AuditRow
from cloud.link import tickets
from cloud.link.tickets import NoTicket, Ticket
from cloud.registry.people import Person
from cloud.work import gather
from cloud.work import job as table
from cloud.work.job import Job
from cloud.work.refusal import Refusals

_LETTERS = 16  # 80 bits: the welder's phone has the digest for hours
_PLAIN = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHJKMNPQRSTVWXYZ")
_STATES = ("watched", "on", "paused")
_BELOW = "watch-below"


@dataclass(frozen=True)
class TakenAlong:
    """What the fire watch's phone keeps; `secret` = 16 letters without I, L, O and U."""

    secret: str
    stop: Ticket


def take_along(unit: Unit, job: Job, watch: Person) -> TakenAlong | Refusals:
    """The fire watch goes along; asked for again it is the same secret and ticket."""
    job = table.locked(unit, job)
    if watch.id != job.fire_watch_id:
        return table.refused_for(unit, job, watch.id, "along", "not-your-job")
    if job.state not in _STATES:
        return table.refused_for(unit, job, watch.id, "along", table.not_now(job))
    machine = gather.machine_of(unit, job)
    known = _ticket(unit, job)
    try:
        stop = known or tickets.make(
            unit, machine.device or "", "off", person_id=watch.id, job=job.id
        )
    except NoTicket:
        return table.refused_for(unit, job, watch.id, "along", "terminal-missing")
    if known is None:
        details = {"ticket": stop.id}
        table.move(unit, job, "watch-goes-along", actor=watch.id, details=details)
    return TakenAlong(_secret(unit, job), stop)


def goes_along(unit: Unit, job: Job) -> bool:
    """Whether the job's fire watch has taken the ticket to stop it."""
    return _ticket(unit, job) is not None


def stops_until(unit: Unit, job: Job) -> int:
    """Until when the one who goes along can stop it, epoch ms: nobody welds below for longer."""
    stop = _ticket(unit, job)
    return stop.exp if stop else 0


def digest(unit: Unit, job: Job) -> str:
    """For the welder's ticket: SHA-256 (hex) of the secret; empty if nobody goes along."""
    if not goes_along(unit, job):
        return ""
    return hashlib.sha256(_secret(unit, job).encode()).hexdigest()


def seen_below(unit: Unit, job: Job, watch: Person, at: int) -> bool:
    """The fire watch's phone brings a check-in of `at` (by its own clock), once for each.

    It goes into the book as what the phone says; nobody else may bring it: False.
    """
    job = table.locked(unit, job)
    if watch.id != job.fire_watch_id:
        return False
    rows = select(AuditRow.details).where(AuditRow.subject == job.id, AuditRow.what == _BELOW)
    if at not in {details["phone_at"] for details in unit.db.scalars(rows)}:
        table.move(unit, job, _BELOW, actor=watch.id, details={"phone_at": at})
    return True


def _ticket(unit: Unit, job: Job) -> Ticket | None:
    if job.fire_watch_id is None:
        return None
    return tickets.taken_along(unit, job.id, "off", job.fire_watch_id)


def _secret(unit: Unit, job: Job) -> str:
    key = bytes.fromhex(unit.keys.blind(f"ticket.fire-watch:{job.id}:{job.fire_watch_id}"))
    return base64.b32encode(key).decode()[:_LETTERS].translate(_PLAIN)

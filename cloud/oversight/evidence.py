"""Everything about one job, for an evidence file: rows, pictures, and how the trail holds them.

People are masked; what is sealed or secret stays behind (oversight/evidence_parts.py).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import and_, or_, select

from cloud.base.unit import Unit
from cloud.book import media
from cloud.book.audit import AuditRow
from cloud.cases.alarms import Alarm
from cloud.link.commands import Command
from cloud.link.journal import JournalEntry
from cloud.link.snapshots import Snapshot
from cloud.link.tickets import Ticket
from cloud.oversight import evidence_parts as parts
from cloud.oversight.evidence_parts import Rows
from cloud.registry import certificates
from cloud.registry.certificates import Certificate
from cloud.registry.enterprises import Enterprise
from cloud.registry.machines import Machine
from cloud.work import job as jobs
from cloud.work import pictures
from cloud.work.job import Job
from cloud.work.permits import Permit
from cloud.work.pictures import JobPicture
from cloud.work.presence import PresenceCode


def write(unit: Unit, job: Job, path: Path) -> dict[str, int]:
    """The evidence of a job as a new file at `path`; how many rows each table has."""
    return parts.write(unit, path, collected(unit, job))


def hold(unit: Unit, job: Job) -> None:
    """What went into the evidence stays here as well: a legal hold on its pictures."""
    owners = [*pictures.of_job(unit, job.id), *_snapshots(unit, job)]
    media.hold(unit, [one.digest for one in owners if one.digest], f"export:{job.id}")


def _snapshots(unit: Unit, job: Job) -> list[Snapshot]:
    return list(unit.db.scalars(select(Snapshot).where(*_during(job))))


def collected(unit: Unit, job: Job) -> dict[str, Rows]:
    """All tables of the file."""
    alarms = parts.rows_of(unit, Alarm, Alarm.job_id == job.id)
    tickets = parts.rows_of(unit, Ticket, Ticket.job == job.id)
    snapshots = parts.rows_of(unit, Snapshot, *_during(job))
    of_job = parts.rows_of(unit, JobPicture, JobPicture.job_id == job.id)
    permits = parts.rows_of(unit, Permit, Permit.id == job.permit_id)
    subjects = [job.id, *(row["id"] for row in (*alarms, *tickets, *permits))]
    trail, held = parts.trail(unit, AuditRow.subject.in_(subjects))
    return {
        "about": [parts.about(unit, {"job": job.id, "profile": job.profile})],
        "job": parts.rows_of(unit, Job, Job.id == job.id),
        "handover": _handovers(unit, job),
        "machine": parts.rows_of(unit, Machine, Machine.id == job.machine_id),
        "enterprise": parts.rows_of(unit, Enterprise, Enterprise.id == job.enterprise_id),
        "person": parts.people_of(unit, _people(unit, job, trail)),
        "certificate": list(_certificates(unit, job)),
        "permit": permits,
        "presence_code": parts.rows_of(unit, PresenceCode, PresenceCode.job_id == job.id),
        "command": parts.commands(unit, Command.job == job.id),
        "journal_entry": parts.rows_of(unit, JournalEntry, _journal_of(job)),
        "ticket": tickets,
        "alarm": alarms,
        "snapshot": snapshots,
        "job_picture": of_job,
        "picture": list(parts.pictures(unit, snapshots + of_job)),
        **held,
    }


def _handovers(unit: Unit, job: Job) -> Rows:
    """How the job came from another welder, and how it went on to others."""
    before = jobs.by_id(unit, job.handed_from) if job.handed_from else None
    pairs = [(before, job)] if before else []
    pairs += [(job, after) for after in jobs.going_on_with(unit, job.id)]
    return [
        {
            "from_job": first.id,
            "from_welder": first.welder_id,
            "offered_at": first.offered_at,
            "off_confirmed_at": first.off_confirmed_at,
            "to_job": second.id,
            "to_welder": second.welder_id,
            "taken_at": second.applied_at,
            "on_at": second.on_at,
        }
        for first, second in pairs
    ]


def _end(job: Job) -> int:
    return max(filter(None, (job.applied_at, job.state_at, job.off_confirmed_at, job.cleared_at)))


def _during(job: Job) -> tuple[Any, ...]:
    return (Snapshot.device == job.device, Snapshot.asked_at.between(job.applied_at, _end(job)))


def _journal_of(job: Job) -> Any:
    """The entries that name the job, and what else the terminal wrote down in its time."""
    during = and_(
        JournalEntry.device == job.device,
        JournalEntry.at >= job.applied_at,
        JournalEntry.at <= _end(job),
        or_(JournalEntry.job.is_(None), JournalEntry.job == ""),
    )
    return or_(JournalEntry.job == job.id, during)


def _people(unit: Unit, job: Job, trail: list[AuditRow]) -> set[str | None]:
    """Welder, fire watch and whoever else acted."""
    ids = {job.welder_id, job.fire_watch_id, *(row.actor for row in trail)}
    return ids | {
        row[part] for row in _handovers(unit, job) for part in ("from_welder", "to_welder")
    }


def _certificates(unit: Unit, job: Job) -> Iterator[dict[str, Any]]:
    names = ("id", "person_id", "issuer", "category", "valid_from", "valid_to", "review_by")
    which = Certificate.person_id == job.welder_id
    for one in unit.db.scalars(select(Certificate).where(which).order_by(Certificate.id)):
        told = {name: getattr(one, name) for name in (*names, "status", "checked_at")}
        yield told | {"number": certificates.masked_number(unit, one)}

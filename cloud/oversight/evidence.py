"""Everything about one job, for an evidence file: rows, pictures, and how the trail holds them.

People are masked; what is sealed or secret stays behind (oversight/evidence_parts.py).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import and_, func, or_, select

from cloud.base.unit import Unit
from cloud.book import media
from cloud.book.audit import AuditRow
from cloud.cases.alarms import Alarm
from cloud.link.commands import Command
from cloud.link.journal import JournalEntry
from cloud.link.positions import Position
from cloud.link.snapshots import Snapshot
from cloud.link.tickets import Ticket
from cloud.oversight import evidence_parts as parts
from cloud.oversight.evidence_parts import Rows
from cloud.registry import certificates
from cloud.registry.certificates import Certificate
from cloud.registry.contracts import Briefing, Contract
from cloud.registry.cylinders import Cylinder
from cloud.registry.enterprises import Enterprise
from cloud.registry.machines import Machine
from cloud.work import cylinders, pictures
from cloud.work import job as jobs
from cloud.work.job import Job
from cloud.work.permits import Permit
from cloud.work.pictures import JobPicture
from cloud.work.presence import PresenceCode
from cloud.work.reviewing import Review
from cloud.work.verifying import FaceCheck


def write(unit: Unit, job: Job, path: Path) -> dict[str, int]:
    """The evidence of a job as a new file at `path`; how many rows each table has."""
    return parts.write(unit, path, collected(unit, job))


def hold(unit: Unit, job: Job) -> None:
    """What went into the evidence stays here as well: a legal hold on its pictures."""
    owners = [*pictures.of_job(unit, job.id), *_snapshots(unit, job)]
    media.hold(unit, [one.digest for one in owners if one.digest], f"export:{job.id}")


def _snapshots(unit: Unit, job: Job) -> list[Snapshot]:
    return list(unit.db.scalars(select(Snapshot).where(*_during(unit, job))))


def collected(unit: Unit, job: Job) -> dict[str, Rows]:
    """All tables of the file."""
    alarms = parts.rows_of(unit, Alarm, Alarm.job_id == job.id)
    tickets = parts.rows_of(unit, Ticket, Ticket.job == job.id)
    snapshots = parts.rows_of(unit, Snapshot, *_during(unit, job))
    of_job = parts.rows_of(unit, JobPicture, JobPicture.job_id == job.id)
    permits = parts.rows_of(unit, Permit, Permit.id == job.permit_id)
    equipment = [job.machine_id, *(one.id for one in cylinders.of_job(unit, job))]
    briefed = and_(Briefing.contract_id == job.contract_id, Briefing.person_id == job.welder_id)
    briefings = parts.rows_of(unit, Briefing, briefed)
    reviews = parts.rows_of(unit, Review, Review.job_id == job.id)
    subjects = [job.id, *(row["id"] for row in (*alarms, *tickets, *permits))]
    trail, held = parts.trail(unit, AuditRow.subject.in_(subjects))
    return {
        "about": [parts.about(unit, {"job": job.id, "profile": job.profile})],
        "job": parts.rows_of(unit, Job, Job.id == job.id),
        "handover": _handovers(unit, job),
        "machine": parts.rows_of(unit, Machine, Machine.id.in_(equipment)),
        "cylinder": parts.rows_of(unit, Cylinder, Cylinder.machine_id.in_(equipment)),
        "enterprise": parts.rows_of(unit, Enterprise, Enterprise.id == job.enterprise_id),
        "person": parts.people_of(unit, _people(unit, job, trail, briefings + reviews)),
        "certificate": list(_certificates(unit, job)),
        "permit": permits,
        "contract": parts.rows_of(unit, Contract, Contract.id == job.contract_id),
        "briefing": briefings,
        "review": reviews,
        "face_check": parts.rows_of(unit, FaceCheck, FaceCheck.job_id == job.id),
        "presence_code": parts.rows_of(unit, PresenceCode, PresenceCode.job_id == job.id),
        "command": parts.commands(unit, Command.job == job.id),
        "journal_entry": parts.rows_of(unit, JournalEntry, _journal_of(unit, job)),
        "ticket": tickets,
        "position": parts.rows_of(unit, Position, *_whereabouts(unit, job)),
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


def _end(unit: Unit, job: Job) -> int:
    """Until when what the terminal told belongs to it: of a job that goes on, until now."""
    if job.state in jobs.OPEN:
        return unit.now
    return max(filter(None, (job.applied_at, job.state_at, job.off_confirmed_at, job.cleared_at)))


def _during(unit: Unit, job: Job) -> tuple[Any, ...]:
    time = Snapshot.asked_at.between(job.applied_at, _end(unit, job))
    return Snapshot.device == job.device, time


def _whereabouts(unit: Unit, job: Job) -> tuple[Any, ...]:
    """What the terminal told of where it is in the time of the job, and the last word before."""
    mine = Position.device == job.device
    before = select(func.max(Position.id)).where(mine, Position.arrived_at < job.applied_at)
    known = (Position.arrived_at >= job.applied_at) | (Position.id == before.scalar_subquery())
    return mine, known, Position.arrived_at <= _end(unit, job)


def _journal_of(unit: Unit, job: Job) -> Any:
    """The entries that name the job, and what else the terminal wrote down in its time."""
    during = and_(
        JournalEntry.device == job.device,
        JournalEntry.at >= job.applied_at,
        JournalEntry.at <= _end(unit, job),
        or_(JournalEntry.job.is_(None), JournalEntry.job == ""),
    )
    return or_(JournalEntry.job == job.id, during)


def _people(unit: Unit, job: Job, trail: list[AuditRow], acts: Rows) -> set[str | None]:
    """Welder, fire watch and whoever else acted; `acts` = briefings and reviews."""
    ids = {job.welder_id, job.fire_watch_id, *(row.actor for row in trail)}
    ids |= {row.get(part) for row in acts for part in ("given_by", "judged_by", "scanned_by")}
    return ids | {
        row[part] for row in _handovers(unit, job) for part in ("from_welder", "to_welder")
    }


def _certificates(unit: Unit, job: Job) -> Iterator[dict[str, Any]]:
    names = ("id", "person_id", "issuer", "category", "valid_from", "valid_to", "review_by")
    which = Certificate.person_id == job.welder_id
    for one in unit.db.scalars(select(Certificate).where(which).order_by(Certificate.id)):
        told = {name: getattr(one, name) for name in (*names, "status", "checked_at")}
        yield told | {"number": certificates.masked_number(unit, one)}

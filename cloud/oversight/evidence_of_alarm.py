"""Everything about one alarm, with a job or without, for an evidence file (evidence_parts.py).

What the terminal, the officers and the enterprise wrote down about it, and what happened at the
machine from an hour before it was raised until an hour after the last word of it.
"""

from pathlib import Path
from typing import Any

from sqlalchemy import and_, or_, select

from cloud.base.unit import Unit
from cloud.book import media
from cloud.book.audit import AuditRow
from cloud.cases.alarms import Alarm
from cloud.cases.releases import Release
from cloud.link.commands import Command
from cloud.link.journal import JournalEntry
from cloud.link.positions import Position
from cloud.link.snapshots import Snapshot
from cloud.oversight import evidence_parts as parts
from cloud.oversight.evidence_parts import Rows
from cloud.registry import machines
from cloud.registry.enterprises import Enterprise
from cloud.registry.machines import Machine
from cloud.work.job import Job
from cloud.work.pictures import JobPicture

AROUND_MS = 3_600_000
_HANDLERS = ("holder", "verified_by", "closed_by", "answered_by")


def write(unit: Unit, alarm: Alarm, path: Path) -> dict[str, int]:
    """The evidence of an alarm as a new file at `path`; how many rows each table has."""
    return parts.write(unit, path, collected(unit, alarm))


def hold(unit: Unit, alarm: Alarm) -> None:
    """What went into the evidence stays here as well: a legal hold on its pictures."""
    owners = [
        *unit.db.scalars(select(Snapshot).where(*_seen(alarm, _device(unit, alarm)))),
        *unit.db.scalars(select(JobPicture).where(JobPicture.job_id == alarm.job_id)),
    ]
    media.hold(unit, [one.digest for one in owners if one.digest], f"export:{alarm.id}")


def collected(unit: Unit, alarm: Alarm) -> dict[str, Rows]:
    """All tables of the file."""
    machine = machines.get(unit, alarm.machine_id) if alarm.machine_id else None
    device = _device(unit, alarm)
    during = _around(alarm)
    places = {alarm.subject, alarm.machine_id} - {None}
    releases = parts.rows_of(
        unit, Release, Release.device == device, Release.heard_at.between(*during)
    )
    snapshots = parts.rows_of(unit, Snapshot, *_seen(alarm, device))
    of_job = parts.rows_of(unit, JobPicture, JobPicture.job_id == alarm.job_id)
    own = AuditRow.subject.in_([alarm.id, *(row["id"] for row in releases)])
    beside = and_(AuditRow.subject.in_(places), AuditRow.at.between(*during))
    trail, held = parts.trail(unit, or_(own, beside))
    jobs = parts.rows_of(unit, Job, Job.id == alarm.job_id)
    acted = [getattr(alarm, name) for name in _HANDLERS] + [row.actor for row in trail]
    acted += [row[part] for row in jobs for part in ("welder_id", "fire_watch_id")]
    acted += [row[part] for row in releases for part in ("person_id", "named_by")]
    firm = machine.enterprise_id if machine else None
    sent = (Command.device == device, Command.made_at.between(*during), Command.name != "alive")
    return {
        "about": [parts.about(unit, {"alarm": alarm.id, "job": alarm.job_id})],
        "alarm": parts.rows_of(unit, Alarm, Alarm.id == alarm.id),
        "job": jobs,
        "machine": parts.rows_of(unit, Machine, Machine.id == alarm.machine_id),
        "enterprise": parts.rows_of(unit, Enterprise, Enterprise.id == firm),
        "person": parts.people_of(unit, acted),
        "command": parts.commands(unit, *sent),
        "journal_entry": parts.rows_of(unit, JournalEntry, _written(alarm, device)),
        "position": parts.rows_of(
            unit, Position, Position.device == device, Position.arrived_at.between(*during)
        ),
        "emergency_release": releases,
        "snapshot": snapshots,
        "job_picture": of_job,
        "picture": list(parts.pictures(unit, snapshots + of_job)),
        **held,
    }


def _device(unit: Unit, alarm: Alarm) -> str:
    """The terminal that it is about: the one that spoke, else the machine's."""
    machine = machines.get(unit, alarm.machine_id) if alarm.machine_id else None
    spoke = machines.by_device(unit, alarm.subject)
    return alarm.subject if spoke else (machine.device or "") if machine else alarm.subject


def _around(alarm: Alarm) -> tuple[int, int]:
    return alarm.raised_at - AROUND_MS, max(alarm.raised_at, alarm.last_at) + AROUND_MS


def _seen(alarm: Alarm, device: str) -> tuple[Any, ...]:
    return (Snapshot.device == device, Snapshot.asked_at.between(*_around(alarm)))


def _written(alarm: Alarm, device: str) -> Any:
    """The entries that raised it, and what else the terminal wrote down in that time, unless it
    is about another job."""
    raised = and_(JournalEntry.kind == "alarm", JournalEntry.seq.in_(alarm.seqs["seqs"]))
    during = and_(
        JournalEntry.at.between(*_around(alarm)),
        or_(JournalEntry.job.is_(None), JournalEntry.job.in_(["", alarm.job_id or ""])),
    )
    return and_(JournalEntry.device == device, or_(raised, during))

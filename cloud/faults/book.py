"""What stands in the database after a trial, as plain rows for the judge."""

import contextlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from cloud.base.database import Base
from cloud.base.unit import Ground, Unit
from cloud.book import inspection, media
from cloud.book.audit import AuditRow
from cloud.book.outbox import Event
from cloud.cases.alarms import Alarm
from cloud.cases.imports import ImportRun
from cloud.link.commands import Command
from cloud.link.journal import JournalEntry
from cloud.registry.certificates import Certificate
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.registry.training import OfficeDate
from cloud.work.job import Job
from cloud.work.permits import Permit
from cloud.work.reported import ReportedJob

Rows = list[dict[str, Any]]

_KEPT: dict[str, tuple[type[Base], tuple[str, ...]]] = {
    "jobs": (
        Job,
        (
            *("id", "machine_id", "device", "district", "welder_id", "fire_watch_id", "state"),
            *("asked_at", "checked_at", "watched_at", "off_asked_at", "off_confirmed_at"),
            "off_alarm_at",
        ),
    ),
    "commands": (Command, ("id", "device", "name", "code", "job", "state", "of", "born_at")),
    "audit": (AuditRow, ("district", "seq", "at", "actor", "what", "subject", "details")),
    "entries": (JournalEntry, ("device", "log", "seq", "kind", "job", "details")),
    "alarms": (
        Alarm,
        ("kind", "subject", "machine_id", "job_id", "district", "count", "seqs", "closed_at"),
    ),
    "events": (Event, ("at", "kind", "subject", "details", "done_at", "parked_at")),
    "machines": (Machine, ("id", "code", "device", "district")),
    "people": (Person, ("id", "login", "phone_blind", "district")),
    "permits": (Permit, ("id",)),
    "imports": (ImportRun, ("id",)),
    "dates": (OfficeDate, ("name",)),
    "reported": (ReportedJob, ("number",)),
    "certificates": (Certificate, ("person_id", "valid_from", "valid_to")),
}


def read(ground: Ground) -> dict[str, Rows]:
    """Every table the judge looks at."""
    with ground.read() as unit:
        kept = {name: _rows(unit, *what) for name, what in _KEPT.items()}
        return kept | {"pictures": list(_whole_pictures(unit))}


def findings(ground: Ground) -> Rows:
    """What is wrong with the audit trail."""
    with ground.read() as unit:
        report = inspection.inspect(unit)
    return [{"row": one.row, "what": one.what} for one in report.findings]


def _whole_pictures(unit: Unit) -> Iterator[dict[str, Any]]:
    """Those whose bytes are there, too."""
    for digest in unit.db.scalars(select(media.Media.digest)):
        with contextlib.suppress(media.MediaBroken):
            media.opened(unit, digest)
            yield {"digest": digest}


def _rows(unit: Unit, table: type[Base], names: tuple[str, ...]) -> Rows:
    columns = [getattr(table, name) for name in names]
    return [dict(zip(names, row, strict=True)) for row in unit.db.execute(select(*columns))]

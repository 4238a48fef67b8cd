"""Everything about one job, for an evidence file: rows, pictures, and how the trail holds them.

People are masked; what is sealed or secret stays behind. Between the job's own audit rows and the
signed checkpoint the trail is told by digests only, so that nothing of others is shown.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import and_, or_, select

from cloud.base.database import Base, canonical
from cloud.base.formats import mask_name
from cloud.base.signing import Signer
from cloud.base.unit import Unit
from cloud.book import audit, checkpoints, media
from cloud.book.audit import GENESIS, AuditRow
from cloud.book.checkpoints import BadCheckpoint, Checkpoint
from cloud.book.media import Media, MediaBroken
from cloud.cases.alarms import Alarm
from cloud.link.commands import Command
from cloud.link.journal import JournalEntry
from cloud.link.snapshots import Snapshot
from cloud.link.tickets import Ticket
from cloud.oversight import evidence_file
from cloud.registry import certificates, people
from cloud.registry.certificates import Certificate
from cloud.registry.enterprises import Enterprise
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.work import job as jobs
from cloud.work import pictures
from cloud.work.job import Job
from cloud.work.permits import Permit
from cloud.work.pictures import JobPicture
from cloud.work.presence import PresenceCode

FORMAT = 1
NOTE_ZH = (
    "本文件由平台签名；请用另行取得的指纹核对签名公钥。终端的应答、回执和记录用对称密钥校验："
    "它们能使平台相信，但不能单独向第三方证明。"
)
NOTE_EN = (
    "Signed by the platform; compare the key's fingerprint with one got apart from this file. "
    "The terminal's answers, receipts and journal carry symmetric codes: they convince the "
    "platform, and by themselves prove nothing to a third party."
)
# Names of others, sealed fields, secrets and what only the machinery needs.
_KEPT_BACK = {
    "machine": ("keeper", "keeper_sealed", "filled_in_by", "filled_in_by_sealed"),
    "enterprise": ("principal", "principal_sealed", "contact", "contact_sealed"),
    "ticket": ("fw",),
    "presence_code": ("digest",),
    "command": ("private",),
}

Rows = list[dict[str, Any]]


def write(unit: Unit, job: Job, path: Path) -> dict[str, int]:
    """The evidence of a job as a new file at `path`; how many rows each table has."""
    checkpoints.write(unit)  # so that the newest row is held by one too
    tables = collected(unit, job)
    evidence_file.write(path, tables, Signer.load(unit.settings.data_dir))
    return {name: len(rows) for name, rows in tables.items()}


def hold(unit: Unit, job: Job) -> None:
    """What went into the evidence stays here as well: a legal hold on its pictures."""
    owners = [*pictures.of_job(unit, job.id), *_snapshots(unit, job)]
    media.hold(unit, [one.digest for one in owners if one.digest], f"export:{job.id}")


def _snapshots(unit: Unit, job: Job) -> list[Snapshot]:
    during = (Snapshot.device == job.device, *_during(Snapshot, job))
    return list(unit.db.scalars(select(Snapshot).where(*during)))


def collected(unit: Unit, job: Job) -> dict[str, Rows]:
    """All tables of the file."""
    alarms = _rows(unit, Alarm, Alarm.job_id == job.id)
    tickets = _rows(unit, Ticket, Ticket.job == job.id)
    snapshots = _rows(unit, Snapshot, Snapshot.device == job.device, *_during(Snapshot, job))
    of_job = _rows(unit, JobPicture, JobPicture.job_id == job.id)
    permits = _rows(unit, Permit, Permit.id == job.permit_id)
    subjects = [job.id, *(row["id"] for row in (*alarms, *tickets, *permits))]
    trail = list(
        unit.db.scalars(
            select(AuditRow)
            .where(AuditRow.subject.in_(subjects))
            .order_by(AuditRow.district, AuditRow.seq)
        )
    )
    links, points = _links(unit, trail)
    return {
        "about": [_about(unit, job)],
        "job": _rows(unit, Job, Job.id == job.id),
        "handover": _handovers(unit, job),
        "machine": _rows(unit, Machine, Machine.id == job.machine_id),
        "enterprise": _rows(unit, Enterprise, Enterprise.id == job.enterprise_id),
        "person": [_person(unit, who) for who in _people(unit, job, trail)],
        "certificate": list(_certificates(unit, job)),
        "permit": permits,
        "presence_code": _rows(unit, PresenceCode, PresenceCode.job_id == job.id),
        "command": _commands(unit, job),
        "journal_entry": _rows(unit, JournalEntry, _journal_of(job)),
        "ticket": tickets,
        "alarm": alarms,
        "snapshot": snapshots,
        "job_picture": of_job,
        "picture": list(_pictures(unit, snapshots + of_job)),
        "audit_row": [_audit_row(unit, row) for row in trail],
        "audit_link": links,
        "checkpoint": points,
    }


def _about(unit: Unit, job: Job) -> dict[str, Any]:
    signer = Signer.load(unit.settings.data_dir)
    return {
        "format": FORMAT,
        "job": job.id,
        "made_at": unit.now,
        "profile": job.profile,
        "key": signer.fingerprint,
        "note_zh": NOTE_ZH,
        "note_en": NOTE_EN,
    }


def _rows(unit: Unit, table: type[Base], *which: Any) -> Rows:
    """Rows as plain values, in the order of their keys, less what is kept back."""
    mapper = table.__mapper__
    hidden = _KEPT_BACK.get(mapper.local_table.name, ())
    names = [column.key for column in mapper.columns if column.key not in hidden]
    found = unit.db.scalars(select(table).where(*which).order_by(*mapper.primary_key))
    return [{name: _plain(getattr(row, name)) for name in names} for row in found]


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return value if value is None or isinstance(value, (int, str, bytes)) else canonical(value)


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


def _during(table: type[Snapshot], job: Job) -> tuple[Any, ...]:
    return (table.asked_at >= job.applied_at, table.asked_at <= _end(job))


def _journal_of(job: Job) -> Any:
    """The entries that name the job, and what else the terminal wrote down in its time."""
    during = and_(
        JournalEntry.device == job.device,
        JournalEntry.at >= job.applied_at,
        JournalEntry.at <= _end(job),
        or_(JournalEntry.job.is_(None), JournalEntry.job == ""),
    )
    return or_(JournalEntry.job == job.id, during)


def _commands(unit: Unit, job: Job) -> Rows:
    """All that was sent for the job; what was said in private is left empty."""
    rows = _rows(unit, Command, Command.job == job.id)
    hidden = select(Command.id).where(Command.job == job.id, Command.private)
    private = set(unit.db.scalars(hidden))
    return [row | {"content": ""} if row["id"] in private else row for row in rows]


def _people(unit: Unit, job: Job, trail: list[AuditRow]) -> list[Person]:
    """Welder, fire watch and whoever else acted."""
    ids = {job.welder_id, job.fire_watch_id, *(row.actor for row in trail)} - {None}
    ids |= {row[part] for row in _handovers(unit, job) for part in ("from_welder", "to_welder")}
    found = select(Person).where(Person.id.in_(ids)).order_by(Person.id)
    return list(unit.db.scalars(found))


def _person(unit: Unit, who: Person) -> dict[str, Any]:
    return {
        "id": who.id,
        "name": mask_name(who.name),
        "identity": people.masked_identity(unit, who),
        "phone": people.masked_phone(unit, who),
        "roles": canonical(sorted(who.roles)),
        "district": who.district,
        "enterprise_id": who.enterprise_id,
    }


def _certificates(unit: Unit, job: Job) -> Iterator[dict[str, Any]]:
    names = ("id", "person_id", "issuer", "category", "valid_from", "valid_to", "review_by")
    which = Certificate.person_id == job.welder_id
    for one in unit.db.scalars(select(Certificate).where(which).order_by(Certificate.id)):
        told = {name: getattr(one, name) for name in (*names, "status", "checked_at")}
        yield told | {"number": certificates.masked_number(unit, one)}


def _pictures(unit: Unit, owners: Rows) -> Iterator[dict[str, Any]]:
    """The pictures in clear; one whose bytes are gone is left out, its row still names it."""
    for digest in sorted({row["digest"] for row in owners if row["digest"]}):
        row = unit.db.get(Media, digest)
        try:
            content = media.opened(unit, digest)
        except MediaBroken:
            continue
        if row is not None:
            told = {"digest": digest, "kind": row.kind, "type": row.type, "made_at": row.made_at}
            yield told | {"content": content}


def _audit_row(unit: Unit, row: AuditRow) -> dict[str, Any]:
    said = audit.told(row) | {"details": canonical(row.details)}
    return said | {"previous": _before(unit, row.district, row.seq), "hash": row.hash}


def _before(unit: Unit, district: str, seq: int) -> str:
    before = unit.db.get(AuditRow, f"{district}:{seq - 1}")
    return before.hash if before else GENESIS


def _links(unit: Unit, trail: list[AuditRow]) -> tuple[Rows, Rows]:
    """From the first of these rows to a signed checkpoint behind the last, for each district."""
    links: Rows = []
    used: dict[int, str] = {}
    kept = list(_kept(unit))
    for district in sorted({row.district for row in trail}):
        own = [row.seq for row in trail if row.district == district]
        holding = [
            (one, text) for one, text in kept if one.heads.get(district, (0,))[0] >= own[-1]
        ]
        end = own[-1]
        if holding:
            one, text = holding[0]
            end, used[one.number] = one.heads[district][0], text
        links += _chain(unit, district, own[0], end)
    return links, [{"number": number, "text": text} for number, text in sorted(used.items())]


def _chain(unit: Unit, district: str, first: int, last: int) -> Iterator[dict[str, Any]]:
    previous = _before(unit, district, first)
    span = AuditRow.seq.between(first, last)
    rows = select(AuditRow).where(AuditRow.district == district, span).order_by(AuditRow.seq)
    for row in unit.db.scalars(rows):
        digest = audit.body_digest(audit.told(row))
        told = {"district": district, "seq": row.seq, "previous": previous}
        yield told | {"body_sha256": digest, "hash": row.hash}
        previous = row.hash


def _kept(unit: Unit) -> Iterator[tuple[Checkpoint, str]]:
    """The checkpoints that hold, the oldest first."""
    for path in checkpoints.files(unit.settings.data_dir):
        text = path.read_text("utf-8", errors="replace")
        try:
            yield checkpoints.read(text), text
        except BadCheckpoint:
            continue

"""What every evidence file is made of: rows less what is kept back, masked people, pictures, and
how the audit trail holds them.

Between the audit rows that are shown and a signed checkpoint the trail is told by digests only, so
that nothing of others is shown.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select

from cloud.base.database import Base, canonical
from cloud.base.formats import mask_name
from cloud.base.signing import Signer
from cloud.base.unit import Unit
from cloud.book import audit, checkpoints, media
from cloud.book.audit import GENESIS, AuditRow
from cloud.book.checkpoints import BadCheckpoint, Checkpoint
from cloud.book.media import Media, MediaBroken
from cloud.link.commands import Command
from cloud.oversight import evidence_file
from cloud.registry import people
from cloud.registry.people import Person

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
    "review": ("code",),
    "face_check": ("reference", "page"),
}

Rows = list[dict[str, Any]]


def write(unit: Unit, path: Path, tables: dict[str, Rows]) -> dict[str, int]:
    """Sign these tables into a new file at `path`; how many rows each has."""
    evidence_file.write(path, tables, Signer.load(unit.settings.data_dir))
    return {name: len(rows) for name, rows in tables.items()}


def about(unit: Unit, told: dict[str, Any]) -> dict[str, Any]:
    """What the file is about, who signs it, and how far it proves anything."""
    key = Signer.load(unit.settings.data_dir).fingerprint
    made = {"made_at": unit.now, "key": key, "note_zh": NOTE_ZH, "note_en": NOTE_EN}
    return {"format": FORMAT} | told | made


def trail(unit: Unit, *which: Any) -> tuple[list[AuditRow], dict[str, Rows]]:
    """These audit rows, and the tables that show and hold them."""
    checkpoints.write(unit)  # so that the newest row is held by one too
    found = select(AuditRow).where(*which).order_by(AuditRow.district, AuditRow.seq)
    rows = list(unit.db.scalars(found))
    links, points = _links(unit, rows)
    shown = [_audit_row(unit, row) for row in rows]
    return rows, {"audit_row": shown, "audit_link": links, "checkpoint": points}


def commands(unit: Unit, *which: Any) -> Rows:
    """What was sent; what was said in private is left empty."""
    rows = rows_of(unit, Command, *which)
    hidden = select(Command.id).where(*which, Command.private)
    private = set(unit.db.scalars(hidden))
    return [row | {"content": ""} if row["id"] in private else row for row in rows]


def rows_of(unit: Unit, table: type[Base], *which: Any) -> Rows:
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


def people_of(unit: Unit, ids: Iterable[str | None]) -> Rows:
    """Those of these ids who are people, masked."""
    rows = select(Person).where(Person.id.in_(set(ids) - {None})).order_by(Person.id)
    return [_person(unit, who) for who in unit.db.scalars(rows)]


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


def pictures(unit: Unit, owners: Rows) -> Iterator[dict[str, Any]]:
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

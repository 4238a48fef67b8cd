"""The audit trail: append-only rows, chained by hash per district (CQ art. 29)."""

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import DDL, Index, event, literal_column, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base, canonical, insert_missing
from cloud.base.unit import Unit

GENESIS = "0" * 64
LINKED = ("district", "seq", "at", "actor", "what", "subject", "details")


class AuditRow(Base):
    """One thing that happened. `id` = "{district}:{seq}"; details hold ids, no personal data."""

    __tablename__ = "audit_row"

    id: Mapped[str] = mapped_column(primary_key=True)
    district: Mapped[str]
    seq: Mapped[int]
    at: Mapped[int] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(index=True)
    what: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)
    details: Mapped[dict[str, Any]]
    hash: Mapped[str]


# What was refused is looked at all day; it is found without reading the rest.
REFUSED = literal_column("what IN ('job-refused', 'job-step-refused')")
Index("ix_audit_row_refused", AuditRow.at, sqlite_where=REFUSED, postgresql_where=REFUSED)


class AuditHead(Base):
    """The end of one district's chain; its row is locked by whoever writes the next link."""

    __tablename__ = "audit_head"

    district: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int]
    hash: Mapped[str]


_ABORT = "BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END"
# The same words stand in the migrations; a test compares what both make. What INSERT OR REPLACE
# throws out of SQLite fires no DELETE trigger, so a row that would take its place is refused.
TRIGGERS = {
    "sqlite": [
        *(
            f"CREATE TRIGGER audit_row_no_{verb} BEFORE {verb} ON audit_row {_ABORT}"
            for verb in ("UPDATE", "DELETE")
        ),
        "CREATE TRIGGER audit_row_no_REPLACE BEFORE INSERT ON audit_row WHEN EXISTS "
        f"(SELECT 1 FROM audit_row WHERE id = NEW.id OR rowid = NEW.rowid) {_ABORT}",
    ],
    "postgresql": [
        "CREATE FUNCTION audit_row_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'audit rows are never changed'; END $$",
        "CREATE TRIGGER audit_row_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_row "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_row_refuse()",
    ],
}
for _dialect, _statements in TRIGGERS.items():
    for _statement in _statements:
        event.listen(
            AuditRow.__table__, "after_create", DDL(_statement).execute_if(dialect=_dialect)
        )


def write(
    unit: Unit, district: str, actor: str, what: str, subject: str, details: dict[str, Any]
) -> AuditRow:
    """Append one row to the district's chain. Everybody is named by id, in `details` too."""
    head = _head(unit, district)
    row = AuditRow(
        id=f"{district}:{head.seq + 1}",
        district=district,
        seq=head.seq + 1,
        at=unit.now,
        actor=actor,
        what=what,
        subject=subject,
        details=details,
    )
    row.hash = link(head.hash, told(row))
    unit.db.add(row)
    head.seq, head.hash = row.seq, row.hash
    unit.db.flush()
    return row


def verify(unit: Unit, district: str) -> str | None:
    """None if the chain is whole, else the id of the first row that is changed or missing."""
    last, seq = GENESIS, 0
    rows = select(AuditRow).where(AuditRow.district == district).order_by(AuditRow.seq)
    with unit.db.scalars(rows.execution_options(yield_per=1000)) as every:
        for row in every:
            seq += 1
            mine = (row.id, row.seq) == (f"{district}:{seq}", seq)
            if not mine or row.hash != link(last, told(row)):
                return f"{district}:{seq}"
            last = row.hash
    head = unit.db.get(AuditHead, district, populate_existing=True)
    if (head.seq, head.hash) == (seq, last) if head else seq == 0:
        return None
    return f"{district}:{seq + 1 if head and head.seq > seq else seq}"


def _head(unit: Unit, district: str) -> AuditHead:
    head = unit.db.get(AuditHead, district, with_for_update=True)
    if head is None:
        insert_missing(unit.db, AuditHead, [{"district": district, "seq": 0, "hash": GENESIS}])
        head = unit.db.get_one(AuditHead, district, with_for_update=True)
    return head


def told(row: AuditRow) -> dict[str, Any]:
    """What a row says, without its place's name and its hash."""
    return {name: getattr(row, name) for name in LINKED}


def body_digest(row: Mapping[str, Any]) -> str:
    """SHA-256 of what a row says (the fields of LINKED)."""
    return hashlib.sha256(canonical({name: row[name] for name in LINKED}).encode()).hexdigest()


def link(previous: str, row: Mapping[str, Any]) -> str:
    """The hash of a row that stands behind the one with hash `previous`."""
    return link_of(previous, body_digest(row))


def link_of(previous: str, digest: str) -> str:
    """The same from the digest alone: a chain can be followed without showing what is in it."""
    return hashlib.sha256(f"{previous}{digest}".encode()).hexdigest()

"""Personal fields in the audit trail: salted commitments, whose salt goes with the person.

The trail shows later that a number told to us is the one of then, but whoever holds only the
trail cannot try out all numbers; once the salt is erased nobody can.
"""

import hashlib
import hmac
import secrets

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base, insert_missing
from cloud.base.unit import Unit

_SALT = 32


class AuditSalt(Base):
    """One person's salt, sealed. The database erases it together with the person."""

    __tablename__ = "audit_salt"

    person_id: Mapped[str] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), primary_key=True
    )
    salt_sealed: Mapped[str]


def commit(unit: Unit, person_id: str, fields: dict[str, str]) -> dict[str, str]:
    """The commitment (hex) of each field that is not empty, for an audit row's details."""
    salt = _salt(unit, person_id) or _fresh(unit, person_id)
    return {name: _digest(salt, name, clear) for name, clear in fields.items() if clear}


def holds(unit: Unit, person_id: str, field: str, clear: str, commitment: str) -> bool:
    """Whether this is what was committed to; never, once the salt is gone."""
    salt = _salt(unit, person_id)
    return salt is not None and hmac.compare_digest(_digest(salt, field, clear), commitment)


def forget(unit: Unit, person_id: str) -> None:
    """Erase the salt: what the trail says of the person's fields can no longer be matched."""
    row = unit.db.get(AuditSalt, person_id)
    if row is not None:
        unit.db.delete(row)
        unit.db.flush()


def _salt(unit: Unit, person_id: str) -> bytes | None:
    row = unit.db.get(AuditSalt, person_id, populate_existing=True)
    return unit.keys.open(row.salt_sealed, "audit.salt") if row else None


def _fresh(unit: Unit, person_id: str) -> bytes:
    sealed = unit.keys.seal(secrets.token_bytes(_SALT), "audit.salt")
    insert_missing(unit.db, AuditSalt, [{"person_id": person_id, "salt_sealed": sealed}])
    row = unit.db.get_one(AuditSalt, person_id, populate_existing=True)
    return unit.keys.open(row.salt_sealed, "audit.salt")


def _digest(salt: bytes, field: str, clear: str) -> str:
    return hmac.new(salt, f"{field}\n{clear}".encode(), hashlib.sha256).hexdigest()

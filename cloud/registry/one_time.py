"""One-time codes and links: of each only a keyed hash is kept, and it is good once.

`purpose` = what it opens; `key` = for whom, blind. A new one makes the earlier ones of the same
purpose and key void. What is asked for somebody unknown is kept as well, so that nothing differs.
"""

import hmac

from sqlalchemy import ForeignKey, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.ids import new_id
from cloud.base.unit import Unit


class OneTimeCode(Base):
    """One code or link that was given out. `person_id` = whose it is; None = nobody's."""

    __tablename__ = "one_time_code"

    id: Mapped[str] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    key: Mapped[str] = mapped_column(index=True)
    code_hash: Mapped[str]
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"), index=True)
    tries_left: Mapped[int]
    made_at: Mapped[int]
    expires_at: Mapped[int] = mapped_column(index=True)


def keep(
    unit: Unit,
    purpose: str,
    key: str,
    code: str,
    *,
    life_s: int,
    tries: int,
    person_id: str | None = None,
) -> OneTimeCode:
    """Keep a code that was just made; whatever is over is forgotten here too."""
    unit.db.execute(delete(OneTimeCode).where(OneTimeCode.expires_at <= unit.now))
    void(unit, purpose, key)
    row = OneTimeCode(
        id=new_id(),
        purpose=purpose,
        key=key,
        code_hash=_hash(unit, purpose, key, code),
        person_id=person_id,
        tries_left=tries,
        made_at=unit.now,
        expires_at=unit.now + life_s * 1000,
    )
    unit.db.add(row)
    unit.db.flush()
    return row


def void(unit: Unit, purpose: str, key: str) -> None:
    """Take back what was given out."""
    mine = (OneTimeCode.purpose == purpose, OneTimeCode.key == key)
    unit.db.execute(delete(OneTimeCode).where(*mine))


def forget(unit: Unit, person_id: str) -> None:
    """Take back everything that was given out to a person."""
    unit.db.execute(delete(OneTimeCode).where(OneTimeCode.person_id == person_id))


def good(unit: Unit, purpose: str, key: str, typed: str) -> OneTimeCode | None:
    """The code's row if this is it, still open; each call is one try. The unit must be committed
    in any case, or the try does not count."""
    mine = (OneTimeCode.purpose == purpose, OneTimeCode.key == key)
    rows = select(OneTimeCode).where(*mine).order_by(OneTimeCode.made_at.desc(), OneTimeCode.id)
    row = unit.db.scalar(rows.limit(1).with_for_update())
    given = _hash(unit, purpose, key, typed)
    kept = row.code_hash if row else _hash(unit, purpose, key, "")
    right = hmac.compare_digest(given, kept)
    if row is None or row.tries_left <= 0 or row.expires_at <= unit.now:
        return None
    row.tries_left -= 1
    unit.db.flush()
    return row if right else None


def redeem(unit: Unit, purpose: str, key: str, typed: str) -> OneTimeCode | None:
    """The same, and it is used up by that."""
    row = good(unit, purpose, key, typed)
    if row is not None:
        unit.db.delete(row)
        unit.db.flush()
    return row


def _hash(unit: Unit, purpose: str, key: str, code: str) -> str:
    return unit.keys.blind(f"one-time:{purpose}:{key}:{code}")

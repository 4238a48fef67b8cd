"""The PIN 作业密码: six digits that its owner types at ON and at the fire watch's confirmation.

It shows that whoever holds a signed-in phone is the one who signed in on it, so what it opens
belongs to that one session. Only a keyed hash is kept: six digits are few, and a slow hash would
cost more at the hour when everybody begins than it would add.
"""

import hmac
from dataclasses import dataclass

from sqlalchemy import ForeignKey, delete
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.unit import Unit

DIGITS = 6
MISSING, WRONG, SPENT = "missing", "wrong", "spent"
_ROW = "01234567890 09876543210"


class WeakPin(ValueError):
    """Not six digits, or such as everybody tries first: all the same, or in a row."""


class Pin(Base):
    """One person's PIN. `tries_left` 0 = void; `used_at`, `used_in` = when it was last typed
    rightly, and in which session."""

    __tablename__ = "pin"

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    pin_hash: Mapped[str]
    set_at: Mapped[int]
    tries_left: Mapped[int]
    used_at: Mapped[int | None]
    used_in: Mapped[str]


@dataclass(frozen=True)
class Standing:
    """`proved_at` = when it was last typed rightly in this session, None = never.

    `word` = empty, or missing, wrong, spent (too many wrong tries: void until it is set anew).
    """

    proved_at: int | None = None
    word: str = ""
    left: int = 0


def put(unit: Unit, person_id: str, typed: str, session: str) -> None:
    """Set it, or another one in its place, which counts as typed in this session; WeakPin."""
    digits = len(typed) == DIGITS and typed.isascii() and typed.isdigit()
    if not digits or typed in _ROW or len(set(typed)) == 1:
        raise WeakPin
    row = unit.db.get(Pin, person_id)
    if row is None:
        row = Pin(person_id=person_id)
        unit.db.add(row)
    row.pin_hash = _hash(unit, person_id, typed)
    row.set_at = row.used_at = unit.now
    row.used_in = session
    row.tries_left = unit.settings.pin_tries
    unit.db.flush()


def forget(unit: Unit, person_id: str) -> None:
    """Erase a person's PIN."""
    unit.db.execute(delete(Pin).where(Pin.person_id == person_id))


def standing(unit: Unit, person_id: str, session: str) -> Standing:
    """How it stands without a try."""
    row = unit.db.get(Pin, person_id)
    if row is None:
        return Standing(word=MISSING)
    if row.tries_left <= 0:
        return Standing(word=SPENT)
    return Standing(row.used_at if session and row.used_in == session else None)


def judge(unit: Unit, person_id: str, session: str, typed: str) -> Standing:
    """One try. The unit must be committed in any case, or the try does not count."""
    row = unit.db.get(Pin, person_id, with_for_update=True, populate_existing=True)
    if row is None or row.tries_left <= 0:
        return standing(unit, person_id, session)
    if hmac.compare_digest(row.pin_hash, _hash(unit, person_id, typed)):
        row.tries_left = unit.settings.pin_tries
        row.used_at, row.used_in = unit.now, session
        return Standing(unit.now)
    row.tries_left -= 1
    row.used_at, row.used_in = None, ""  # whoever guesses does not go on with an earlier one
    return Standing(word=WRONG if row.tries_left else SPENT, left=row.tries_left)


def _hash(unit: Unit, person_id: str, typed: str) -> str:
    return unit.keys.blind(f"pin:{person_id}:{typed}")

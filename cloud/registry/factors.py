"""Second factor: time-based one-time codes (RFC 6238, SHA-256, 30 s, six digits).

A code is good once, and one step early or late. The secret is sealed; it is shown once, when made.
"""

import base64
import hmac
import secrets
from urllib.parse import quote, urlencode

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.unit import Unit
from cloud.registry.people import Person

STEP_S = 30
DIGITS = 6
MISSING, WRONG = "second-factor", "second-factor-wrong"
_PURPOSE = "second.factor"


class SecondFactor(Base):
    """One person's secret. `last_step` = that of the last code that was taken."""

    __tablename__ = "second_factor"

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    secret_sealed: Mapped[str]
    last_step: Mapped[int]
    made_at: Mapped[int]


def begin(unit: Unit, person: Person) -> str:
    """A fresh secret in place of any other; the address that an authenticator reads as QR code."""
    secret = secrets.token_bytes(32)
    end(unit, person)
    sealed = unit.keys.seal(secret, _PURPOSE)
    row = SecondFactor(person_id=person.id, secret_sealed=sealed, last_step=0, made_at=unit.now)
    unit.db.add(row)
    unit.db.flush()
    text = base64.b32encode(secret).decode().rstrip("=")
    told = {"secret": text, "issuer": "HanMa", "algorithm": "SHA256", "digits": DIGITS}
    return f"otpauth://totp/HanMa:{quote(person.login)}?{urlencode(told | {'period': STEP_S})}"


def end(unit: Unit, person: Person) -> bool:
    """Sign-in needs no code any more; False if it needed none before."""
    row = unit.db.get(SecondFactor, person.id)
    if row is None:
        return False
    unit.db.delete(row)
    unit.db.flush()
    return True


def judge(unit: Unit, person_id: str, typed: str) -> str:
    """Empty if the person has no second factor or this code is right, else MISSING or WRONG."""
    row = unit.db.get(SecondFactor, person_id, with_for_update=True, populate_existing=True)
    if row is None:
        return ""
    digits = "".join(typed.split())
    if not digits:
        return MISSING
    secret = unit.keys.open(row.secret_sealed, _PURPOSE)
    now = unit.now // 1000 // STEP_S
    for step in (now - 1, now, now + 1):
        right = hmac.compare_digest(code(secret, step).encode(), digits.encode())
        if right and step > row.last_step:
            row.last_step = step
            return ""
    return WRONG


def code(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of one step (RFC 4226, section 5.3, over HMAC-SHA-256)."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), "sha256")
    at = mac[-1] & 15
    number = int.from_bytes(mac[at : at + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**digits:0{digits}}"

"""Second factor: time-based one-time codes (RFC 6238, SHA-256, 30 s, six digits).

A code is good once, and one step early or late. The secret is sealed. It is in force once its
owner has typed a first code; with it come recovery codes, each good once in place of a code.
"""

import base64
import hmac
import secrets
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from sqlalchemy import ForeignKey, delete
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.unit import Unit
from cloud.registry.people import Person

STEP_S = 30
DIGITS = 6
MISSING, WRONG = "second-factor", "second-factor-wrong"
COMPULSORY = frozenset({"officer", "office"})  # without a factor they open no page
RECOVERY_CODES = 8
_PURPOSE = "second.factor"
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another
_RECOVERY_LENGTH = 10


class SecondFactor(Base):
    """One person's secret. `last_step` = that of the last code that was taken.

    `confirmed_at` = when it came in force; None while its owner has not typed a code.
    """

    __tablename__ = "second_factor"

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    secret_sealed: Mapped[str]
    last_step: Mapped[int]
    made_at: Mapped[int]
    confirmed_at: Mapped[int | None]


class RecoveryCode(Base):
    """One that was not used yet; only a keyed hash of it is here."""

    __tablename__ = "recovery_code"

    code_hash: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)


def begin(unit: Unit, person: Person) -> str:
    """A fresh secret in place of any other, in force at once; the address that an authenticator
    reads as QR code."""
    end(unit, person)
    return _address(unit, _made(unit, person, unit.now), person)


def offer(unit: Unit, person: Person) -> str:
    """The address of a secret that `confirm` puts in force; the same until then."""
    row = unit.db.get(SecondFactor, person.id, with_for_update=True, populate_existing=True)
    if row is not None and row.confirmed_at is not None:
        raise ValueError("there is a second factor in force")
    return _address(unit, row or _made(unit, person, None), person)


def confirm(unit: Unit, person: Person, typed: str) -> list[str] | None:
    """Put the offered secret in force if this code is right; the recovery codes, told once."""
    row = unit.db.get(SecondFactor, person.id, with_for_update=True, populate_existing=True)
    if row is None or row.confirmed_at is not None or not _taken(unit, row, typed):
        return None
    row.confirmed_at = unit.now
    codes = [
        "".join(secrets.choice(_LETTERS) for _ in range(_RECOVERY_LENGTH))
        for _ in range(RECOVERY_CODES)
    ]
    unit.db.add_all(
        RecoveryCode(code_hash=_recovery(unit, person.id, one), person_id=person.id)
        for one in codes
    )
    unit.db.flush()
    return codes


def end(unit: Unit, person: Person) -> bool:
    """Sign-in needs no code any more; False if it needed none before."""
    unit.db.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))
    row = unit.db.get(SecondFactor, person.id)
    if row is None:
        return False
    unit.db.delete(row)
    unit.db.flush()
    return row.confirmed_at is not None


def in_force(unit: Unit, person_id: str) -> bool:
    """Whether a code is asked for at this person's sign-in."""
    row = unit.db.get(SecondFactor, person_id)
    return row is not None and row.confirmed_at is not None


def lacking(unit: Unit, person: Person) -> bool:
    """Whether this person must have a second factor and has none in force."""
    return bool(COMPULSORY & person.roles) and not in_force(unit, person.id)


def judge(unit: Unit, person_id: str, typed: str) -> str:
    """Empty if the person has no second factor or this code is right, else MISSING or WRONG."""
    row = unit.db.get(SecondFactor, person_id, with_for_update=True, populate_existing=True)
    if row is None or row.confirmed_at is None:
        return ""
    if not typed.strip():
        return MISSING
    return "" if _taken(unit, row, typed) or _recovered(unit, person_id, typed) else WRONG


def secret_text(address: str) -> str:
    """The secret in an address that `begin` or `offer` gave, as one types it (base32)."""
    return parse_qs(urlsplit(address).query)["secret"][0]


def secret_of(text: str) -> bytes:
    """The bytes of a secret as one types it."""
    return base64.b32decode(text + "=" * (-len(text) % 8))


def _made(unit: Unit, person: Person, confirmed_at: int | None) -> SecondFactor:
    row = SecondFactor(
        person_id=person.id,
        secret_sealed=unit.keys.seal(secrets.token_bytes(32), _PURPOSE),
        last_step=0,
        made_at=unit.now,
        confirmed_at=confirmed_at,
    )
    unit.db.add(row)
    unit.db.flush()
    return row


def _address(unit: Unit, row: SecondFactor, person: Person) -> str:
    secret = unit.keys.open(row.secret_sealed, _PURPOSE)
    text = base64.b32encode(secret).decode().rstrip("=")
    told = {"secret": text, "issuer": "HanMa", "algorithm": "SHA256", "digits": DIGITS}
    return f"otpauth://totp/HanMa:{quote(person.login)}?{urlencode(told | {'period': STEP_S})}"


def _recovered(unit: Unit, person_id: str, typed: str) -> bool:
    """Whether this is a recovery code of the person; it is used up by that."""
    row = unit.db.get(RecoveryCode, _recovery(unit, person_id, typed), with_for_update=True)
    if row is None:
        return False
    unit.db.delete(row)
    unit.db.flush()
    return True


def _recovery(unit: Unit, person_id: str, typed: str) -> str:
    return unit.keys.blind(f"recovery:{person_id}:{''.join(typed.split()).casefold()}")


def _taken(unit: Unit, row: SecondFactor, typed: str) -> bool:
    """Whether this is a code of now that was not taken before; it is from now on."""
    digits = "".join(typed.split())
    secret = unit.keys.open(row.secret_sealed, _PURPOSE)
    now = unit.now // 1000 // STEP_S
    for step in (now - 1, now, now + 1):
        right = hmac.compare_digest(code(secret, step).encode(), digits.encode())
        if right and step > row.last_step:
            row.last_step = step
            return True
    return False


def code(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of one step (RFC 4226, section 5.3, over HMAC-SHA-256)."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), "sha256")
    at = mac[-1] & 15
    number = int.from_bytes(mac[at : at + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**digits:0{digits}}"

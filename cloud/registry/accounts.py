"""Passwords and sessions. Nothing here tells an unknown login from a wrong password."""

import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import ForeignKey, bindparam, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base, take_turn
from cloud.base.ids import new_id
from cloud.base.settings import Settings
from cloud.base.unit import Ground, Unit
from cloud.registry import factors, people
from cloud.registry.departments import Department, Posting
from cloud.registry.factors import SecondFactor
from cloud.registry.people import Person, PersonRole

PASSWORD_LENGTHS = range(8, 129)
Record = Callable[[Unit, Person | None, str], None]
_WHERE = "session.where"
_ONE_PHONE = "welder"  # has one active phone
_SHOWN = 12  # letters of a session's digest by which it is named


class WeakPassword(ValueError):
    """A password must have 8 to 128 characters."""


class Account(Base):
    """The password of one person (argon2id)."""

    __tablename__ = "account"

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    password_hash: Mapped[str]
    changed_at: Mapped[int]


class SignedInSession(Base):
    """One signed-in browser; only the SHA-256 of its token is here.

    `where_sealed` = the network address it came from and what kind of browser it is.
    `newer_at` = since when the account is used on another phone too, and this one was not told;
    a welder's has ended with that and stays only to be told.
    """

    __tablename__ = "session"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    made_at: Mapped[int]
    expires_at: Mapped[int] = mapped_column(index=True)
    where_sealed: Mapped[str] = mapped_column(default="", server_default="")
    newer_at: Mapped[int | None]


class SignInFailure(Base):
    """One attempt that failed or is still being checked; `key` = blind login or address."""

    __tablename__ = "sign_in_failure"

    id: Mapped[str] = mapped_column(primary_key=True)
    attempt: Mapped[str] = mapped_column(index=True)
    key: Mapped[str] = mapped_column(index=True)
    at: Mapped[int] = mapped_column(index=True)


@dataclass(frozen=True)
class SignedIn:
    """A fresh session; the token is told once, here."""

    token: str
    person: Person

    def __repr__(self) -> str:
        return f"<SignedIn {self.person.id}>"


@dataclass(frozen=True)
class Refused:
    """No session: `wrong`, `throttled`, or with the right password `pending`, `blocked`,
    `second-factor` (a code is wanted) or `second-factor-wrong`."""

    reason: str


def hashed(settings: Settings, password: str) -> str:
    """What is kept of a password; slow, so not inside a write unit. WeakPassword if it is."""
    if len(password) not in PASSWORD_LENGTHS:
        raise WeakPassword
    return _hasher(settings).hash(password)


def set_password(unit: Unit, person_id: str, password: str) -> None:
    """Set or change a password and end every session of the person; WeakPassword if it is."""
    keep_password(unit, person_id, hashed(unit.settings, password))


def keep_password(unit: Unit, person_id: str, kept: str) -> None:
    """Set or change what `hashed` gave, and end every session of the person."""
    account = unit.db.get(Account, person_id)
    if account is None:
        account = Account(person_id=person_id)
        unit.db.add(account)
    account.password_hash = kept
    account.changed_at = unit.now
    sign_out_everywhere(unit, person_id)


def sign_in(
    ground: Ground,
    login: str,
    password: str,
    address: str,
    *,
    code: str = "",
    replaces: str = "",
    agent: str = "",
    record: Record = lambda unit, person, word: None,
) -> SignedIn | Refused:
    """Check a password and begin a session of `settings.session_s` seconds.

    Takes the ground, not a unit: the slow check must not hold the only writer. The attempt is
    counted as a failure before the check, so that parallel guesses are throttled as well.
    `replaces` is the token the browser had until now, `agent` the kind of browser. A welder has
    one active phone. `record` is called in the unit in which it was decided: "" = signed in.
    """
    attempt = new_id()
    with ground.write() as unit:
        if _throttled(unit, attempt, login, address):
            return Refused("throttled")
        person = people.by_login(unit, login)
        account = unit.db.get(Account, person.id) if person else None
    good = _verified(ground.settings, account, password)
    if person is None or not good:
        with ground.write() as unit:
            record(unit, person, "wrong")
        return Refused("wrong")
    with ground.write() as unit:
        word = factors.judge(unit, person.id, code)
        if word != factors.WRONG:  # a wrong code is a failure like a wrong password
            unit.db.execute(delete(SignInFailure).where(SignInFailure.attempt == attempt))
        # Blocked, or given another password, in the time the check took?
        person = unit.db.get_one(Person, person.id)
        if unit.db.get_one(Account, person.id).password_hash != account.password_hash:
            return Refused("wrong")
        if person.status != "active":
            word = person.status
        if word != factors.MISSING:  # the form asks for the code, and comes again
            record(unit, person, word)
        if word:
            return Refused(word)
        return begin(unit, person, address, agent, replaces)


def begin(
    unit: Unit, person: Person, address: str, agent: str = "", replaces: str = ""
) -> SignedIn:
    """A session for somebody who has proved who they are; the only place that makes one.

    Phones on which the account is used already are told; a welder's session there has ended.
    """
    unit.db.execute(delete(SignedInSession).where(SignedInSession.expires_at <= unit.now))
    sign_out(unit, replaces)
    older = update(SignedInSession).where(SignedInSession.person_id == person.id)
    unit.db.execute(older.values(newer_at=unit.now))
    token = secrets.token_urlsafe(32)
    seen = json.dumps({"address": address, "agent": agent})
    unit.db.add(
        SignedInSession(
            token_hash=_digest(token),
            person_id=person.id,
            made_at=unit.now,
            expires_at=unit.now + unit.settings.session_s * 1000,
            where_sealed=unit.keys.seal(seen.encode(), _WHERE),
        )
    )
    return SignedIn(token, person)


@dataclass(frozen=True)
class Known:
    """Whose session it is; `lacking` = must have a second factor and has none in force.

    `newer_at` = since when the account is used on another phone too, and nobody was told here.
    `department` = where an officer is posted and its trades, None = nowhere.
    """

    id: str
    name: str
    roles: frozenset[str]
    district: str
    enterprise_id: str | None
    lacking: bool
    newer_at: int | None = None
    department: tuple[str, frozenset[str]] | None = None


# Asked at every request: one statement, put together once. A row for each role.
_WHOSE = (
    select(Person.id, Person.name, Person.district, Person.enterprise_id)
    .add_columns(PersonRole.role, SecondFactor.confirmed_at, SignedInSession.newer_at)
    .add_columns(Department.code.label("department"), Department.trades)
    .join(SignedInSession, SignedInSession.person_id == Person.id)
    .outerjoin(PersonRole, PersonRole.person_id == Person.id)
    .outerjoin(SecondFactor, SecondFactor.person_id == Person.id)
    .outerjoin(Posting, Posting.person_id == Person.id)
    .outerjoin(Department, Department.code == Posting.department)
    .where(SignedInSession.token_hash == bindparam("token"))
    .where(SignedInSession.expires_at > bindparam("now"), Person.status == "active")
)


def session(unit: Unit, token: str) -> Known | None:
    """Whose session this token is; None if unknown, ended, expired, or the person is blocked."""
    # Columns only, so the connection is asked: a poll's look costs half of what objects do.
    asked = {"token": _digest(token), "now": unit.now}
    found = unit.db.connection().execute(_WHOSE, asked).all()
    if not found:
        return None
    one = found[0]
    roles = frozenset(row.role for row in found if row.role)
    if one.newer_at is not None and _ONE_PHONE in roles:
        return None
    lacking = one.confirmed_at is None and bool(factors.COMPULSORY & roles)
    post = (one.department, frozenset(one.trades)) if one.department is not None else None
    told = (one.id, one.name, roles, one.district, one.enterprise_id)
    return Known(*told, lacking, one.newer_at, post)


def began_at(unit: Unit, token: str) -> int:
    """When the session of this token began; 0 if there is none."""
    row = unit.db.get(SignedInSession, _digest(token))
    return row.made_at if row else 0


def ended_by_newer(unit: Unit, token: str) -> int | None:
    """When the session of this token ended because its account was used on another phone."""
    row = unit.db.get(SignedInSession, _digest(token))
    return row.newer_at if row and row.expires_at > unit.now else None


def told_of_newer(unit: Unit, token: str) -> None:
    """The owner has looked at the list of sessions here."""
    row = unit.db.get(SignedInSession, _digest(token))
    if row is not None and row.newer_at is not None:
        row.newer_at = None
        unit.db.flush()


def sign_out(unit: Unit, token: str) -> None:
    """End one session; an unknown one is no error."""
    unit.db.execute(delete(SignedInSession).where(SignedInSession.token_hash == _digest(token)))


def sign_out_everywhere(unit: Unit, person_id: str) -> None:
    """End every session of a person."""
    unit.db.execute(delete(SignedInSession).where(SignedInSession.person_id == person_id))


def end_all_sessions(unit: Unit) -> int:
    """End every session of everybody; how many."""
    count = unit.db.scalar(select(func.count()).select_from(SignedInSession)) or 0
    unit.db.execute(delete(SignedInSession))
    return count


def forget(unit: Unit, person_id: str) -> None:
    """Erase the password and every session of a person."""
    sign_out_everywhere(unit, person_id)
    unit.db.execute(delete(Account).where(Account.person_id == person_id))


def sessions_of(unit: Unit, person_id: str) -> list[dict[str, str | int]]:
    """A person's sessions, the newest first: id, made_at, expires_at, address, agent."""
    mine = SignedInSession.person_id == person_id
    rows = select(SignedInSession).where(mine, SignedInSession.expires_at > unit.now)
    if _ONE_PHONE in unit.db.get_one(Person, person_id).roles:
        rows = rows.where(SignedInSession.newer_at.is_(None))
    return [
        {"id": row.token_hash[:_SHOWN], "made_at": row.made_at, "expires_at": row.expires_at}
        | _where(unit, row)
        for row in unit.db.scalars(rows.order_by(SignedInSession.made_at.desc()))
    ]


def session_id(token: str) -> str:
    """By which id `sessions_of` names the session of this token."""
    return _digest(token)[:_SHOWN]


def _where(unit: Unit, row: SignedInSession) -> dict[str, str]:
    if not row.where_sealed:
        return {"address": "", "agent": ""}
    told: dict[str, str] = json.loads(unit.keys.open(row.where_sealed, _WHERE))
    return told


def end_sessions(unit: Unit, person_id: str, id: str = "") -> int:
    """End one session of a person by its id, or all; how many ended."""
    mine = select(SignedInSession).where(SignedInSession.person_id == person_id)
    rows = [row for row in unit.db.scalars(mine) if id in ("", row.token_hash[:_SHOWN])]
    for row in rows:
        unit.db.delete(row)
    unit.db.flush()
    return len(rows)


def too_often(unit: Unit, what: str, whose: str, limit: int = 0) -> bool:
    """Count one more try of `what` by an address, number or person, or say: too many."""
    return _counted(unit, new_id(), [unit.keys.blind(f"{what}:{whose}")], limit)


def tries(unit: Unit, what: str, whose: str) -> int:
    """How many tries of `what` are counted just now, without one more."""
    mine = SignInFailure.key == unit.keys.blind(f"{what}:{whose}")
    late = SignInFailure.at > unit.now - unit.settings.throttle_s * 1000
    return unit.db.scalar(select(func.count()).where(mine, late)) or 0


def _throttled(unit: Unit, attempt: str, login: str, address: str) -> bool:
    """Count this attempt in advance, or say that there were too many."""
    keys = [
        unit.keys.blind(f"login:{people.login_form(login)}"),
        unit.keys.blind(f"address:{address}"),
    ]
    return _counted(unit, attempt, keys)


def _counted(unit: Unit, attempt: str, keys: list[str], limit: int = 0) -> bool:
    take_turn(unit.db, keys)
    begin = unit.now - unit.settings.throttle_s * 1000
    unit.db.execute(delete(SignInFailure).where(SignInFailure.at <= begin))
    counts = select(func.count()).where(SignInFailure.key.in_(keys)).group_by(SignInFailure.key)
    if max(unit.db.scalars(counts), default=0) >= (limit or unit.settings.throttle_failures):
        return True
    unit.db.add_all(
        SignInFailure(id=new_id(), attempt=attempt, key=key, at=unit.now) for key in keys
    )
    return False


def _verified(settings: Settings, account: Account | None, password: str) -> bool:
    hasher = _hasher(settings)
    known = account.password_hash if account else _dummy(settings)
    try:
        hasher.verify(known, password[: PASSWORD_LENGTHS.stop])
    except VerifyMismatchError:
        return False
    return account is not None


@cache
def _hasher(settings: Settings) -> PasswordHasher:
    return PasswordHasher(settings.argon2_rounds, settings.argon2_kib, parallelism=1)


@cache
def _dummy(settings: Settings) -> str:
    return _hasher(settings).hash(secrets.token_hex(16))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

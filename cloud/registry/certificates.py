"""Welders' certificates 操作证 of the three issuers (CQ art. 36-38; formats, section 4.3)."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    UniqueConstraint,
    bindparam,
    delete,
    func,
    insert,
    select,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base, Change, amend
from cloud.base.formats import mask
from cloud.base.ids import new_id
from cloud.base.rows import Rows
from cloud.base.unit import Unit
from cloud.registry.issuers import Entry

ISSUERS = ("emergency", "housing", "market")
STATUSES = ("normal", "suspended", "revoked")
WARN_DAYS = (90, 30, 7)  # before the last day
_PURPOSE = "certificate.number"
_PAST = "2000-01-01"


class BadCertificate(ValueError):
    """A field does not hold: issuer, status, or dates in the wrong order or form."""


class Certificate(Base):
    """One certificate; dates are ISO texts (both ends inclusive), `review_by` empty = none.

    `checked_at` = what is here was entered or confirmed; `asked_at` = the issuer's register was
    last asked (0 = never), `answered_at` = it last answered, `known` = it knows the certificate.
    `warn_on` = the day of the next warning, empty = there is none to come; `warned` = the last one
    that was given (last day and mark), so that none comes twice whatever is told anew.
    """

    __tablename__ = "certificate"
    __table_args__ = (
        UniqueConstraint("issuer", "number_blind"),
        Index("ix_certificate_asked", "issuer", "asked_at"),
        # A list by trade passes over whoever holds none of it without reading the certificate.
        Index("ix_certificate_held", "person_id", "issuer"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    issuer: Mapped[str]
    number_sealed: Mapped[str]
    number_blind: Mapped[str]
    category: Mapped[str]
    valid_from: Mapped[str]
    valid_to: Mapped[str]
    review_by: Mapped[str]
    status: Mapped[str]
    checked_at: Mapped[int]
    asked_at: Mapped[int] = mapped_column(default=0, server_default="0")
    answered_at: Mapped[int | None]
    known: Mapped[bool] = mapped_column(default=True, server_default=true())
    # A day long past: the next sweep finds the right one.
    warn_on: Mapped[str] = mapped_column(default=_PAST, server_default=_PAST, index=True)
    warned: Mapped[str] = mapped_column(default="", server_default="")


_OF_PERSON = Rows(
    select(Certificate)
    .where(Certificate.person_id == bindparam("person"))
    .order_by(Certificate.valid_to.desc(), Certificate.id)
)
_WAITS = Certificate.known.is_(False) & Certificate.answered_at.is_(None)
Index(
    "ix_certificate_waiting",
    Certificate.checked_at,
    Certificate.id,
    sqlite_where=_WAITS,
    postgresql_where=_WAITS,
)


def record(
    unit: Unit,
    person_id: str,
    *,
    issuer: str,
    number: str,
    category: str,
    valid_from: str,
    valid_to: str,
    review_by: str = "",
    status: str = "normal",
) -> Certificate:
    """Enter a certificate, or what a new check says about one already known by its number."""
    made = row(
        unit,
        person_id,
        issuer=issuer,
        number=number,
        category=category,
        valid_from=valid_from,
        valid_to=valid_to,
        review_by=review_by,
        status=status,
    )
    certificate = by_number(unit, issuer, number)
    if certificate is None:
        certificate = Certificate(**made)
        unit.db.add(certificate)
    else:
        for name in _SAID:
            setattr(certificate, name, made[name])
    unit.db.flush()
    return certificate


# What a new check may change; number and issuer are what a certificate is known by.
_SAID = (
    "person_id",
    "category",
    "valid_from",
    "valid_to",
    "review_by",
    "status",
    "checked_at",
    "known",
    "warn_on",
)


def add_many(unit: Unit, rows: Iterable[dict[str, Any]]) -> None:
    """Enter many at once, each made by `row`."""
    unit.db.execute(insert(Certificate), list(rows))


def change_many(unit: Unit, changes: Iterable[Change]) -> None:
    """Change many at once, judged as `row` judges; ChangedMeanwhile."""
    amend(unit.db, Certificate, changes)


def row(
    unit: Unit,
    person_id: str,
    *,
    issuer: str,
    number: str,
    category: str,
    valid_from: str,
    valid_to: str,
    review_by: str = "",
    status: str = "normal",
) -> dict[str, Any]:
    """The columns of a new certificate, judged and sealed; BadCertificate if a field is wrong."""
    _judge(issuer, status, valid_from, valid_to, review_by)
    return {
        "id": new_id(),
        "person_id": person_id,
        "issuer": issuer,
        "number_sealed": unit.keys.seal(number.encode(), _PURPOSE),
        "number_blind": number_blind(unit, number),
        "category": category,
        "valid_from": valid_from,
        "valid_to": valid_to,
        "review_by": review_by,
        "status": status,
        "checked_at": unit.now,
        "asked_at": 0,
        "answered_at": None,
        "known": True,
        "warn_on": _first_warning(valid_to, review_by),
    }


def for_person(unit: Unit, person_id: str) -> list[Certificate]:
    """All certificates of a person, good or not, the longest valid first."""
    return _OF_PERSON.all(unit.db, person=person_id)


def forget(unit: Unit, person_id: str) -> list[str]:
    """Erase a person's certificates; their ids."""
    gone = delete(Certificate).where(Certificate.person_id == person_id)
    return list(unit.db.scalars(gone.returning(Certificate.id)))


def get(unit: Unit, certificate_id: str) -> Certificate | None:
    return unit.db.get(Certificate, certificate_id)


def by_number(unit: Unit, issuer: str, number: str) -> Certificate | None:
    """The certificate of this issuer with this number, whoever holds it."""
    blind = number_blind(unit, number)
    return unit.db.scalar(
        select(Certificate).where(Certificate.issuer == issuer, Certificate.number_blind == blind)
    )


def number_blind(unit: Unit, number: str) -> str:
    """The blind index of a certificate's number."""
    return unit.keys.blind(f"certificate:{number}")


def wait(unit: Unit, certificate: Certificate) -> None:
    """Entered by its holder: it is not good before it was confirmed."""
    certificate.known = False
    unit.db.flush()


def confirm(unit: Unit, certificate: Certificate) -> None:
    """The office has seen it."""
    certificate.known = True
    certificate.checked_at = unit.now


def waiting(unit: Unit, limit: int) -> list[Certificate]:
    """Those that were entered by their holders and that no issuer was ever heard about."""
    rows = select(Certificate).where(_WAITS)
    ordered = rows.order_by(Certificate.checked_at, Certificate.id)
    return list(unit.db.scalars(ordered.limit(limit)))


def count_waiting(unit: Unit) -> int:
    """How many wait for the office."""
    return unit.db.scalar(select(func.count()).select_from(Certificate).where(_WAITS)) or 0


def set_status(unit: Unit, certificate: Certificate, status: str) -> None:
    """Normal, suspended or revoked, as the issuer says; holds at once."""
    if status not in STATUSES:
        raise BadCertificate(f"status {status!r}")
    certificate.status = status
    certificate.checked_at = unit.now


def to_ask(unit: Unit, issuer: str, before: int, limit: int) -> list[str]:
    """Ids of certificates whose issuer was not asked since `before` (epoch ms), oldest first."""
    rows = select(Certificate.id).where(
        Certificate.issuer == issuer, Certificate.asked_at <= before
    )
    return list(unit.db.scalars(rows.order_by(Certificate.asked_at).limit(limit)))


def asked(unit: Unit, certificate: Certificate) -> None:
    """The issuer's register was asked and did not answer."""
    certificate.asked_at = unit.now


def answered(unit: Unit, certificate: Certificate, entry: Entry | None) -> bool:
    """What the issuer's register says; whether that is news. BadCertificate if it cannot be."""
    before = _told(certificate)
    if entry is not None:
        _judge(certificate.issuer, entry.status, entry.valid_from, entry.valid_to, entry.review_by)
        certificate.category, certificate.status = entry.category, entry.status
        certificate.valid_from, certificate.valid_to = _iso(entry.valid_from), _iso(entry.valid_to)
        certificate.review_by = _iso(entry.review_by)
    certificate.known = entry is not None
    certificate.asked_at = certificate.answered_at = certificate.checked_at = unit.now
    news = before != _told(certificate)
    if news:
        certificate.warn_on = _PAST
    return news


def near_end(unit: Unit, today: date, limit: int = 500) -> list[tuple[Certificate, int]]:
    """Certificates whose next warning is due, with the days left; each warning comes once, to one
    of those who ask at the same time."""
    rows = select(Certificate).where(
        Certificate.warn_on != "",
        Certificate.warn_on <= today.isoformat(),
        Certificate.status == "normal",  # nobody renews in time what is no good now
    )
    first = rows.order_by(Certificate.warn_on).limit(limit).with_for_update(skip_locked=True)
    due = []
    for one in unit.db.scalars(first, execution_options={"populate_existing": True}):
        days = (last_day(one) - today).days
        later = [mark for mark in WARN_DAYS if mark < days]
        one.warn_on = (last_day(one) - timedelta(later[0])).isoformat() if later else ""
        passed = [mark for mark in WARN_DAYS if 0 <= days <= mark]
        said = f"{last_day(one)} {passed[-1]}" if passed else one.warned
        if said != one.warned:
            one.warned = said
            due.append((one, days))
    return due


def _first_warning(valid_to: str, review_by: str) -> str:
    ends = _ends(valid_to, review_by)
    return date.fromordinal(max(1, ends.toordinal() - WARN_DAYS[0])).isoformat()


def last_day(certificate: Certificate) -> date:
    """Until when it is good: its end or its review, whichever comes first."""
    return _ends(certificate.valid_to, certificate.review_by)


def _ends(valid_to: str, review_by: str) -> date:
    return date.fromisoformat(min(valid_to, review_by or valid_to))


def _iso(day: str) -> str:
    """In the one form in which days are compared as texts (20270105 is a date too)."""
    return date.fromisoformat(day).isoformat() if day else ""


def number(unit: Unit, certificate: Certificate) -> str:
    """The number in clear; every look at it is for the caller to record."""
    return unit.keys.open(certificate.number_sealed, _PURPOSE).decode()


def _told(certificate: Certificate) -> tuple[str | bool, ...]:
    names = ("category", "valid_from", "valid_to", "review_by", "status", "known")
    return tuple(getattr(certificate, name) for name in names)


def masked_number(unit: Unit, certificate: Certificate) -> str:
    """The number as it is shown to others."""
    return mask(number(unit, certificate))


def _judge(issuer: str, status: str, valid_from: str, valid_to: str, review_by: str) -> None:
    if issuer not in ISSUERS or status not in STATUSES:
        raise BadCertificate(f"issuer {issuer!r}, status {status!r}")
    try:
        begin, end = date.fromisoformat(valid_from), date.fromisoformat(valid_to)
        date.fromisoformat(review_by or valid_to)
    except (TypeError, ValueError) as error:  # a register's answer may lack anything
        raise BadCertificate(f"not an ISO date: {error}") from error
    if begin > end:
        raise BadCertificate(f"valid from {valid_from} to {valid_to}")

"""Welders' certificates 操作证 of the three issuers (CQ art. 36-38; formats, section 4.3)."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.formats import mask
from cloud.base.ids import new_id
from cloud.base.unit import Unit

ISSUERS = ("emergency", "housing", "market")
STATUSES = ("normal", "suspended", "revoked")
_PURPOSE = "certificate.number"


class BadCertificate(ValueError):
    """A field does not hold: issuer, status, or dates in the wrong order or form."""


class Certificate(Base):
    """One certificate; dates are ISO texts (both ends inclusive), `review_by` empty = none."""

    __tablename__ = "certificate"
    __table_args__ = (UniqueConstraint("issuer", "number_blind"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    issuer: Mapped[str]
    number_sealed: Mapped[str]
    number_blind: Mapped[str]
    category: Mapped[str]
    valid_from: Mapped[str]
    valid_to: Mapped[str]
    review_by: Mapped[str]
    status: Mapped[str]
    checked_at: Mapped[int]


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
    known = select(Certificate).where(
        Certificate.issuer == issuer, Certificate.number_blind == made["number_blind"]
    )
    certificate = unit.db.scalar(known)
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
)


def add_many(unit: Unit, rows: Iterable[dict[str, Any]]) -> None:
    """Enter many at once, each made by `row`."""
    unit.db.execute(insert(Certificate), list(rows))


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
        "number_blind": unit.keys.blind(f"certificate:{number}"),
        "category": category,
        "valid_from": valid_from,
        "valid_to": valid_to,
        "review_by": review_by,
        "status": status,
        "checked_at": unit.now,
    }


def for_person(unit: Unit, person_id: str) -> list[Certificate]:
    """All certificates of a person, good or not, the longest valid first."""
    rows = select(Certificate).where(Certificate.person_id == person_id)
    return list(unit.db.scalars(rows.order_by(Certificate.valid_to.desc(), Certificate.id)))


def set_status(unit: Unit, certificate: Certificate, status: str) -> None:
    """Normal, suspended or revoked, as the issuer says; holds at once."""
    if status not in STATUSES:
        raise BadCertificate(f"status {status!r}")
    certificate.status = status
    certificate.checked_at = unit.now


def masked_number(unit: Unit, certificate: Certificate) -> str:
    """The number as it is shown to others."""
    return mask(unit.keys.open(certificate.number_sealed, _PURPOSE).decode())


def _judge(issuer: str, status: str, valid_from: str, valid_to: str, review_by: str) -> None:
    if issuer not in ISSUERS or status not in STATUSES:
        raise BadCertificate(f"issuer {issuer!r}, status {status!r}")
    try:
        begin, end = date.fromisoformat(valid_from), date.fromisoformat(valid_to)
        date.fromisoformat(review_by or valid_to)
    except ValueError as error:
        raise BadCertificate(f"not an ISO date: {error}") from error
    if begin > end:
        raise BadCertificate(f"valid from {valid_from} to {valid_to}")

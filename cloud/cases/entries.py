"""Certificates that welders enter themselves (CQ art. 22): good once an issuer or the office
has confirmed them."""

from cloud.base.unit import Unit
from cloud.book import audit, outbox
from cloud.cases.registrations import NotEntitled, Turned
from cloud.registry import certificates, people
from cloud.registry.certificates import BadCertificate, Certificate
from cloud.registry.people import Person


def enter(
    unit: Unit,
    person: Person,
    *,
    issuer: str,
    number: str,
    category: str,
    valid_from: str,
    valid_to: str,
    review_by: str = "",
) -> Certificate | Turned:
    """Somebody enters a certificate of theirs; it waits. `taken`: that number is known already."""
    if not number.strip() or not category.strip():
        return Turned("number")
    if certificates.by_number(unit, issuer, number) is not None:
        return Turned("taken")
    try:
        entered = certificates.record(
            unit,
            person.id,
            issuer=issuer,
            number=number,
            category=category,
            valid_from=valid_from,
            valid_to=valid_to,
            review_by=review_by,
        )
    except BadCertificate:
        return Turned("valid_to")
    certificates.wait(unit, entered)
    _note(unit, person, person.id, "certificate-entered", entered)
    return entered


def confirm(unit: Unit, certificate: Certificate, office: Person) -> None:
    """The office has seen it; nobody confirms their own."""
    holder = _judged_by(unit, certificate, office)
    if certificate.known:
        return
    certificates.confirm(unit, certificate)
    _note(unit, holder, office.id, "certificate-confirmed", certificate)


def set_status(unit: Unit, certificate: Certificate, office: Person, status: str) -> None:
    """What the issuer told the office: normal, suspended or revoked; holds at once, and a job that
    no good certificate carries any more ends. BadCertificate, NotEntitled."""
    holder = _judged_by(unit, certificate, office)
    if certificate.status == status:
        return
    certificates.set_status(unit, certificate, status)
    _note(unit, holder, office.id, f"certificate-{status}", certificate)
    outbox.tell(unit, "certificate-changed", certificate.id, {"person": holder.id})


def _judged_by(unit: Unit, certificate: Certificate, office: Person) -> Person:
    """Its holder, if this account may judge it; NotEntitled."""
    holder = people.known(unit, certificate.person_id)
    if office.status != "active" or "office" not in office.roles or people.same(office, holder):
        raise NotEntitled
    return holder


def _note(unit: Unit, holder: Person, actor: str, what: str, certificate: Certificate) -> None:
    told = {"certificate": certificate.id, "issuer": certificate.issuer}
    audit.write(unit, holder.district, actor, what, holder.id, told)

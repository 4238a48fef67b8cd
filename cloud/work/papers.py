"""Certificates are checked against the registers of their issuers: daily, and at a scan.

Nothing waits for a register inside a transaction. A register that is down changes nothing but
when it was asked; whether its last answer is good enough is for the rules and the profile.
"""

from cloud.base.breaker import SourceDown
from cloud.base.clock import china_day
from cloud.base.unit import Ground, Unit
from cloud.book import audit, outbox
from cloud.registry import certificates, people
from cloud.registry.certificates import BadCertificate, Certificate
from cloud.registry.issuers import Entry, Question
from cloud.work import profiles

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
SYSTEM = "system"


def freshen(ground: Ground, person_id: str) -> int:
    """Before a decision: ask for this person's certificates whose answer is older than the
    profile allows; how many answers came. Never an error: a register may be down."""
    if not ground.issuers:
        return 0
    age_ms = profiles.load(ground.settings.profile).recheck_h * HOUR_MS
    with ground.read() as unit:
        held = certificates.for_person(unit, person_id)
        old = [one.id for one in held if (one.answered_at or 0) <= unit.now - age_ms]
    return _ask(ground, old)


def check_due(ground: Ground, limit: int = 100) -> int:
    """The daily round, a piece of it: ask for those that were not asked for a day, at most
    `limit` of each issuer; how many answers came."""
    answers = 0
    for issuer in ground.issuers:  # each by itself: one that is down keeps no other waiting
        with ground.read() as unit:
            due = certificates.to_ask(unit, issuer, unit.now - DAY_MS, limit)
        answers += _ask(ground, due)
    return answers


def sweep(unit: Unit) -> int:
    """Tell of certificates that end in 90, 30 or 7 days, once each (event
    `certificate-near-end`); how many."""
    due = certificates.near_end(unit, china_day(unit.now))
    for certificate, days in due:
        told = {"person": certificate.person_id, "issuer": certificate.issuer, "days": days}
        outbox.tell(unit, "certificate-near-end", certificate.id, told)
    return len(due)


def _ask(ground: Ground, ids: list[str]) -> int:
    answers, down = 0, set()
    for id in ids:
        with ground.read() as unit:
            question = _question(unit, id)
        if question.issuer in down or question.issuer not in ground.issuers:
            continue
        try:
            entry = ground.issuers[question.issuer](question)
        except SourceDown:
            down.add(question.issuer)
            with ground.write() as unit:
                certificates.asked(unit, unit.db.get_one(Certificate, id))
            continue
        with ground.write() as unit:
            _answered(unit, id, entry)
        answers += 1
    return answers


def _question(unit: Unit, id: str) -> Question:
    certificate = unit.db.get_one(Certificate, id)
    holder = unit.db.get_one(people.Person, certificate.person_id)
    number, identity = certificates.number(unit, certificate), people.identity(unit, holder)
    return Question(certificate.issuer, number, identity, holder.name)


def _answered(unit: Unit, id: str, entry: Entry | None) -> None:
    certificate = unit.db.get_one(Certificate, id)
    try:
        changed = certificates.answered(unit, certificate, entry)
    except BadCertificate:  # an answer that cannot be: as good as none
        certificates.asked(unit, certificate)
        return
    if not changed:
        return
    holder = unit.db.get_one(people.Person, certificate.person_id)
    told = {"certificate": id, "known": certificate.known, "status": certificate.status}
    audit.write(unit, holder.district, SYSTEM, "certificate-changed", holder.id, told)
    outbox.tell(unit, "certificate-changed", id, {"person": holder.id})

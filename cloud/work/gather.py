"""Gathers the facts of one attempt from the registers, fresh, in the unit that decides."""

from datetime import date
from typing import Any

from cloud.base.unit import Unit
from cloud.link import reckoning, terminals
from cloud.registry import certificates, contracts, people, training, zones
from cloud.registry import cylinders as bottles
from cloud.registry.certificates import Certificate
from cloud.registry.contracts import Contract
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.work import cylinders, hiring, permits, pictures, reviewing
from cloud.work import job as table
from cloud.work.facts import CertificateFacts, Facts, MachineFacts, PermitFacts, PersonFacts
from cloud.work.job import Job
from cloud.work.permits import Permit

_OTHERWISE = ("emergency", "service")  # modes in which the relay is closed for no job


def applying(
    unit: Unit,
    welder: Person,
    machine: Machine,
    permit: Permit | None,
    contract: Contract | None = None,
    named: Person | None = None,
    **claimed: Any,
) -> Facts:
    """The facts of a welder who scans a machine and wants to work."""
    claimed |= {"permit": permit, "hired": contract, "named": named and _person(named, set())}
    return _facts(unit, "apply", machine.id, welder.id, **claimed)


def at_step(
    unit: Unit, step: str, job: Job, fire_watch: Person | None = None, **claimed: Any
) -> Facts:
    """The facts of a job at a later step; `claimed` = what this attempt itself brings.

    `fire_watch` = who wants to become it, else who it is.
    """
    kept: dict[str, Any] = {
        "ticks": frozenset(job.ticks),
        "ten_rules_read": job.ten_rules_read,
        "welder_present": job.welder_present,
        "watch_ticks": frozenset(job.watch_ticks),
        "fire_watch_present": job.fire_watch_present,
        "watched_at": job.watched_at,
        "resuming": job.state == "paused",
        "voucher": job.voucher,
        "permit": permits.get(unit, job.permit_id) if job.permit_id else None,
        "hired": contracts.get(unit, job.contract_id) if job.contract_id else None,
        "contract_named": job.contract_id is not None,
        "before_off": step != "on" or _before_off(unit, job),
        "face_by": job.face_by,
        "named": _named(unit, job),
    }
    watching = fire_watch.id if fire_watch else job.fire_watch_id
    taken = pictures.of_job(unit, job.id)
    kept |= {
        "site_pictures": pictures.count(taken, pictures.SITE),
        "joint_photo": pictures.joint_by(taken, job, watching),
    }
    return _facts(unit, step, job.machine_id, job.welder_id, watching, job, **kept | claimed)


def machine_of(unit: Unit, job: Job) -> Machine:
    """The machine of a job."""
    return unit.db.get_one(Machine, job.machine_id)


def still_on(unit: Unit, machine: Machine) -> Job | None:
    """The last job that is over and may still have this machine's power, if there is one."""
    told = table.unsure_at(unit, machine.device) if machine.device else []
    over = [job for job in told if job.state in table.OVER and job_still_on(unit, job)]
    return over[-1] if over else None


def job_still_on(unit: Unit, job: Job) -> bool:
    """Whether a job that is over may still have power, wherever its terminal is fitted by now: the
    terminal has not said that it is off, and either said that it is on or has authority left. A
    release or a test is no job's: the terminal lets an ON take the place of either."""
    if job.off_confirmed_at is not None:
        return False
    row = terminals.get(unit, job.device) if job.device else None
    closed = row is not None and row.online and row.relay == 1 and row.mode not in _OTHERWISE
    return closed or max(job.lease_until or 0, job.ticket_until or 0) > unit.now


def _facts(
    unit: Unit,
    step: str,
    machine_id: str,
    welder_id: str,
    fire_watch_id: str | None = None,
    job: Job | None = None,
    *,
    permit: Permit | None,
    hired: Contract | None,
    **given: Any,
) -> Facts:
    # Locked, blocked, put into another enterprise since the page was opened?
    machine = unit.db.get_one(Machine, machine_id, populate_existing=True)
    who = {id: people.now(unit, id) for id in (welder_id, fire_watch_id) if id}
    touching = table.open_touching(unit, machine_id, welder_id, fire_watch_id)
    others = [one for one in touching if one is not job]
    busy = {one.welder_id for one in others} | {one.fire_watch_id for one in others}
    return Facts(
        step=step,
        now=unit.now,
        welder=_person(who[welder_id], busy),
        machine=MachineFacts(
            id=machine.id,
            enterprise_id=machine.enterprise_id,
            industry=machine.industry,
            status=machine.status,
            terminal=_terminal(unit, machine),
            busy=any(one.machine_id == machine_id for one in others)
            or cylinders.job_with(unit, machine) not in (None, job),
            cylinder=machine.kind == "cylinder",
            test_by=_test_by(unit, machine),
        ),
        certificates=_certificates(unit, welder_id) if step in ("apply", "on") else (),
        permit=_permit(unit, permit),
        contract=hiring.facts_of(unit, hired, who[welder_id]),
        review=reviewing.facts_of(unit, job) if job else None,
        venue_id=_venue(unit, machine),
        trained_on=training.last_passed(unit, welder_id) if step == "apply" else None,
        training_by=training.deadline(unit, machine.district) if step == "apply" else None,
        fire_watch=_person(who[fire_watch_id], busy) if fire_watch_id else None,
        watched_s=unit.settings.watched_s,
        pin_fresh_s=unit.settings.pin_fresh_s,
        ahead_s=unit.settings.unstarted_s,
        longest_s=unit.settings.lease_max_s,
        **given,
    )


def _person(person: Person, busy: set[str | None]) -> PersonFacts:
    return PersonFacts(
        id=person.id,
        roles=person.roles,
        active=person.status == "active",
        enterprise_id=person.enterprise_id,
        phone=person.phone_blind,
        busy=person.id in busy,
    )


def _before_off(unit: Unit, job: Job) -> bool:
    before = table.by_id(unit, job.handed_from) if job.handed_from else None
    handed = before is None or not job_still_on(unit, before)
    return handed and still_on(unit, machine_of(unit, job)) is None


def _named(unit: Unit, job: Job) -> PersonFacts | None:
    one = people.get(unit, job.named_watch_id) if job.named_watch_id else None
    return _person(one, set()) if one else None


def _venue(unit: Unit, machine: Machine) -> str | None:
    zone = zones.get(unit, machine.zone_id) if machine.zone_id else None
    return zone.enterprise_id if zone else None


def _test_by(unit: Unit, machine: Machine) -> date | None:
    own = bottles.get(unit, machine.id) if machine.kind == "cylinder" else None
    return date.fromisoformat(own.test_by) if own else None


def _terminal(unit: Unit, machine: Machine) -> str:
    if machine.kind == "cylinder":
        return "none"
    row = terminals.get(unit, machine.device) if machine.device else None
    if row is None or row.status != "active":
        return "missing"
    return "ready" if reckoning.reachable(row, unit.now) else "dark"


def _certificates(unit: Unit, welder_id: str) -> tuple[CertificateFacts, ...]:
    held = certificates.for_person(unit, welder_id)
    return tuple(certificate_facts(unit, row) for row in held)


def certificate_facts(unit: Unit, row: Certificate) -> CertificateFacts:
    """What a decision needs of one certificate."""
    return CertificateFacts(
        issuer=row.issuer,
        category=row.category,
        valid_from=date.fromisoformat(row.valid_from),
        valid_to=date.fromisoformat(row.valid_to),
        review_by=date.fromisoformat(row.review_by) if row.review_by else None,
        status=row.status,
        asks=row.issuer in unit.issuers,
        answered_at=row.answered_at,
        known=row.known,
    )


def _permit(unit: Unit, permit: Permit | None) -> PermitFacts | None:
    if permit is None or permit.approved_by is None:
        return None
    phone = people.known(unit, permit.approved_by).phone_blind
    return PermitFacts(permit.window_from, permit.window_to, permit.approved_by, phone)

"""What a job stands on is taken away, or ends sooner: the job ends at once, or its lease sooner.

The terminal hears OFF when the shorter lease is over. It is never sent an ON for that: after a
restart, an ON would close a relay that its welder did not ask for.
"""

from cloud.base.unit import Unit
from cloud.book.outbox import Event, Handlers
from cloud.registry import certificates, machines, people
from cloud.work import closing, cylinders, exempting, gather, hiring
from cloud.work import job as table
from cloud.work.decide import authority_ends, decide
from cloud.work.job import SYSTEM, Job, profile_of

# A register that cannot be reached is no reason to end what was begun with a good answer.
_NO_REASON = "certificate-unchecked"
# Who belongs to which enterprise: the welder, the fire watch, the machine.
_BELONGING = ("contract-missing", "fire-watch-enterprise", "fire-watch-client")


def handlers() -> Handlers:
    """What the work does when issuer, enterprise or office say something new, for
    `outbox.deliver`."""
    return {
        "certificate-changed": [changed],
        "permit-changed": [permit_changed],
        "contract-changed": [contract_changed],
        "person-moved": [person_moved],
        "machine-moved": [machine_moved],
        "exempt-over": [exempt_over],
        "person-blocked": [blocked],
        "roles-changed": [roles_changed],
    }


def changed(unit: Unit, event: Event) -> None:
    """The holder's job that the terminal knows of: does a certificate carry it, and how long?

    `person` = who held it until now, where the event says so.
    """
    row = certificates.get(unit, event.subject)
    welders = {event.details.get("person"), row.person_id if row else None} - {None}
    for found in table.open_with(unit, sorted(welders)):
        if found.welder_id in welders:
            _look(unit, found, "certificate", "certificate")


def permit_changed(unit: Unit, event: Event) -> None:
    """The jobs under a permit that was withdrawn, or ends sooner."""
    for found in table.open_under(unit, event.subject):
        _look(unit, found, "permit", "permit")


def contract_changed(unit: Unit, event: Event) -> None:
    """The jobs under a contract that was taken back, ends sooner or has another party."""
    for found in table.open_by_contract(unit, event.subject):
        _look(unit, found, "contract", "contract", *_BELONGING)


def person_moved(unit: Unit, event: Event) -> None:
    """Who belongs to another enterprise now, or has another telephone, goes on only where that
    one may."""
    for found in table.open_with(unit, [event.subject]):
        _look(unit, found, "enterprise", "fire-watch-same-person", *_BELONGING)


def machine_moved(unit: Unit, event: Event) -> None:
    """It belongs to another enterprise or field of supervision now, or a cylinder's test is due
    sooner."""
    machine = machines.get(unit, event.subject)
    found = machine and cylinders.running_with(unit, machine)
    if found:
        _look(unit, found, "machine", "certificate", "cylinder", *_BELONGING)


def exempt_over(unit: Unit, event: Event) -> None:
    """A place or a machine is inside the rules again: what was begun without them ends, and is
    asked anew."""
    for found in table.open_outside(unit):
        machine = machines.get(unit, found.machine_id)
        if machine is None or not exempting.holds(unit, machine, hiring.client_of(unit, found)):
            _end(unit, found, "exempt-over")


def blocked(unit: Unit, event: Event) -> None:
    """Whoever was shut out neither welds nor watches: all their open jobs end, on or not."""
    for found in table.open_with(unit, [event.subject]):
        _end(unit, found, "account")


def roles_changed(unit: Unit, event: Event) -> None:
    """Who is no welder, or no fire watch, any more does not go on as one."""
    person = people.get(unit, event.subject)
    roles = person.roles if person else frozenset()
    for found in table.open_with(unit, [event.subject]):
        part = "welder" if found.welder_id == event.subject else "fire_watch"
        if part not in roles:
            _end(unit, found, "role")


def _end(unit: Unit, found: Job, why: str) -> None:
    job = table.locked(unit, found)
    if job.state in table.OPEN:
        closing.end(unit, job, SYSTEM, why)


def _look(unit: Unit, found: Job, why: str, *rules: str) -> None:
    """End the job, in this word, where one of these rules (by code, or what it begins with) is
    against it now; else shorten its lease to what it still stands on."""
    job = table.locked(unit, found)
    if job.asked_at is None or job.state not in table.OPEN:
        return  # before the first ON everything is judged again
    facts, profile = gather.at_step(unit, "on", job), profile_of(job)
    codes = set(decide(facts, profile).refusals.codes) - {_NO_REASON}
    if any(code == rule or code.startswith(f"{rule}-") for code in codes for rule in rules):
        closing.end(unit, job, SYSTEM, why)
        return
    until = authority_ends(facts, profile)
    if job.lease_until is not None and until < job.lease_until:
        table.move(unit, job, "lease-shortened", details={"why": why}, lease_until=until)

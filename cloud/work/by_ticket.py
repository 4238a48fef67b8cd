"""Working by ticket, where only the phone reaches the terminal: who gets one, and what came of it.

The rules are those of the press on the page; only the terminal may be dark. A numbered ticket is
taken underground and may be used later: until it and its lease are over, the job stays open.
"""

from dataclasses import replace

from cloud.base.unit import Unit
from cloud.book import audit
from cloud.book.outbox import Event, Handlers
from cloud.link import terminals, tickets
from cloud.link.tickets import NoTicket, Ticket
from cloud.registry import machines
from cloud.registry.people import Person
from cloud.work import closing, gather, profiles, reconcile, switching, testing, underground
from cloud.work import job as table
from cloud.work.decide import authority_ends, decide
from cloud.work.facts import UNPROVED, ProofFacts
from cloud.work.job import OPEN, OVER, Job, profile_of
from cloud.work.refusal import Refusals
from cloud.work.rules import refuse

_TECHNICIANS_S = {"test": 60, "service": 1800, "off": 0}


def handlers() -> Handlers:
    """What the work does about receipts, for `outbox.deliver`."""
    return {"ticket-done": [obeyed], "ticket-refused": [not_obeyed]}


def ticket_on(
    unit: Unit,
    job: Job,
    welder: Person,
    challenge: str = "",
    proof: ProofFacts = UNPROVED,
) -> Ticket | Refusals:
    """A ticket with which the welder's phone switches on, or resumes; all refusals otherwise.

    `challenge` = what the phone has just read from the terminal; without one the ticket has a
    number and may be used without any network until it expires. Where a fire watch is asked for,
    such a ticket is good only beside the one who goes along (underground.py).
    """
    job = table.locked(unit, job)
    if job.welder_id != welder.id:
        return table.refused_for(unit, job, welder.id, "on", "not-your-job")
    if job.state not in OPEN:
        return table.refused_for(unit, job, welder.id, "on", "job-closed")
    profile = profile_of(job)
    facts = gather.at_step(unit, "on", job, proof=proof)
    if job.state == "on" or (not challenge and _taken_along(unit, job)):
        facts = replace(facts, resuming=True)  # it was decided, and the fire watch was there
    if facts.machine.terminal == "dark":
        facts = replace(facts, machine=replace(facts.machine, terminal="ready"))
    decision = decide(facts, profile)
    if not decision.allowed:
        return switching.not_on(unit, job, decision.refusals)
    fw = "" if challenge else underground.digest(unit, job)
    until = authority_ends(facts, profile)
    if job.on_at is not None and job.lease_until is not None:
        until = min(until, job.lease_until)
    if fw:
        until = min(until, underground.stops_until(unit, job))
    if until - unit.now < 1000:
        return table.refused_for(unit, job, welder.id, "on", "lease-over")
    if profile.asks_watch and not challenge and not fw:
        return table.refused_for(unit, job, welder.id, "on", "watch-along")
    return _issue_on(unit, job, welder, until, challenge, fw)


def ticket_off(
    unit: Unit, job: Job, person: Person, challenge: str = "", reason: str = ""
) -> Ticket | Refusals:
    """End the job, and give the phone a ticket that says so to a terminal that is dark.

    That a job is over, any welder or fire watch may bring to it: who works there next does not
    depend on those who are gone.
    """
    job = table.locked(unit, job)
    over = job.state in OVER and job.asked_at is not None and person.status == "active"
    brings = over and person.roles & {"welder", "fire_watch"}
    done = job if brings else switching.switch_off(unit, job, person, reason)
    if isinstance(done, Refusals):
        return done
    try:
        return tickets.make(
            unit, done.device or "", "off", person_id=person.id, job=done.id, challenge=challenge
        )
    except NoTicket:
        return table.refused_for(unit, done, person.id, "off", "terminal-missing")


def ticket_for_technician(
    unit: Unit, technician: Person, device: str, act: str, challenge: str, test_id: str = ""
) -> Ticket | Refusals:
    """A function test (a minute at most) or service, never while somebody works there.

    `test_id` = the test of a record (testing.py), which stands in the place of a job's; only such
    a one can be ended before its minute is over, by `off`.
    """
    profile = profiles.load(unit.settings.profile)
    machine = machines.by_device(unit, device)
    codes = []
    if technician.status != "active" or "technician" not in technician.roles:
        codes.append("registered")
    if act != "off" and machine is not None and table.open_on(unit, machine.id):
        codes.append("machine-busy")
    if act == "test" and machine is not None and testing.shut(machine):
        codes.append(testing.shut(machine))
    row = terminals.get(unit, device)
    if row is None or row.status != "active" or not row.signed:
        codes.append("terminal-missing")
    if codes:
        return Refusals(refuse(code, profile) for code in codes)
    ticket = tickets.make(
        unit,
        device,
        act,
        person_id=technician.id,
        job=test_id,
        lease_s=_TECHNICIANS_S[act],
        challenge=challenge,
    )
    place = machine.district if machine is not None else technician.district
    told = {"ticket": ticket.id, "device": device}
    audit.write(unit, place, technician.id, f"ticket-{act}", device, told)
    return ticket


# --- what came of it ----------------------------------------------------------------------------


def obeyed(unit: Unit, event: Event) -> None:
    """The terminal obeyed a ticket, by its receipt."""
    job = _job_of(unit, event)
    if job is None or event.details["act"] == "here":  # presence.py looks at the receipt itself
        _note(unit, event, job)
    elif event.details["act"] == "off":
        if job.state in OPEN:  # by the ticket that the fire watch took along
            job = closing.end(unit, job, event.details["person"], "fire-watch")
        table.move(unit, job, "off-done", off_told_at=unit.now)
    elif job.state in OVER:
        closing.off_again(unit, job, "on-after-end", closed=True)
    elif job.state != "on" and event.details["current"]:
        reconcile.switched_on(unit, job)
    if job is not None:
        reconcile.settle(unit, event.details["device"])


def not_obeyed(unit: Unit, event: Event) -> None:
    """The terminal refused a ticket."""
    job = _job_of(unit, event)
    if job is None or event.details["act"] == "here":
        _note(unit, event, job)
    elif event.details["act"] == "on" and job.state in OPEN and job.state != "on":
        reconcile.not_switched_on(unit, job, event.details["word"])
    elif event.details["act"] == "off" and event.details["word"] == "ended":
        table.move(unit, job, "off-done", off_told_at=unit.now)
        reconcile.settle(unit, event.details["device"])


def _issue_on(
    unit: Unit, job: Job, welder: Person, until: int, challenge: str, fw: str
) -> Ticket | Refusals:
    device = gather.machine_of(unit, job).device or ""
    lease_s = (until - unit.now) // 1000
    try:
        ticket = tickets.make(
            unit,
            device,
            "on",
            person_id=welder.id,
            job=job.id,
            lease_s=lease_s,
            life_s=lease_s,
            challenge=challenge,
            fw=fw,
        )
    except NoTicket:
        return table.refused_for(unit, job, welder.id, "on", "terminal-missing")
    if ticket.n is not None:
        until = ticket.exp  # the terminal's word for it; one asked for before may be used as well
    kind = "challenge" if challenge else "number"
    table.move(
        unit,
        job,
        "ticket-issued",
        actor=welder.id,
        details={"ticket": ticket.id, "by": kind, "lease_s": lease_s},
        device=device,
        asked_at=job.asked_at or unit.now,
        on_command=ticket.id,
        ticket_until=max(until, job.ticket_until or 0),
        lease_until=until,
        **table.NOTHING_REFUSED,
    )
    return ticket


def _taken_along(unit: Unit, job: Job) -> bool:
    return tickets.taken_along(unit, job.id, "on", job.welder_id) is not None


def _job_of(unit: Unit, event: Event) -> Job | None:
    job = table.by_id(unit, event.details["job"] or "")
    return None if job is None else table.locked(unit, job)


def _note(unit: Unit, event: Event, job: Job | None) -> None:
    """A ticket that moves no job, a technician's or `here`: the book says what came of it."""
    place = job or machines.by_device(unit, event.details["device"])
    if place is not None:
        told = {name: event.details[name] for name in ("device", "act", "word")}
        person = event.details["person"]
        audit.write(unit, place.district, person, event.kind, event.subject, told)

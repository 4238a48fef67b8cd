"""ON and OFF, and the closing of the site. The job follows what the terminal really did."""

from collections.abc import Set

from cloud.base.unit import Unit
from cloud.book import outbox
from cloud.link import commands, tickets
from cloud.link.commands import TerminalDark
from cloud.registry import sight
from cloud.registry.people import Person
from cloud.work import closing, gather, handing, speech
from cloud.work import job as table
from cloud.work.decide import authority_ends, decide
from cloud.work.facts import UNPROVED, ProofFacts
from cloud.work.job import OPEN, Job, profile_of
from cloud.work.refusal import Refusals


def switch_on(
    unit: Unit, job: Job, welder: Person, proof: ProofFacts = UNPROVED
) -> Job | Refusals:
    """The welder presses ON: decided again with fresh facts; pressed twice it is one request.

    The job is `on` only when the terminal says that its relay is closed for it.
    """
    job = table.locked(unit, job)
    if job.welder_id != welder.id:
        return table.refused_for(unit, job, welder.id, "on", "not-your-job")
    if job.state == "on":
        return job
    if job.state not in OPEN:
        return table.refused_for(unit, job, welder.id, "on", "job-closed")
    # Without a first ON there is none on its way: most presses need not look.
    if job.asked_at and job.device and commands.pending(unit, job.device, job.id, "1"):
        return job
    profile = profile_of(job)
    facts = gather.at_step(unit, "on", job, proof=proof)
    decision = decide(facts, profile)
    if not decision.allowed:
        return not_on(unit, job, decision.refusals)
    until = authority_ends(facts, profile)
    if job.on_at is not None and job.lease_until is not None:
        until = min(until, job.lease_until)
    if until - unit.now < 1000:
        return table.refused_for(unit, job, welder.id, "on", "lease-over")
    if facts.machine.cylinder:
        return _begin(unit, job, welder, until)
    return _send_on(unit, job, welder, until)


def not_on(unit: Unit, job: Job, refusals: Refusals) -> Refusals:
    """The welder's press is refused. The fire watch's word that a ticket kept for its own use is
    over with it: who asks anew does not weld by the old one, and the fire watch looks again."""
    along = tickets.taken_along(unit, job.id, "on", job.welder_id)
    if "watch-expired" in refusals.codes and job.state == "watched" and along is None:
        closing.watch_over(unit, job)
    return table.refused(unit, job, refusals, job.welder_id, "on")


def switch_off(unit: Unit, job: Job, person: Person, reason: str = "") -> Job | Refusals:
    """End the job: welder, fire watch, office, or an officer of the district. Never refused late.

    The book says `ended` at once; the terminal is told until its relay is known to be open.
    `reason` = what the person gives as the reason, in their own words, for the job's page.
    """
    job = table.locked(unit, job)
    part = _part(unit, job, person)
    if part is None:
        return table.refused_for(unit, job, person.id, "off", "not-your-job")
    if job.state not in OPEN:
        return job
    return closing.end(unit, job, person.id, part, words=reason)


def cancel(unit: Unit, job: Job, person: Person) -> Job | Refusals:
    """Give a job up before it began; one that the terminal may know of is ended instead."""
    return switch_off(unit, job, person)


def clear(unit: Unit, job: Job, person: Person, ticks: Set[str]) -> Job | Refusals:
    """Power cut and site cleared (CQ art. 28), by the welder or the fire watch of the job."""
    job = table.locked(unit, job)
    if person.id not in (job.welder_id, job.fire_watch_id):
        return table.refused_for(unit, job, person.id, "clear", "not-your-job")
    if job.state == "cleared":
        return job
    if job.state != "ended":
        return table.refused_for(unit, job, person.id, "clear", "wrong-step")
    if not {tick.id for tick in profile_of(job).clear_checklist} <= ticks:
        return table.refused_for(unit, job, person.id, "clear", "clear-checklist")
    outbox.tell(unit, "job-cleared", job.id, {})
    return table.move(
        unit,
        job,
        "job-cleared",
        actor=person.id,
        state="cleared",
        cleared_at=unit.now,
        **table.NOTHING_REFUSED,
    )


def _begin(unit: Unit, job: Job, welder: Person, until: int) -> Job:
    """Work with cylinders begins by the press alone: there is nothing to switch."""
    job = table.move(
        unit,
        job,
        "job-on",
        actor=welder.id,
        state="on",
        asked_at=unit.now,
        on_at=unit.now,
        lease_until=until,
        **table.NOTHING_REFUSED,
    )
    handing.passed_on(unit, job)
    return job


def _send_on(unit: Unit, job: Job, welder: Person, until: int) -> Job | Refusals:
    device = gather.machine_of(unit, job).device
    lease_s = (until - unit.now) // 1000
    content = {"job": job.id, "lease_s": lease_s, "until": until, "say": speech.SWITCHED_ON}
    try:
        command = commands.issue(unit, device or "", "switch", code="1", content=content)
    except TerminalDark:
        return table.refused_for(unit, job, welder.id, "on", "terminal-dark")
    return table.move(
        unit,
        job,
        "on-asked",
        actor=welder.id,
        details={"command": command.id, "lease_s": lease_s},
        device=device,
        asked_at=job.asked_at or unit.now,
        asked_on_at=unit.now,
        on_command=command.id,
        lease_until=until,
        **table.NOTHING_REFUSED,
    )


def _part(unit: Unit, job: Job, person: Person) -> str | None:
    """In which part this person may end the job, as the word for the reason."""
    if person.id == job.welder_id:
        return "welder"
    if person.id == job.fire_watch_id:
        return "fire-watch"
    if person.status != "active":
        return None
    if "office" in person.roles:
        return "office"
    eyes, machine = sight.of(unit, person), gather.machine_of(unit, job)
    inside = eyes and eyes.covers(machine.industry, job.district, machine.district)
    return "officer" if inside else None

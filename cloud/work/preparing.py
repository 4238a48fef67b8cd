"""What comes before the weld: the site is checked, a second person watches, both are there."""

from collections.abc import Callable, Set
from functools import partial
from typing import TypeVar

from sqlalchemy.exc import IntegrityError

from cloud.base.unit import Unit
from cloud.link.tickets import Ticket
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.work import gather, presence, proving
from cloud.work import job as table
from cloud.work.decide import decide
from cloud.work.facts import UNPROVED, ProofFacts
from cloud.work.job import BEFORE, OPEN, Job, profile_of
from cloud.work.presence import PresenceCode, four_digits
from cloud.work.profiles import Tick
from cloud.work.refusal import Refusals

Asked = TypeVar("Asked", PresenceCode, Ticket)


def ask_code(
    unit: Unit, job: Job, person: Person, draw: Callable[[], str] = four_digits
) -> PresenceCode | Refusals:
    """Let the machine speak a code for the welder, or for whoever may become the fire watch."""
    return _asked(unit, job, person, partial(presence.speak, draw=draw))


def ask_here(unit: Unit, job: Job, person: Person, challenge: str) -> Ticket | Refusals:
    """In place of a spoken code: a ticket that the person's phone takes to the terminal, which
    answers it. `challenge` = what the phone has just read there."""
    return _asked(unit, job, person, partial(presence.challenge, read=challenge))


def presence_until(unit: Unit, job: Job, person: Person) -> dict[str, int]:
    """`presence.good_until` at this job's machine."""
    return presence.good_until(unit, gather.machine_of(unit, job), person, job)


def check(
    unit: Unit,
    job: Job,
    welder: Person,
    typed_code: str,
    ticks: Set[str],
    ten_rules_read: bool,
) -> Job | Refusals:
    """The welder confirms the risk check-list, the ten rules, and being there (CQ art. 25, 26)."""
    job = table.locked(unit, job)
    if job.welder_id != welder.id:
        return table.refused_for(unit, job, welder.id, "check", "not-your-job")
    if job.state in ("checked", "watched", "on", "paused"):
        return job
    if job.state not in BEFORE:
        return table.refused_for(unit, job, welder.id, "check", "job-closed")
    profile = profile_of(job)
    kept = _ids(profile.checklist) & ticks
    facts = gather.at_step(unit, "check", job, ticks=kept, ten_rules_read=ten_rules_read)
    decision = decide(facts, profile)
    refusals = decision.refusals or _presence(unit, job, welder, typed_code)
    if refusals:
        return table.refused(unit, job, refusals, welder.id, "check")
    return table.move(
        unit,
        job,
        "job-checked",
        actor=welder.id,
        state="checked",
        checked_at=unit.now,
        ticks=sorted(kept),
        ten_rules_read=ten_rules_read,
        welder_present=profile.presence,
        **table.NOTHING_REFUSED,
    )


def watch(
    unit: Unit,
    job: Job,
    person: Person,
    typed_code: str,
    ticks: Set[str],
    proof: ProofFacts = UNPROVED,
) -> Job | Refusals:
    """A second person confirms on site (CQ art. 23); good once, for `settings.watched_s`."""
    job = table.locked(unit, job)
    if job.state in ("watched", "on", "paused") and job.fire_watch_id == person.id:
        return job
    if job.state != "checked":
        closed = job.state not in OPEN
        return table.refused_for(
            unit, job, person.id, "watch", "job-closed" if closed else "wrong-step"
        )
    profile = profile_of(job)
    kept = _ids(profile.watch_checklist) & ticks
    facts = gather.at_step(unit, "watch", job, person, watch_ticks=kept, proof=proof)
    decision = decide(facts, profile)
    refusals = decision.refusals or _presence(unit, job, person, typed_code)
    if refusals:
        return table.refused(unit, job, refusals, person.id, "watch")
    try:
        with unit.savepoint():
            return table.move(
                unit,
                job,
                "job-watched",
                actor=person.id,
                state="watched",
                fire_watch_id=person.id,
                watched_at=unit.now,
                watch_ticks=sorted(kept),
                fire_watch_present=profile.presence,
                **table.NOTHING_REFUSED,
            )
    except IntegrityError:
        return table.refused_for(
            unit, table.locked(unit, job), person.id, "watch", "fire-watch-busy"
        )


def _asked(
    unit: Unit,
    job: Job,
    person: Person,
    ask: Callable[[Unit, Machine, Person, Job], Asked | Refusals],
) -> Asked | Refusals:
    """One way of proving presence begins, if that is what comes next; a refusal is kept."""
    job = table.locked(unit, job)
    refused = _not_yet(unit, job, person)
    if refused:
        return refused
    made = ask(unit, gather.machine_of(unit, job), person, job)
    if isinstance(made, Refusals):
        return table.refused(unit, job, made, person.id, "code")
    return made


def _not_yet(unit: Unit, job: Job, person: Person) -> Refusals | None:
    """Why this person's presence is not what comes next here; None if it is."""
    profile = profile_of(job)
    if not _wants_code(job, person):
        return table.refused_for(unit, job, person.id, "code", "wrong-step")
    if person.id != job.welder_id:
        every = _ids(profile.watch_checklist)  # ticked later, with the code
        claimed = {"watch_ticks": every, "joint_photo": True, "proof": proving.later(unit)}
        decision = decide(gather.at_step(unit, "watch", job, person, **claimed), profile)
        if not decision.allowed:
            return table.refused(unit, job, decision.refusals, person.id, "code")
    return None


def _presence(unit: Unit, job: Job, person: Person, typed: str) -> Refusals:
    if not profile_of(job).presence:
        return Refusals()
    refusal = presence.prove(unit, gather.machine_of(unit, job), person, job, typed)
    return Refusals([refusal] if refusal else [])


def _wants_code(job: Job, person: Person) -> bool:
    """Whether this person's presence is what comes next: the welder's first, then the other's."""
    if not profile_of(job).presence:
        return False
    if person.id == job.welder_id:
        return job.state in ("applied", "permitted")
    return job.state == "checked"


def _ids(lines: tuple[Tick, ...]) -> frozenset[str]:
    return frozenset(line.id for line in lines)

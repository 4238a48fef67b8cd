"""A job changes hands (CQ art. 27): it ends, the machine is off, another welder opens a new one.

Nobody welds on another's authority: the second welder scans with the own phone, certificate and
rules are decided anew, and so is the fire watch. What goes on is the work: where and what it is,
and the site, which the first still has to clear until the second's relay is closed.
"""

from contextlib import suppress

from cloud.base.settings import Settings
from cloud.base.unit import Unit
from cloud.book import outbox
from cloud.link import commands
from cloud.link.commands import TerminalDark
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.work import closing, cylinders, opening, profiles, speech
from cloud.work import job as table
from cloud.work.job import Job, profile_of
from cloud.work.refusal import Refusals
from cloud.work.rules import refuse

HANDOVER = "handover"
_GIVEN_UP = ("cancelled", "expired")


def may_hand_over(job: Job) -> bool:
    """Whether there is work that another welder could go on with."""
    return job.state in ("on", "paused")


def good_until(settings: Settings, job: Job) -> int | None:
    """Until when an offered job may be taken over: as long as its site may stay uncleared."""
    return None if job.offered_at is None else job.offered_at + settings.clear_s * 1000


def hand_over(unit: Unit, job: Job, welder: Person) -> Job | Refusals:
    """The welder cannot finish: the job ends at once, and another may take it over."""
    job = table.locked(unit, job)
    if job.welder_id != welder.id:
        return table.refused_for(unit, job, welder.id, HANDOVER, "not-your-job")
    if job.offered_at is not None:
        return job
    if not may_hand_over(job):
        return table.refused_for(unit, job, welder.id, HANDOVER, table.not_now(job))
    job = closing.end(unit, job, welder.id, HANDOVER, offered_at=unit.now)
    if job.device:
        with suppress(TerminalDark):  # whoever is beside it, the fire watch too, hears of it
            commands.issue(unit, job.device, "say", content={"say": speech.HANDED_OVER})
    return job


def offered_on(unit: Unit, machine: Machine) -> Job | None:
    """The job with this machine or cylinder that another welder may take over now."""
    since = unit.now - unit.settings.clear_s * 1000
    found = table.offered_on(unit, machine.id, since)
    return found or cylinders.offered_with(unit, machine, since)


def take_over(unit: Unit, welder: Person, machine: Machine, job_id: str) -> Job | Refusals:
    """Open a job that goes on with the one offered: once that has no power, decided like any.

    `job_id` = the job that the welder's page offered. Pressed twice it is the same job. Of work
    with several cylinders the one scanned is taken; each of the others is scanned into the job.
    """
    running = cylinders.running_with(unit, machine)
    if running and (running.welder_id, running.handed_from) == (welder.id, job_id):
        return running
    before = offered_on(unit, machine)
    if before is None or before.id != job_id:
        profile = profiles.load(unit.settings.profile)
        return Refusals([refuse("handover-over", profile)])
    before = table.locked(unit, before)
    if before.welder_id == welder.id:
        return Refusals([refuse("handover-own", profile_of(before))])
    goes_on = table.going_on_with(unit, before.id)
    if running is None and any(
        one.state in table.OPEN and one.welder_id != welder.id for one in goes_on
    ):  # through another of its cylinders
        return Refusals([refuse("handover-over", profile_of(before))])
    # Own people go on for the same client; an outside welder's own contract is found.
    same_house = welder.enterprise_id == machine.enterprise_id
    taken = opening.apply(
        unit,
        welder,
        machine,
        before.site,
        before.work,
        before.voucher,
        district=before.district,
        contract=(before.contract_id or "") if same_house else "",
        fire_watch=before.named_watch_id or "",
        planned=_rest(unit, before),
        before=before,
    )
    if isinstance(taken, Job) and taken.handed_from == before.id:
        told = {"job": taken.id, "by": welder.id}
        table.move(unit, before, "handover-accepted", actor=welder.id, details=told)
    return taken


def _rest(unit: Unit, before: Job) -> tuple[int, int] | None:
    """What is left of the time that was planned."""
    until = before.planned_until or 0
    return (unit.now, until) if until > unit.now else None


def passed_on(unit: Unit, job: Job) -> None:
    """A job that was taken over is on: from now on its people have the site."""
    before = table.by_id(unit, job.handed_from) if job.handed_from else None
    if before is None:
        return
    before = table.locked(unit, before)
    if before.state != "ended":
        return
    outbox.tell(unit, "job-cleared", before.id, {})
    table.move(
        unit,
        before,
        "site-passed-on",
        actor=job.welder_id,
        state="cleared",
        details={"job": job.id},
        cleared_at=unit.now,
        **table.NOTHING_REFUSED,
    )


def hands(unit: Unit, found: list[Job]) -> dict[str, tuple[str | None, str | None]]:
    """By job the ids of the welder before and of the one after, where it changed hands."""
    unit.hold(Job, (job.handed_from for job in found))
    before = {
        job.id: table.by_id(unit, job.handed_from) if job.handed_from else None for job in found
    }
    offered = [job.id for job in found if job.offered_at is not None]
    after: dict[str | None, str] = {}  # unless it was given up before it began
    for one in table.going_on_with(unit, *offered) if offered else ():
        if one.state not in _GIVEN_UP:
            after.setdefault(one.handed_from, one.welder_id)
    return {
        id: (first.welder_id if first else None, after.get(id)) for id, first in before.items()
    }

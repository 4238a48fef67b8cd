"""A job goes on beyond its permit: somebody approved a later one, the welder presses (C24).

On for the running job only sets its lease; it is the welder's own press like any ON.
"""

from dataclasses import replace
from typing import Any

from cloud.base.unit import Unit
from cloud.link import commands
from cloud.link.commands import TerminalDark
from cloud.registry.people import Person
from cloud.work import gather, hiring, permits, speech
from cloud.work import job as table
from cloud.work.decide import authority_ends, decide
from cloud.work.job import Job, profile_of
from cloud.work.permits import Permit
from cloud.work.refusal import Refusals

_WORTH_MS = 60_000  # a shorter extension is none
_OFFERED_MS = 3_600_000  # one that only gives back what has run of the longest lease is put off


def offered(unit: Unit, job: Job) -> bool:
    """Whether the button does something worth a press: the permit to its end, or an hour."""
    permit = later(unit, job)
    if permit is None:
        return False
    until = _at_most(unit, job, permit.window_to)
    return until == permit.window_to or until >= (job.lease_until or 0) + _OFFERED_MS


def later(unit: Unit, job: Job) -> Permit | None:
    """The approved permit that would carry the running job longer than its lease."""
    if profile_of(job).permit == "no" or job.state != "on":
        return None
    found = permits.covering(unit, gather.machine_of(unit, job), hiring.client_of(unit, job))
    if found is None or _at_most(unit, job, found.window_to) < _worth(job):
        return None
    return found


def extend(unit: Unit, job: Job, welder: Person) -> Job | Refusals:
    """A longer lease under the later permit, decided with fresh facts."""
    job = table.locked(unit, job)
    if job.welder_id != welder.id:
        return table.refused_for(unit, job, welder.id, "extend", "not-your-job")
    permit = later(unit, job)
    if permit is None:
        code = "extend-nothing" if job.state == "on" else "wrong-step"
        return table.refused_for(unit, job, welder.id, "extend", code)
    profile = profile_of(job)
    facts = gather.at_step(unit, "on", job, permit=permit)
    facts = replace(facts, resuming=True)  # the fire watch is there and checks in
    decision = decide(facts, profile)
    if not decision.allowed:
        return table.refused(unit, job, decision.refusals, welder.id, "extend")
    until = _at_most(unit, job, authority_ends(facts, profile))
    if until < _worth(job):
        return table.refused_for(unit, job, welder.id, "extend", "extend-nothing")
    lease_s = (until - unit.now) // 1000
    details: dict[str, Any] = {"permit": permit.id, "lease_s": lease_s}
    changes: dict[str, Any] = {"permit_id": permit.id, "lease_until": until}
    if not facts.machine.cylinder:  # which is told nothing
        content = {"job": job.id, "lease_s": lease_s, "until": until, "say": speech.EXTENDED}
        try:
            command = commands.issue(unit, job.device or "", "switch", code="1", content=content)
        except TerminalDark:
            return table.refused_for(unit, job, welder.id, "extend", "terminal-dark")
        details["command"] = changes["on_command"] = command.id
    changes |= table.NOTHING_REFUSED
    return table.move(unit, job, "job-extended", actor=welder.id, details=details, **changes)


def _worth(job: Job) -> int:
    return (job.lease_until or 0) + _WORTH_MS


def _at_most(unit: Unit, job: Job, until: int) -> int:
    """No lease is longer than twelve hours, or what the rules allow, whatever was approved; work
    with cylinders ends so long after it began."""
    since = job.on_at if job.device is None else None
    longest_s = profile_of(job).longest_s(unit.settings.lease_max_s)
    return min(until, (since or unit.now) + longest_s * 1000)

"""The fire watch checks in while the machine works (CQ art. 18, 44(5)): every hour, by profile.

A check-in that is late is asked for aloud at the machine; the second in a row is an alarm.
Anything the fire watch does on site counts from the moment the relay closed.
"""

from contextlib import suppress

from cloud.base.unit import Unit
from cloud.book import outbox
from cloud.link import commands
from cloud.link.commands import TerminalDark
from cloud.registry.people import Person
from cloud.work import job as table
from cloud.work import speech
from cloud.work.job import SYSTEM, Job
from cloud.work.refusal import Refusals


def check_in(unit: Unit, job: Job, person: Person) -> Job | Refusals:
    """The fire watch is there. Event after a late one: `watch-back` (subject = job id)."""
    job = table.locked(unit, job)
    if person.id != job.fire_watch_id:
        return table.refused_for(unit, job, person.id, "check-in", "not-your-job")
    if job.state != "on":
        return table.refused_for(unit, job, person.id, "check-in", table.not_now(job))
    if job.missed >= table.MISSES:
        outbox.tell(unit, "watch-back", job.id, {})
    return table.move(unit, job, "watch-checked-in", actor=person.id, seen_at=unit.now, missed=0)


def missed(unit: Unit, job: Job) -> None:
    """A check-in is due and did not come. Event at the second: `watch-away`."""
    late = job.missed + 1
    table.move(unit, job, "watch-late", actor=SYSTEM, details={"missed": late}, missed=late)
    with suppress(TerminalDark):
        commands.issue(unit, job.device or "", "say", content={"say": speech.CHECK_IN})
    if late >= table.MISSES:
        outbox.tell(unit, "watch-away", job.id, {})

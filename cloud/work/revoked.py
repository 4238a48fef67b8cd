"""A certificate that is no longer good ends the job that stands on it, at once."""

from cloud.base.unit import Unit
from cloud.book.outbox import Event, Handlers
from cloud.work import closing, gather
from cloud.work import job as table
from cloud.work.decide import decide
from cloud.work.job import SYSTEM, Job, profile_of

# A register that cannot be reached is no reason to end what was begun with a good answer.
_NO_REASON = "certificate-unchecked"


def handlers() -> Handlers:
    """What the work does when an issuer says something new, for `outbox.deliver`."""
    return {"certificate-changed": [changed]}


def changed(unit: Unit, event: Event) -> None:
    """End the holder's job that the terminal knows of, if no certificate carries it any more."""
    welder = event.details["person"]
    for found in table.open_touching(unit, "", [welder]):
        job = table.locked(unit, found)
        begun = job.welder_id == welder and job.asked_at is not None
        if begun and job.state in table.OPEN and _lost(unit, job):
            closing.end(unit, job, SYSTEM, "certificate")


def _lost(unit: Unit, job: Job) -> bool:
    refusals = decide(gather.at_step(unit, "on", job), profile_of(job)).refusals.codes
    return any(code.startswith("certificate-") and code != _NO_REASON for code in refusals)

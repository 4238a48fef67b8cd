"""A picture is taken in for a job: by the right person, at the right step, and never twice."""

from sqlalchemy.exc import IntegrityError

from cloud.base.ids import new_id
from cloud.base.unit import Unit
from cloud.book import media, outbox
from cloud.registry.people import Person
from cloud.work import gather, pictures, proving
from cloud.work import job as table
from cloud.work.decide import decide
from cloud.work.job import Job, profile_of
from cloud.work.pictures import JOINT, JobPicture
from cloud.work.refusal import Refusals

MOST = 9  # of one kind in one job


def add(unit: Unit, job: Job, person: Person, made: media.Ready) -> JobPicture | Refusals:
    """Keep a picture for this job; the same one again is the same. It serves no other job.

    Event: `picture-kept` (subject = the picture's id).
    """
    job = table.locked(unit, job)
    known = pictures.by_digest(unit, made.digest)
    if known is not None and (known.job_id, known.person_id) == (job.id, person.id):
        return known
    kind = pictures.wanted(job, person)
    refusals = _may_watch(unit, job, person) if kind == JOINT else Refusals()
    if refusals:
        return table.refused(unit, job, refusals, person.id, "picture")
    code = "picture-known" if known else ""
    if not kind:
        code = table.not_now(job)
    elif pictures.count(pictures.of_job(unit, job.id), kind) >= MOST:
        code = "picture-many"
    if code:
        return table.refused_for(unit, job, person.id, "picture", code)
    row = JobPicture(
        id=new_id(),
        job_id=job.id,
        person_id=person.id,
        kind=kind,
        digest=made.digest,
        made_at=unit.now,
    )
    try:
        with unit.savepoint():
            unit.db.add(row)
    except IntegrityError:  # somebody was quicker with the same picture
        return table.refused_for(unit, job, person.id, "picture", "picture-known")
    kept = media.keep(unit, made)
    told = {"kind": kind, "picture": row.id, "sha256": row.digest, "placed": kept.lat is not None}
    table.move(unit, job, "picture-kept", actor=person.id, details=told, **table.NOTHING_REFUSED)
    outbox.tell(unit, "picture-kept", row.id, {"job": job.id, "digest": row.digest})
    return row


def _may_watch(unit: Unit, job: Job, person: Person) -> Refusals:
    """Why this person may not become the fire watch, but for what comes after the picture."""
    profile = profile_of(job)
    every = frozenset(tick.id for tick in profile.watch_checklist)
    claimed = {"watch_ticks": every, "joint_photo": True, "proof": proving.later(unit)}
    return decide(gather.at_step(unit, "watch", job, person, **claimed), profile).refusals

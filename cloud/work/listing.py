"""Jobs as lists: a person's own ones, and those open now for an enterprise (reads only)."""

from sqlalchemy import CompoundSelect, select, union_all

from cloud.base.unit import Unit
from cloud.registry.contracts import Contract
from cloud.work.job import IS_OPEN, OPEN, Job, profile_of
from cloud.work.view import next_step


def of_person(unit: Unit, person_id: str, limit: int, offset: int = 0) -> list[Job]:
    """The jobs in which this person welded or watched, or is to watch, the newest first."""
    # Arms, each along its own index and no longer than what is shown; nobody watches oneself.
    arms = (
        select(Job.id, Job.applied_at)
        .where(*whose)
        .order_by(Job.applied_at.desc())
        .limit(limit + offset)
        .subquery()
        for whose in (
            (Job.welder_id == person_id,),
            (Job.fire_watch_id == person_id,),
            (Job.named_watch_id == person_id, Job.fire_watch_id.is_(None), IS_OPEN),
        )
    )
    found = union_all(*(select(arm.c.id) for arm in arms)).subquery()
    rows = select(Job).where(Job.id.in_(select(found.c.id)))
    newest = rows.order_by(Job.applied_at.desc(), Job.id.desc())
    return list(unit.db.scalars(newest.limit(limit).offset(offset)))


def to_do(job: Job, person_id: str) -> str:
    """What somebody whose job `of_person` finds still has to do: a step of `JobView.step`, or
    empty."""
    if job.state == "ended":
        return "clear"
    if job.state not in OPEN:
        return ""
    waits = next_step(job, profile_of(job))
    if person_id == job.welder_id:
        return "wait-watch" if waits == "watch" else waits
    if person_id != job.fire_watch_id:  # named in the application, and waited for
        return {"check": "wait-check", "face": "wait-face"}.get(waits, waits)
    return "stop" if job.state in ("on", "paused") else "wait-on"


def open_for(enterprise_id: str) -> CompoundSelect[tuple[str, int, str]]:
    """SQL: id, applied_at and state of the open jobs on its machines, and of those done for it."""
    theirs = select(Contract.id).where(Contract.client_id == enterprise_id)
    columns = (Job.id, Job.applied_at, Job.state)
    return union_all(
        select(*columns).where(Job.enterprise_id == enterprise_id, IS_OPEN),
        # What is done for it on its own machine is in the other arm.
        select(*columns).where(
            Job.contract_id.in_(theirs), Job.enterprise_id != enterprise_id, IS_OPEN
        ),
    )

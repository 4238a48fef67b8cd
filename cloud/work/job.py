"""One weld from scan to close: the row, its states, and the one function that moves it.

applied → permitted → checked → watched → on ⇄ paused → ended → cleared
Side exits: refused, cancelled, expired. A step that the profile does not ask for is passed over.
Nobody else writes the row, and every move writes one audit row.
"""

from typing import Any

from sqlalchemy import ForeignKey, Index, bindparam, func, literal_column, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.ids import new_id
from cloud.base.rows import Rows
from cloud.base.settings import Settings
from cloud.base.unit import Unit
from cloud.book import audit, outbox
from cloud.work import profiles
from cloud.work.profiles import Profile
from cloud.work.refusal import Refusal, Refusals
from cloud.work.rules import refuse

BEFORE = ("applied", "permitted", "checked", "watched")
OPEN = (*BEFORE, "on", "paused")
OVER = ("ended", "cleared", "refused", "cancelled", "expired")
TOLD_ABOVE = ("checked", "watched", "ended", "cancelled", "expired")  # to a superior platform
SYSTEM = "system"
MISSES = 2  # check-ins missed in a row


class Job(Base):
    """One job. Times are epoch ms, None = did not happen. `due_at` = when the sweep looks next.

    `planned_from`, `planned_until` = the time that the application names (rules/site.py).
    `named_watch_id` = whom the application names as the fire watch, where a profile asks.
    `face_by` = who found that it is this welder: verifier or fire-watch (work/verifying.py).
    `asked_at` = the first ON that was ever sent: from then on the terminal may know the job.
    `on_command` = the ON that may still close the relay; `asked_on_at` = it waits for its answer.
    `ticket_until` = until then a ticket may still close or keep closed the relay.
    `seen_at` = the fire watch's last sign while on, `missed` = check-ins that did not come since.
    `off_asked_at` = since when we wait for the relay to be open after the end.
    `offered_at` = ended so that another welder goes on, `handed_from` = the job that this one goes
    on with (work/handing.py).
    """

    __tablename__ = "job"

    id: Mapped[str] = mapped_column(primary_key=True)
    profile: Mapped[str]
    machine_id: Mapped[str] = mapped_column(ForeignKey("machine.id"))
    device: Mapped[str | None]
    enterprise_id: Mapped[str] = mapped_column(ForeignKey("enterprise.id"))
    district: Mapped[str]
    welder_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    fire_watch_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    named_watch_id: Mapped[str | None]
    site: Mapped[str]
    work: Mapped[str]
    planned_from: Mapped[int | None]
    planned_until: Mapped[int | None]
    voucher: Mapped[str]
    permit_id: Mapped[str | None] = mapped_column(ForeignKey("permit.id"))
    contract_id: Mapped[str | None]  # registry/contracts.py
    ticks: Mapped[list[str]] = mapped_column(default=list)
    ten_rules_read: Mapped[bool] = mapped_column(default=False)
    welder_present: Mapped[bool] = mapped_column(default=False)
    watch_ticks: Mapped[list[str]] = mapped_column(default=list)
    fire_watch_present: Mapped[bool] = mapped_column(default=False)
    face_by: Mapped[str] = mapped_column(default="", server_default="")
    state: Mapped[str]
    state_at: Mapped[int]
    due_at: Mapped[int | None]
    applied_at: Mapped[int]
    checked_at: Mapped[int | None]
    watched_at: Mapped[int | None]
    asked_at: Mapped[int | None]
    asked_on_at: Mapped[int | None]
    on_command: Mapped[str | None]
    ticket_until: Mapped[int | None]
    lease_until: Mapped[int | None]
    seen_at: Mapped[int | None]
    missed: Mapped[int] = mapped_column(default=0, server_default="0")
    on_at: Mapped[int | None]
    paused_at: Mapped[int | None]
    ended_at: Mapped[int | None]
    end_reason: Mapped[str] = mapped_column(default="")
    off_asked_at: Mapped[int | None]
    off_told_at: Mapped[int | None]
    off_confirmed_at: Mapped[int | None]
    off_alarm_at: Mapped[int | None]
    cleared_at: Mapped[int | None]
    clear_alarm_at: Mapped[int | None]
    refusals: Mapped[list[str]] = mapped_column(default=list)
    refusal_values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    refused_to: Mapped[str] = mapped_column(default="")
    offered_at: Mapped[int | None]
    handed_from: Mapped[str | None]


# Spelled out, not bound: a database uses a partial index only for a condition it can read.
IS_OPEN = Job.state.in_([literal_column(f"'{state}'") for state in OPEN])
_TERMINAL_UNSURE = Job.asked_at.is_not(None) & or_(
    IS_OPEN, Job.off_confirmed_at.is_(None), Job.off_told_at.is_(None)
)


# Ended for another welder, and the site is not cleared or passed on yet.
IS_OFFERED = Job.offered_at.is_not(None) & (Job.state == literal_column("'ended'"))
_UNCONFIRMED = Job.off_alarm_at.is_not(None) & Job.off_confirmed_at.is_(None)


def _index(name: str, *columns: Any, where: Any, unique: bool = False) -> Index:
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


# At most one open job per machine, per welder and per fire watch, whoever is quicker.
_index("ux_job_open_machine", Job.machine_id, where=IS_OPEN, unique=True)
_index("ux_job_open_welder", Job.welder_id, where=IS_OPEN, unique=True)
_index("ux_job_open_fire_watch", Job.fire_watch_id, where=IS_OPEN, unique=True)
_index("ix_job_open_named_watch", Job.named_watch_id, where=IS_OPEN)
_index("ix_job_open_on", Job.on_at, where=IS_OPEN)
_index("ix_job_open_enterprise", Job.enterprise_id, where=IS_OPEN)
_index("ix_job_open_contract", Job.contract_id, where=IS_OPEN)
_index("ix_job_permit", Job.permit_id, where=Job.permit_id.is_not(None))
_index("ix_job_due", Job.due_at, where=Job.due_at.is_not(None))
_index("ix_job_terminal", Job.device, where=_TERMINAL_UNSURE)
_index("ix_job_unconfirmed", Job.off_alarm_at, where=_UNCONFIRMED)
_index("ix_job_offered", Job.machine_id, where=IS_OFFERED)
_index("ix_job_handed_from", Job.handed_from, where=Job.handed_from.is_not(None))
Index("ix_job_machine", Job.machine_id, Job.applied_at)
Index("ix_job_welder", Job.welder_id, Job.applied_at)
Index("ix_job_fire_watch", Job.fire_watch_id, Job.applied_at)


# --- finding ------------------------------------------------------------------------------------

_OPEN_ON = Rows(select(Job).where(Job.machine_id == bindparam("machine"), IS_OPEN))
_BOTH = (bindparam("welder"), bindparam("watch"))
_TOUCHED = (
    Job.machine_id == bindparam("machine"),
    Job.welder_id.in_(_BOTH),
    Job.fire_watch_id.in_(_BOTH),
)
# Each part with its own condition, so that each can use its own partial index.
_OPEN_TOUCHING = Rows(select(Job).where(or_(*(one & IS_OPEN for one in _TOUCHED))))
_UNSURE_AT = Rows(
    select(Job)
    .where(Job.device == bindparam("device"), _TERMINAL_UNSURE)
    .order_by(Job.applied_at, Job.id)
)


def by_id(unit: Unit, job_id: str) -> Job | None:
    return unit.db.get(Job, job_id)


def locked(unit: Unit, job: Job) -> Job:
    """The job as it is now, held against other workers until the end of the unit."""
    return unit.db.get_one(Job, job.id, populate_existing=True, with_for_update=True)


def open_on(unit: Unit, machine_id: str) -> Job | None:
    """The open job of a machine."""
    return _OPEN_ON.first(unit.db, machine=machine_id)


def open_touching(unit: Unit, machine_id: str, welder: str, watch: str | None) -> list[Job]:
    """The open jobs on this machine, and those in which one of the two welds or watches."""
    return _OPEN_TOUCHING.all(unit.db, machine=machine_id, welder=welder, watch=watch)


def open_with(unit: Unit, people: list[str]) -> list[Job]:
    """The open jobs in which one of these people welds or watches."""
    either = or_(*(one.in_(people) & IS_OPEN for one in (Job.welder_id, Job.fire_watch_id)))
    return list(unit.db.scalars(select(Job).where(either)))


def open_under(unit: Unit, permit_id: str) -> list[Job]:
    """The open jobs that stand on this permit."""
    return list(unit.db.scalars(select(Job).where(Job.permit_id == permit_id, IS_OPEN)))


def open_outside(unit: Unit) -> list[Job]:
    """The open jobs that are counted and not controlled, everywhere."""
    outside = Job.profile.contains(profiles.EXEMPT)
    return list(unit.db.scalars(select(Job).where(outside, IS_OPEN)))


def open_by_contract(unit: Unit, contract_id: str) -> list[Job]:
    """The open jobs that are done under this contract."""
    return list(unit.db.scalars(select(Job).where(Job.contract_id == contract_id, IS_OPEN)))


def count_under(unit: Unit, permit_ids: list[str]) -> dict[str, int]:
    """How many open jobs stand on each of these permits; one without any is left out."""
    if not permit_ids:
        return {}
    rows = select(Job.permit_id, func.count()).where(Job.permit_id.in_(permit_ids), IS_OPEN)
    return {id: count for id, count in unit.db.execute(rows.group_by(Job.permit_id)) if id}


def unsure_at(unit: Unit, device: str) -> list[Job]:
    """The jobs that this terminal may know of and that are open, or not surely over there."""
    return _UNSURE_AT.all(unit.db, device=device)


def overdue(unit: Unit, limit: int = 200) -> list[Job]:
    """The jobs whose time has come, the longest waiting first, held; not those others hold."""
    rows = select(Job).where(Job.due_at.is_not(None), Job.due_at <= unit.now)
    first = rows.order_by(Job.due_at).limit(limit).with_for_update(skip_locked=True)
    return list(unit.db.scalars(first, execution_options={"populate_existing": True}))


def offered_on(unit: Unit, machine_id: str, since: int) -> Job | None:
    """The job on this machine that ended for another welder after `since`, the newest one."""
    rows = select(Job).where(Job.machine_id == machine_id, IS_OFFERED, Job.offered_at > since)
    return unit.db.scalar(rows.order_by(Job.offered_at.desc(), Job.id).limit(1))


def going_on_with(unit: Unit, *ids: str) -> list[Job]:
    """The jobs that took these over, oldest first: more than one if somebody gave up."""
    rows = select(Job).where(Job.handed_from.in_(ids), Job.handed_from.is_not(None))
    return list(unit.db.scalars(rows.order_by(Job.applied_at, Job.id)))


def latest_of(unit: Unit, machine_id: str, person_id: str) -> Job | None:
    """The last job on this machine in which this person welded or watched."""
    mine = or_(Job.welder_id == person_id, Job.fire_watch_id == person_id)
    rows = select(Job).where(Job.machine_id == machine_id, mine)
    return unit.db.scalar(rows.order_by(Job.applied_at.desc(), Job.id.desc()).limit(1))


def profile_of(job: Job) -> Profile:
    """The rules under which the job was opened."""
    return profiles.load(job.profile)


def vouched(job: Job) -> str:
    """What the welder named in place of a permit of the platform; empty where there is one."""
    return "" if job.permit_id else job.voucher


# --- opening and moving -------------------------------------------------------------------------


def opened(unit: Unit, state: str, **given: Any) -> Job:
    """A new job; IntegrityError if machine, welder or fire watch has an open one.

    `profile` may be given; it is the settings' otherwise.
    """
    job = Job(
        id=new_id(),
        profile=given.pop("profile", unit.settings.profile),
        state=state,
        state_at=unit.now,
        applied_at=unit.now,
        **given,
    )
    job.due_at = due(unit.settings, job)
    unit.db.add(job)
    unit.db.flush()
    details: dict[str, Any] = {"refusals": job.refusals} if job.refusals else {}
    details |= {"handed_from": job.handed_from} if job.handed_from else {}
    details |= {"voucher": True} if vouched(job) else {}  # a text of theirs: it stands in the job
    _note(unit, job, job.welder_id, f"job-{state}", details)
    return job


def move(
    unit: Unit,
    job: Job,
    what: str,
    *,
    actor: str = SYSTEM,
    state: str | None = None,
    details: dict[str, Any] | None = None,
    **changes: Any,
) -> Job:
    """Change a job and write the one audit row that says so; `what` = what happened."""
    for name, value in changes.items():
        setattr(job, name, value)
    if state is not None:
        job.state, job.state_at = state, unit.now
    job.due_at = due(unit.settings, job)
    _note(unit, job, actor, what, {"state": job.state} | (details or {}))  # flushed with it
    if state in TOLD_ABOVE and unit.settings.superior_url:
        outbox.tell(unit, "job-moved", job.id, {"state": state})
    return job


def refused(unit: Unit, job: Job, refusals: Refusals, person_id: str, step: str) -> Refusals:
    """Keep the refusals of the last try, for the page of that person and for the book."""
    details = {"step": step, "refusals": refusals.codes}
    columns = kept(refusals, person_id)
    move(unit, job, "job-step-refused", actor=person_id, details=details, **columns)
    return refusals


def refused_for(unit: Unit, job: Job, person_id: str, step: str, code: str) -> Refusals:
    """Refuse a step for one reason that lies outside the rules."""
    return refused(unit, job, Refusals([refuse(code, profile_of(job))]), person_id, step)


def not_now(job: Job) -> str:
    """The refusal of a step that this job's state does not have."""
    return "wrong-step" if job.state in OPEN else "job-closed"


def kept(refusals: list[Refusal], person_id: str) -> dict[str, Any]:
    """The columns that keep refusals: codes, the values in their words, and whom they concern."""
    values = {one.code: one.values for one in refusals if one.values}
    codes = [one.code for one in refusals]
    return {"refusals": codes, "refusal_values": values, "refused_to": person_id}


NOTHING_REFUSED: dict[str, Any] = {"refusals": [], "refusal_values": {}, "refused_to": ""}


def due(settings: Settings, job: Job) -> int | None:
    """When something is to be done about the job if nothing happens; None = never."""
    waits: list[int | None] = [_off_wait(settings, job)]
    if job.asked_on_at is not None:
        waits.append(job.asked_on_at + 2 * settings.command_timeout_s * 1000)
    elif job.state == "watched":
        lapses = (job.watched_at or 0) + settings.watched_s * 1000
        waits.append(max(lapses, job.ticket_until or 0))  # a ticket may be used unseen
    elif job.state in BEFORE:
        waits.append(max(job.state_at, job.planned_from or 0) + settings.unstarted_s * 1000)
    elif job.state == "on":
        waits += [job.lease_until, check_in_due(job)]
    elif job.state == "paused":
        waits += [job.lease_until, (job.paused_at or 0) + settings.resume_s * 1000]
    elif job.state == "ended" and job.clear_alarm_at is None:
        waits.append((job.ended_at or 0) + settings.clear_s * 1000)
    return min((at for at in waits if at is not None), default=None)


def check_in_due(job: Job) -> int | None:
    """By when the fire watch must check in; None = not asked for, or an alarm already."""
    every_ms = profile_of(job).check_in_min * 60_000
    if not every_ms or job.state != "on" or job.fire_watch_id is None or job.seen_at is None:
        return None
    return job.seen_at + (job.missed + 1) * every_ms if job.missed < MISSES else None


def authorised(job: Job, now: int) -> bool:
    """Whether the welder's ON, by the line or by ticket, may be what closed the relay."""
    return job.on_command is not None or (job.ticket_until or 0) > now


def off_due(settings: Settings, job: Job, now: int) -> bool:
    """Whether the relay should have been open by now, and nobody was told that it is not."""
    wait = _off_wait(settings, job)
    return wait is not None and wait <= now


def _off_wait(settings: Settings, job: Job) -> int | None:
    unsure = job.off_asked_at is not None and job.off_confirmed_at is None
    if not unsure or job.off_alarm_at is not None:
        return None
    return (job.off_asked_at or 0) + settings.off_confirm_s * 1000


def _note(unit: Unit, job: Job, actor: str, what: str, details: dict[str, Any]) -> None:
    told = {"machine": job.machine_id, "welder": job.welder_id} | details
    audit.write(unit, job.district, actor, what, job.id, told)

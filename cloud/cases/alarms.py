"""Alarms: raised by one function, the same open one counted and not repeated, closed once.

An alarm closes when what it tells of is over, or a person closes it; who must see to it meanwhile
and by when is in `life.py`. Only this file writes the row; every change is audited and told as an
event: `alarm-raised`, `-assigned`, `-taken`, `-verified`, `-escalated`, `-overdue`, `-closed`.
"""

from typing import Any

from sqlalchemy import Index, literal_column, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.ids import new_id
from cloud.base.unit import Unit
from cloud.book import audit, outbox
from cloud.registry import machines, people

NOTICE, WARNING, DANGER = 1, 2, 3
LEVELS = {
    "TAMPER": DANGER,
    "BYPASS": DANGER,
    "RELAY_STUCK": DANGER,
    "GAS_WARN": WARNING,
    "GAS_TRIP": DANGER,
    "OVER_TEMP": WARNING,
    "EMERGENCY_ON": DANGER,
    "LOW_SIGNAL": NOTICE,
    "JOURNAL_FULL": WARNING,
    "UPGRADE_FAILED": WARNING,
    "POWER_TAMPER": DANGER,
    # What the cloud itself sees:
    "OFF_UNCONFIRMED": DANGER,
    "NOT_CLEARED": WARNING,
    "LONG_ON": WARNING,
    "LONG_IDLE": NOTICE,
    "REMOTE_START": WARNING,
    "OFFLINE_JOB": WARNING,
    "WATCH_AWAY": WARNING,
    "CERTIFICATE_NEAR_END": NOTICE,
    "CYLINDER_SCAN": WARNING,
    "SPECIAL_PERIOD": WARNING,
    "SUPERIOR_BEHIND": WARNING,
    "INTAKE_BEHIND": WARNING,
    "REPORTED_JOB": WARNING,
    "REVIEW_REFUSED": DANGER,
    "NUMBER_TWICE": WARNING,
    "REWIRED": DANGER,
    "SIM_NEAR_END": NOTICE,
    "INSURANCE_NEAR_END": NOTICE,
}
SYSTEM = "system"
_SEQS_KEPT = 32


class Alarm(Base):
    """One alarm. `subject` = what it is about (a terminal), `count` = how often it was raised
    while open, `seqs` = the journal numbers of those times; times are epoch ms.

    `duty` = the district whose officers must see to it now, empty = nobody but the office;
    `trade` = the machine's industry, else whose trade it is, empty = everybody's;
    `department` = to which it was handed over, empty = to none; `holder` = who took it; `due_at` =
    when the next step must be done, None = no limit runs; `late` = how often a limit passed;
    `answered_…` = what the enterprise did about it first. What people wrote stays here: it may
    name somebody.
    """

    __tablename__ = "alarm"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str]
    machine_id: Mapped[str | None]
    job_id: Mapped[str | None]
    district: Mapped[str] = mapped_column(index=True)
    level: Mapped[int]
    state: Mapped[str]
    count: Mapped[int]
    seqs: Mapped[dict[str, Any]]
    raised_at: Mapped[int]
    last_at: Mapped[int]
    closed_at: Mapped[int | None]
    closed_by: Mapped[str] = mapped_column(default="")
    closed_why: Mapped[str] = mapped_column(default="")
    duty: Mapped[str] = mapped_column(default="", server_default="")
    holder: Mapped[str] = mapped_column(default="", server_default="")
    due_at: Mapped[int | None]
    trade: Mapped[str] = mapped_column(default="", server_default="")
    department: Mapped[str] = mapped_column(default="", server_default="")
    late: Mapped[int] = mapped_column(default=0, server_default="0")
    verified_at: Mapped[int | None]
    verified_by: Mapped[str] = mapped_column(default="", server_default="")
    verified_words: Mapped[str] = mapped_column(default="", server_default="")
    answered_at: Mapped[int | None]
    answered_by: Mapped[str] = mapped_column(default="", server_default="")
    answered_words: Mapped[str] = mapped_column(default="", server_default="")


IS_OPEN = literal_column("closed_at IS NULL")
Index(
    "ux_alarm_open",
    Alarm.subject,
    Alarm.kind,
    unique=True,
    sqlite_where=IS_OPEN,
    postgresql_where=IS_OPEN,
)
Index("ix_alarm_subject", Alarm.subject, Alarm.kind, Alarm.raised_at)
Index("ix_alarm_job", Alarm.job_id)
GRAVE_FIRST = (Alarm.level.desc(), Alarm.late.desc(), Alarm.raised_at, Alarm.id)
_HAS_LIMIT = literal_column("due_at IS NOT NULL")
Index("ix_alarm_due", Alarm.due_at, sqlite_where=_HAS_LIMIT, postgresql_where=_HAS_LIMIT)
Index("ix_alarm_open_district", Alarm.district, sqlite_where=IS_OPEN, postgresql_where=IS_OPEN)
Index("ix_alarm_open_machine", Alarm.machine_id, sqlite_where=IS_OPEN, postgresql_where=IS_OPEN)


def raise_alarm(
    unit: Unit,
    kind: str,
    subject: str,
    *,
    district: str,
    trade: str = "",
    level: int | None = None,
    machine_id: str | None = None,
    job_id: str | None = None,
    at: int | None = None,
    seq: int | None = None,
) -> Alarm:
    """Raise an alarm, or count it if it is open. One with a journal number seen before is the
    same word again: it changes nothing, also when that alarm is closed by now.

    `district` empty = it has no place of its own, and is laid where the office sits.
    `level` = what the terminal itself calls it: it may make it graver, never less grave than its
    kind is, for by it the limits run; None = as its kind.
    """
    last = latest(unit, subject, kind)
    if last is not None and seq is not None and seq in _seqs(last):
        return last
    if last is not None and last.closed_at is None:
        return _counted(unit, last, seq)
    machine = machines.get(unit, machine_id) if machine_id else None
    alarm = Alarm(
        id=new_id(),
        trade=machine.industry if machine else trade,
        kind=kind,
        subject=subject,
        machine_id=machine_id,
        job_id=job_id,
        district=district or people.office_district(unit),
        level=_level(kind, level),
        state="raised",
        count=1,
        seqs={"seqs": []},
        raised_at=at or unit.now,
        last_at=unit.now,
    )
    _keep(alarm, seq)
    try:
        with unit.savepoint():
            unit.db.add(alarm)
    except IntegrityError:  # another worker was quicker
        quicker = latest(unit, subject, kind)
        if quicker is None:
            raise
        return _counted(unit, quicker, seq)
    _tell(unit, alarm, SYSTEM, "alarm-raised")
    return alarm


def cleared(unit: Unit, kind: str, subject: str, seq: int | None = None) -> bool:
    """The terminal says that it is over; False if nothing is open, or it was raised again since.

    `seq` = the journal number of the clearing: what was raised after it stays open.
    """
    alarm = latest(unit, subject, kind)
    if alarm is None or alarm.closed_at is not None:
        return False
    if seq is not None and any(one > seq for one in _seqs(alarm)):
        return False
    _close(unit, alarm, SYSTEM, "cleared")
    return True


def close(unit: Unit, alarm: Alarm, person_id: str, why: str) -> None:
    """Somebody has seen to it. Closing twice changes nothing."""
    now = held(unit, alarm.id)
    if now is not None and now.closed_at is None:
        _close(unit, now, person_id, why)


def held(unit: Unit, alarm_id: str) -> Alarm | None:
    """The alarm as it is now, held against other workers until the end of the unit."""
    return unit.db.get(Alarm, alarm_id, populate_existing=True, with_for_update=True)


def move(unit: Unit, alarm: Alarm, actor: str, what: str, **changes: Any) -> None:
    """Change an open alarm that is held; `what` = what happened, for the book and the events."""
    for name, value in changes.items():
        setattr(alarm, name, value)
    unit.db.flush()
    _tell(unit, alarm, actor, what)


def overdue(unit: Unit, limit: int = 100) -> list[Alarm]:
    """The open alarms whose limit has passed, the longest first; `claim` them one by one."""
    rows = select(Alarm).where(_HAS_LIMIT, Alarm.due_at <= unit.now, IS_OPEN)
    return list(unit.db.scalars(rows.order_by(Alarm.due_at).limit(limit)))


def claim(unit: Unit, alarm: Alarm, what: str, **changes: Any) -> bool:
    """Change an overdue alarm, unless another worker did, or somebody was quicker than both."""
    same = (Alarm.id == alarm.id, Alarm.due_at == alarm.due_at, IS_OPEN)
    changed = update(Alarm).where(*same).values(**changes).returning(Alarm)
    row = unit.db.scalar(changed, execution_options={"populate_existing": True})
    if row is not None:
        _tell(unit, row, SYSTEM, what)
    return row is not None


def latest(unit: Unit, subject: str, kind: str) -> Alarm | None:
    """The last alarm of this kind about this subject, open or not; held in a write unit."""
    rows = select(Alarm).where(Alarm.subject == subject, Alarm.kind == kind)
    first = rows.order_by(Alarm.closed_at.is_(None).desc(), Alarm.raised_at.desc(), Alarm.id)
    one = first.limit(1)
    if unit.writes:
        one = one.with_for_update()
    return unit.db.scalar(one, execution_options={"populate_existing": True})


def open_about(unit: Unit, subject: str) -> list[Alarm]:
    """The open alarms about this subject, the gravest first."""
    rows = select(Alarm).where(Alarm.subject == subject, IS_OPEN)
    return list(unit.db.scalars(rows.order_by(Alarm.level.desc(), Alarm.raised_at)))


def _level(kind: str, told: int | None) -> int:
    """Of a kind unknown here the terminal's word counts; another maker's scale may be longer."""
    least = LEVELS.get(kind, NOTICE if told is not None else WARNING)
    return min(max(told or 0, least), DANGER)


def _close(unit: Unit, alarm: Alarm, by: str, why: str) -> None:
    alarm.state, alarm.closed_at = "closed", unit.now
    alarm.closed_by, alarm.closed_why = by, why
    alarm.due_at = None
    unit.db.flush()
    _tell(unit, alarm, by, "alarm-closed")


def _counted(unit: Unit, alarm: Alarm, seq: int | None) -> Alarm:
    alarm.count += 1
    alarm.last_at = unit.now
    _keep(alarm, seq)
    return alarm


def _seqs(alarm: Alarm) -> list[int]:
    return list(alarm.seqs["seqs"])


def _keep(alarm: Alarm, seq: int | None) -> None:
    if seq is not None:
        alarm.seqs = {"seqs": [*_seqs(alarm), seq][-_SEQS_KEPT:]}


def _tell(unit: Unit, alarm: Alarm, actor: str, what: str) -> None:
    told = {"kind": alarm.kind, "subject": alarm.subject, "level": alarm.level}
    told |= {"machine": alarm.machine_id, "job": alarm.job_id}
    known = {"count": alarm.count}
    known |= {n: v for n in ("duty", "department") if (v := getattr(alarm, n))}
    audit.write(unit, alarm.district, actor, what, alarm.id, told | known)
    outbox.tell(unit, what, alarm.id, told | {"district": alarm.district, "duty": alarm.duty})

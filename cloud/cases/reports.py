"""What we tell a superior platform of our own jobs (CQ annex 2.3(2)②): a queue, kept until taken.

One row for each part of a job, in the order of its parts; one for each terminal, always its latest
status. Sending is slow and happens in cloud/platform/courier.py. Nothing is ever dropped: what the
superior refuses for good is parked, holds back what follows in its job, and raises an alarm.
"""

from sqlalchemy import Index, exists, func, literal_column, select, update
from sqlalchemy.orm import Mapped, aliased, mapped_column

from cloud.base.database import Base, insert_missing
from cloud.base.unit import Unit
from cloud.book.outbox import Event, Handlers
from cloud.cases import alarms
from cloud.registry import machines
from cloud.work import job as jobs
from cloud.work.job import Job

PARTS = ("application", "watch", "result")
STATUS = "status"
HELD_S = 120  # a sender that died leaves it to the next one after this
BACKOFF_S, BACKOFF_MAX_S = 5, 600


class Report(Base):
    """One report; `id` = part:subject. `subject` = a job, or a terminal's device id.

    `next_at` None = sent, or parked (`sent_at` None); `trouble` = why the last try failed.
    """

    __tablename__ = "report"

    id: Mapped[str] = mapped_column(primary_key=True)
    part: Mapped[str]
    subject: Mapped[str]
    place: Mapped[int]
    made_at: Mapped[int]
    next_at: Mapped[int | None]
    tries: Mapped[int]
    sent_at: Mapped[int | None]
    trouble: Mapped[str]


_WAITS = literal_column("next_at IS NOT NULL")
_UNSENT = literal_column("sent_at IS NULL")
Index("ix_report_due", Report.next_at, sqlite_where=_WAITS, postgresql_where=_WAITS)
Index("ix_report_unsent", Report.made_at, sqlite_where=_UNSENT, postgresql_where=_UNSENT)
Index("ix_report_subject", Report.subject, Report.place)


def handlers() -> Handlers:
    """What to do about events of work and link, for `outbox.deliver`."""
    news = ("terminal-online", "terminal-offline", "terminal-beat", "terminal-login")
    return {"job-moved": [job_moved], **{kind: [terminal_moved] for kind in news}}


def job_moved(unit: Unit, event: Event) -> None:
    """Every part of the job that is due by now; what is there already is not put again."""
    job = jobs.by_id(unit, event.subject)
    if job is None or job.device is None or not unit.settings.superior_url:
        return  # a cylinder has no terminal, and Way 2 no word for it
    parts = ["application"]
    if job.fire_watch_id is not None and job.watched_at is not None:
        parts.append("watch")
    if job.state in jobs.OVER:
        parts.append("result")
    rows = [_row(unit, part, job.id) for part in parts]
    insert_missing(unit.db, Report, rows)


def terminal_moved(unit: Unit, event: Event) -> None:
    """The terminal's row says again that there is something to tell."""
    device = str(event.details["device"])
    if not unit.settings.superior_url or machines.by_device(unit, device) is None:
        return
    insert_missing(unit.db, Report, [_row(unit, STATUS, device)])
    again = {"made_at": unit.now, "next_at": unit.now, "tries": 0, "sent_at": None}
    unit.db.execute(
        update(Report).where(Report.id == f"{STATUS}:{device}").values(**again, trouble="")
    )


def claim(unit: Unit) -> Report | None:
    """One report that is due, held for two minutes; never before what precedes it in its job."""
    before = aliased(Report)
    blocked = exists().where(
        before.subject == Report.subject,
        before.part != STATUS,
        before.place < Report.place,
        before.sent_at.is_(None),
    )
    due = select(Report.id).where(_WAITS, Report.next_at <= unit.now, ~blocked)
    for id in unit.db.scalars(due.order_by(Report.next_at, Report.made_at).limit(10)).all():
        held = (
            update(Report)
            .where(Report.id == id, _WAITS, Report.next_at <= unit.now)
            .values(next_at=unit.now + HELD_S * 1000, tries=Report.tries + 1)
            .returning(Report)
        )
        row = unit.db.scalar(held, execution_options={"populate_existing": True})
        if row is not None:
            return row
    return None


def done(unit: Unit, report: Report) -> None:
    """The superior has taken it; a status that changed meanwhile stays due."""
    sent = {"sent_at": unit.now, "next_at": None, "trouble": ""}
    unit.db.execute(_same(report).values(**sent))


def failed(unit: Unit, report: Report, trouble: str, wait_s: int = 0) -> None:
    """Not taken now: again after a growing pause, for as long as it takes."""
    pause_s = max(wait_s, min(BACKOFF_S * 2 ** min(report.tries - 1, 10), BACKOFF_MAX_S))
    unit.db.execute(_same(report).values(next_at=unit.now + pause_s * 1000, trouble=trouble))


def parked(unit: Unit, report: Report, trouble: str) -> None:
    """Refused for good: trying again would not help until somebody has mended it."""
    unit.db.execute(_same(report).values(next_at=None, trouble=trouble))


def retry(unit: Unit) -> int:
    """Try at once whatever is unsent, what was parked too; how many."""
    again = update(Report).where(_UNSENT).values(next_at=unit.now, tries=0).returning(Report.id)
    return len(unit.db.scalars(again).all())


def unsent(unit: Unit, limit: int = 100) -> list[Report]:
    """What waits or is parked, the oldest first."""
    return list(
        unit.db.scalars(select(Report).where(_UNSENT).order_by(Report.made_at).limit(limit))
    )


def backlog(unit: Unit) -> tuple[int, int, int | None]:
    """How many are unsent, how many of these are parked, and since when the oldest waits."""
    count, waiting, oldest = unit.db.execute(
        select(func.count(), func.count(Report.next_at), func.min(Report.made_at)).where(_UNSENT)
    ).one()
    return count, count - waiting, oldest


def sweep(unit: Unit) -> int:
    """Raise or end the alarm of a backlog; 1 if it was raised."""
    if not unit.settings.superior_url:
        return 0
    _count, stuck, oldest = backlog(unit)
    late = oldest is not None and unit.now - oldest > unit.settings.superior_behind_s * 1000
    running = alarms.latest(unit, "superior", "SUPERIOR_BEHIND")
    is_open = running is not None and running.closed_at is None
    if (stuck or late) and not is_open:
        alarms.raise_alarm(unit, "SUPERIOR_BEHIND", "superior", district="")
        return 1
    if is_open and not stuck and not late:
        alarms.cleared(unit, "SUPERIOR_BEHIND", "superior")
    return 0


def job_of(unit: Unit, report: Report) -> Job | None:
    """The job that it is about."""
    return jobs.by_id(unit, report.subject)


def _same(report: Report):  # type: ignore[no-untyped-def]
    return update(Report).where(Report.id == report.id, Report.made_at == report.made_at)


def _row(unit: Unit, part: str, subject: str) -> dict[str, object]:
    return {
        "id": f"{part}:{subject}",
        "part": part,
        "subject": subject,
        "place": PARTS.index(part) if part in PARTS else 0,
        "made_at": unit.now,
        "next_at": unit.now,
        "tries": 0,
        "sent_at": None,
        "trouble": "",
    }

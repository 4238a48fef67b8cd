"""What an alarm is about keeps its pictures: a legal hold, whichever came first."""

from sqlalchemy import select

from cloud.base.unit import Unit
from cloud.book import media
from cloud.book.outbox import Event, Handlers
from cloud.cases import alarms
from cloud.cases.alarms import Alarm
from cloud.link import snapshots
from cloud.work import pictures

BEFORE_MS = 86_400_000  # a terminal's pictures from the day before its alarm


def handlers() -> Handlers:
    """What to do about alarms and pictures, for `outbox.deliver`."""
    return {
        "alarm-raised": [raised],
        "picture-kept": [picture_kept],
        "snapshot-came": [snapshot_came],
    }


def raised(unit: Unit, event: Event) -> None:
    """Hold what there is of the job, and what the terminal saw lately."""
    job, device = event.details["job"], event.details["subject"]
    held = [one.digest for one in pictures.of_job(unit, job)] if job else []
    lately = event.at - BEFORE_MS
    held += [s.digest for s in snapshots.of(unit, device) if s.digest and s.asked_at > lately]
    media.hold(unit, held, f"alarm:{event.subject}")


def picture_kept(unit: Unit, event: Event) -> None:
    """A picture of a job that has an alarm already."""
    about = select(Alarm.id).where(Alarm.job_id == event.details["job"])
    for alarm in unit.db.scalars(about):
        media.hold(unit, [event.details["digest"]], f"alarm:{alarm}")


def snapshot_came(unit: Unit, event: Event) -> None:
    """A picture of a terminal that has an open alarm."""
    for alarm in alarms.open_about(unit, event.details["device"]):
        media.hold(unit, [event.details["digest"]], f"alarm:{alarm.id}")

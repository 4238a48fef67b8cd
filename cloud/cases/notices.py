"""Notices that leave the platform: one row for each event and channel, sent until it is taken.

The row is written in the unit of the event; sending is slow and happens outside of any unit. A
notice names ids only. What is no safety alarm waits for the end of the quiet hours.
Whom it is about by name also gets a text message: the channel `sms`, one row for each person.
"""

from typing import Any

from sqlalchemy import Index, literal_column, select, update
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base, insert_missing
from cloud.base.settings import Settings
from cloud.base.unit import Unit
from cloud.book import checkpoints
from cloud.book.outbox import Event, Handlers
from cloud.cases import alarms, life
from cloud.registry.people import Person, PersonRole

TOLD = ("alarm-raised", "alarm-escalated", "alarm-overdue", "alarm-closed")
TEXTED_MAX = 20  # people of one enterprise
HELD_S = 60  # a sender that died leaves it to the next one after this
BACKOFF_S, BACKOFF_MAX_S, PARKED_AFTER = 10, 3600, 20


class Notice(Base):
    """One notice on one channel; `id` = event:channel. `next_at` None = sent, or parked after
    many tries (`sent_at` None)."""

    __tablename__ = "notice"

    id: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    body: Mapped[dict[str, Any]]
    made_at: Mapped[int]
    next_at: Mapped[int | None]
    tries: Mapped[int]
    sent_at: Mapped[int | None]


_WAITS = literal_column("next_at IS NOT NULL")
Index("ix_notice_due", Notice.next_at, sqlite_where=_WAITS, postgresql_where=_WAITS)
Index("ix_notice_sent", Notice.sent_at)


def channels(settings: Settings) -> list[str]:
    """`log` always; `mail` and `hook` where their address is set."""
    optional = [("mail", settings.notify_mail), ("hook", settings.notify_hook)]
    return ["log", *(name for name, address in optional if address)]


def handlers() -> Handlers:
    """What to do about events of alarms, certificates and the trail, for `outbox.deliver`."""
    others = {
        "certificate-near-end": [certificate],
        "machine-unsafe": [machine_unsafe],
        checkpoints.WRITTEN: [checkpoint],
    }
    return {kind: [write] for kind in TOLD} | others


def write(unit: Unit, event: Event) -> None:
    """One row for each channel; the same event again adds none."""
    told = event.details
    if told["kind"] == "CERTIFICATE_NEAR_END" and event.kind == "alarm-raised":
        return  # said by its mark already
    safety = life.is_safety(told["kind"], told["level"])
    at = unit.now if safety else life.after_quiet(unit, unit.now)
    names = ("level", "district", "duty", "machine", "job")
    body = {"event": event.kind, "alarm": event.subject, "kind": told["kind"], "at": event.at}
    _add(unit, event, body | {name: told.get(name) for name in names}, at)


def certificate(unit: Unit, event: Event) -> None:
    """A certificate ends in `days`: said outside at each of its marks, 90, 30 and 7 days before,
    whether it is an alarm already or not."""
    holder = unit.db.get(Person, event.details["person"])
    if holder is None:
        return
    body = {"event": event.kind, "certificate": event.subject, "at": event.at}
    body |= {name: event.details[name] for name in ("person", "issuer", "days")}
    body |= {"kind": "CERTIFICATE_NEAR_END", "level": alarms.NOTICE}
    body |= {"district": holder.district, "enterprise": holder.enterprise_id}
    at = life.after_quiet(unit, unit.now)
    _add(unit, event, body, at)
    _text(unit, event, body, at, [holder.id])


def machine_unsafe(unit: Unit, event: Event) -> None:
    """A machine was found unsafe: its enterprise hears of it, and who was at work with it."""
    told = event.details
    body = {"event": event.kind, "kind": "MACHINE_UNSAFE", "level": alarms.DANGER, "at": event.at}
    body |= {"machine": event.subject, **told}
    _add(unit, event, body, unit.now)
    office = (PersonRole.person_id == Person.id) & (PersonRole.role == "enterprise")
    theirs = select(Person.id).join(PersonRole, office).where(Person.status == "active")
    theirs = theirs.where(Person.enterprise_id == told["enterprise"]).order_by(Person.id)
    ids = [told["welder"], *unit.db.scalars(theirs.limit(TEXTED_MAX))]
    _text(unit, event, body, unit.now, [id for id in dict.fromkeys(ids) if id])


def checkpoint(unit: Unit, event: Event) -> None:
    """The first signed checkpoint of a day leaves whole by mail and hook; the log has its digest.
    It wakes nobody, so it waits for no hour."""
    number = event.details["number"]
    text = checkpoints.text(unit.settings.data_dir, number)
    body = {"event": event.kind, "kind": "AUDIT_CHECKPOINT", "level": alarms.NOTICE}
    body |= {"at": event.at, "number": number, "digest": checkpoints.read(text).digest}
    _add(unit, event, body, unit.now, {"checkpoint": text})


def _add(
    unit: Unit, event: Event, body: dict[str, Any], at: int, beside: dict[str, Any] | None = None
) -> None:
    """`beside` = what is too long for a line of the log."""
    rows = [
        _row(unit, event, channel, body | ((beside or {}) if channel != "log" else {}), at)
        for channel in channels(unit.settings)
    ]
    insert_missing(unit.db, Notice, rows)


def _text(unit: Unit, event: Event, body: dict[str, Any], at: int, ids: list[str]) -> None:
    """One text message to each of these people."""
    rows = [_row(unit, event, f"sms:{id}", body | {"to": id}, at) for id in ids]
    insert_missing(unit.db, Notice, rows)


def _row(unit: Unit, event: Event, way: str, body: dict[str, Any], at: int) -> dict[str, Any]:
    """`way` = the channel, and behind a colon to whom."""
    return {
        "id": f"{event.id}:{way}",
        "channel": way.partition(":")[0],
        "body": body | {"id": event.id},
        "made_at": unit.now,
        "next_at": at,
        "tries": 0,
        "sent_at": None,
    }


def waiting(unit: Unit) -> list[str]:
    """The notices that are due now, the longest waiting first; of many the first ones."""
    due = select(Notice.id).where(_WAITS, Notice.next_at <= unit.now).order_by(Notice.next_at)
    return list(unit.db.scalars(due.limit(10)))


def claim(unit: Unit) -> Notice | None:
    """One notice that is due, held for a minute; safe with many senders."""
    for id in waiting(unit):
        held = (
            update(Notice)
            .where(Notice.id == id, _WAITS, Notice.next_at <= unit.now)
            .values(next_at=unit.now + HELD_S * 1000, tries=Notice.tries + 1)
            .returning(Notice)
        )
        row = unit.db.scalar(held, execution_options={"populate_existing": True})
        if row is not None:
            return row
    return None


def done(unit: Unit, notice: Notice) -> None:
    """The other side has taken it."""
    sent = {"sent_at": unit.now, "next_at": None}
    unit.db.execute(update(Notice).where(Notice.id == notice.id).values(**sent))


def failed(unit: Unit, notice: Notice) -> None:
    """It was not taken: again after a growing pause, or parked."""
    pause_s = min(BACKOFF_S * 2 ** (notice.tries - 1), BACKOFF_MAX_S)
    next_at = None if notice.tries >= PARKED_AFTER else unit.now + pause_s * 1000
    unit.db.execute(update(Notice).where(Notice.id == notice.id).values(next_at=next_at))


def put_off(unit: Unit, notice: Notice, for_ms: int) -> None:
    """It was not tried, its channel is left alone for so long: the claim counts as no try."""
    again = {"next_at": unit.now + for_ms, "tries": Notice.tries - 1}
    unit.db.execute(update(Notice).where(Notice.id == notice.id).values(**again))

"""News that climbs: events written in the transaction of what they tell, delivered after it."""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import Index, bindparam, insert, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base, one_writer
from cloud.base.unit import Ground, Unit

log = logging.getLogger(__name__)

BACKOFF_S = 1
BACKOFF_MAX_S = 3600
PARKED_AFTER = 20
_BATCH = 100
_SHARE = 16  # others wait for their turn to write meanwhile


class Event(Base):
    """One thing to pass on. `left` = the handlers that failed so far, empty = all are to run."""

    __tablename__ = "event"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[int]
    kind: Mapped[str]
    subject: Mapped[str]
    details: Mapped[dict[str, Any]]
    left: Mapped[list[str]]
    attempts: Mapped[int]
    next_at: Mapped[int]
    done_at: Mapped[int | None]
    parked_at: Mapped[int | None]


_DUE = Event.done_at.is_(None) & Event.parked_at.is_(None)
Index("ix_event_due", Event.id, sqlite_where=_DUE, postgresql_where=_DUE)
PARKED = Event.done_at.is_(None) & Event.parked_at.is_not(None)
Index("ix_event_parked", Event.id, sqlite_where=PARKED, postgresql_where=PARKED)

Handler = Callable[[Unit, Event], object]
Handlers = Mapping[str, list[Handler]]


def together(*every: Handlers) -> Handlers:
    """The handlers of several rooms, each event's in the order given."""
    kinds = {kind: None for one in every for kind in one}
    return {kind: [call for one in every for call in one.get(kind, [])] for kind in kinds}


def tell(
    unit: Unit, kind: str, subject: str, details: dict[str, Any], *, after_ms: int = 0
) -> None:
    """Put an event into the outbox, in the transaction of what it tells.

    It is delivered when `after_ms` are over, not before.
    """
    unit.db.add(Event(**_row(unit, kind, subject, details, after_ms)))
    unit.wake()


def tell_many(unit: Unit, told: Iterable[tuple[str, str, dict[str, Any]]]) -> None:
    """Put many at once, each as (kind, subject, details)."""
    rows = [_row(unit, *one) for one in told]
    if rows:
        unit.db.execute(insert(Event), rows)
        unit.wake()


def _row(
    unit: Unit, kind: str, subject: str, details: dict[str, Any], after_ms: int = 0
) -> dict[str, Any]:
    return {
        "at": unit.now,
        "kind": kind,
        "subject": subject,
        "details": details,
        "left": [],
        "attempts": 0,
        # 0 = at once: by a clock that is put back later it would wait
        "next_at": unit.now + after_ms if after_ms else 0,
    }


def deliver(ground: Ground, handlers: Handlers, limit: int = 1000) -> int:
    """Run the handlers of what is due, oldest first; how many events were finished.

    An event is marked done in the write unit in which it is handled, so its handlers' work and the
    mark stand or fall together. Where one writer is alone, some share a unit. If one of them
    fails, nothing of it was done, and each is taken by itself: a handler that fails then is undone
    alone, logged, and tried again later with growing pauses; after PARKED_AFTER tries the event is
    parked: kept, counted in /metrics, and tried again when whoever delivers is started anew.
    """
    done, share = 0, _SHARE if one_writer(ground.engine) else 1
    for _ in range(0, limit, _BATCH):
        with ground.read() as unit:
            due = waiting(unit)
        for start in range(0, len(due), share):
            done += _some(ground, due[start : start + share], handlers)
        if not due:
            break
    return done


def unpark(unit: Unit) -> None:
    """Try again what was parked: whoever begins to deliver may be the version that mends it."""
    again = {"parked_at": None, "attempts": 0, "next_at": 0}
    unit.db.execute(update(Event).where(PARKED).values(**again))


def waiting(unit: Unit) -> list[int]:
    """The events that are due now, oldest first; of many the first ones."""
    return list(unit.db.scalars(_WAITING, _at(unit)))


# No pause is longer than the longest: what lies beyond it was set by a clock that erred.
_ITS_TIME = or_(Event.next_at <= bindparam("now"), Event.next_at > bindparam("beyond"))
# Made once: asked ten times a second.
_WAITING = select(Event.id).where(_DUE, _ITS_TIME).order_by(Event.id).limit(_BATCH)
_CLAIM = (
    update(Event)
    .where(Event.id.in_(bindparam("ids", expanding=True)), _DUE, _ITS_TIME)
    .values(done_at=bindparam("now"))
    .returning(Event)
)


def _at(unit: Unit) -> dict[str, int]:
    return {"now": unit.now, "beyond": unit.now + BACKOFF_MAX_S * 1000}


def _some(ground: Ground, ids: list[int], handlers: Handlers) -> int:
    try:
        with ground.write() as unit:
            events = _claimed(unit, ids)
            for event in events:
                for handler in _todo(event, handlers):
                    handler(unit, event)
        return len(events)
    except Exception as error:  # told in full where it is found again
        log.info("%d events are handled one by one: %s", len(ids), type(error).__name__)
    done = 0
    for id in ids:
        with ground.write() as unit:
            done += sum(_alone(unit, event, handlers) for event in _claimed(unit, [id]))
    return done


def _claimed(unit: Unit, ids: list[int]) -> list[Event]:
    # A second worker waits here for the first one's commit, then finds no row.
    claimed = unit.db.scalars(_CLAIM, _at(unit) | {"ids": ids})
    return sorted(claimed, key=lambda event: event.id)


def _todo(event: Event, handlers: Handlers) -> list[Handler]:
    every = handlers.get(event.kind, [])
    # Names left over that an upgrade renamed: everything runs again, handlers are idempotent.
    return [handler for handler in every if _name(handler) in event.left] or every


def _alone(unit: Unit, event: Event, handlers: Handlers) -> bool:
    todo = _todo(event, handlers)
    left = [_name(handler) for handler in todo if not _ran(unit, handler, event)]
    if not left:
        return True
    event.left = left
    event.done_at = None
    event.attempts += 1
    pause_s = min(BACKOFF_S * 2 ** (event.attempts - 1), BACKOFF_MAX_S)
    event.next_at = unit.now + pause_s * 1000
    if event.attempts >= PARKED_AFTER:
        event.parked_at = unit.now
    return False


def _ran(unit: Unit, handler: Handler, event: Event) -> bool:
    try:
        with unit.savepoint():
            handler(unit, event)
    except Exception:
        log.exception("event %d %s: %s failed", event.id, event.kind, _name(handler))
        return False
    return True


def _name(handler: Handler) -> str:
    return f"{handler.__module__}.{handler.__qualname__}"

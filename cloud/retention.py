"""What has served is erased after its time: finished commands, spoken codes, delivered events and
notices, answers given to platforms, pictures that nothing holds (an alarm or an export holds them
for a time only), files of pictures that were never kept, tables brought in with their reports.

The audit trail stays. A little at a time, so that nobody waits for it.
"""

from typing import Any

from sqlalchemy import ColumnElement, delete, literal, select, tuple_

from cloud.base.unit import Unit
from cloud.book import media, once
from cloud.book.media import MediaHold
from cloud.book.outbox import Event
from cloud.cases import imports
from cloud.cases.alarms import Alarm
from cloud.cases.notices import Notice
from cloud.link import commands
from cloud.link.commands import Command
from cloud.work.presence import PresenceCode

BATCH = 500
PICTURES = 50  # each is a file or two
PAUSE_MS = 600_000
_STRAY_DAYS = 30
_DAY_MS = 86_400_000


def erase(unit: Unit) -> int:
    """Erase at most BATCH rows of each kind; how many went."""
    parts = (_commands, _codes, _events, _notices, _answers, _holds, _pictures, _imports)
    return sum(part(unit) for part in parts)


class Retention:
    """`sweep` for the housekeeping: every ten minutes, and at once again while there is more."""

    def __init__(self) -> None:
        self._next = 0

    def sweep(self, unit: Unit) -> int:
        if unit.now < self._next:
            return 0
        count = erase(unit)
        if count >= PICTURES:
            return count
        self._next = unit.now + PAUSE_MS
        return count + strays(unit)


def strays(unit: Unit) -> int:
    """Remove files of pictures that have no row; in each pause another folder's turn comes."""
    part = unit.now // PAUSE_MS % media.PARTS
    return media.clear(unit, part, _before(unit, _STRAY_DAYS))


def _imports(unit: Unit) -> int:
    return imports.forget(unit, _before(unit, imports.KEPT_DAYS), PICTURES)


def _before(unit: Unit, days: int) -> int:
    return unit.now - days * _DAY_MS


def _oldest(unit: Unit, at: Any, days: int, *more: ColumnElement[bool]) -> int:
    """Erase the oldest rows of a table whose column `at` lies more than `days` back."""
    old = select(at.class_.id).where(at < _before(unit, days), *more)
    return _gone(unit, at.class_, list(unit.db.scalars(old.order_by(at).limit(BATCH))))


def _gone(unit: Unit, table: Any, ids: list[Any]) -> int:
    unit.db.execute(delete(table).where(table.id.in_(ids)))
    return len(ids)


def _commands(unit: Unit) -> int:
    finished = Command.state.not_in(commands.OPEN)
    return _oldest(unit, Command.made_at, unit.settings.keep_commands_d, finished)


def _codes(unit: Unit) -> int:
    return _oldest(unit, PresenceCode.made_at, unit.settings.keep_codes_d)


def _answers(unit: Unit) -> int:
    return once.forget(unit, _before(unit, unit.settings.keep_answers_d), BATCH)


def _events(unit: Unit) -> int:
    """The oldest are those with the lowest numbers, so the look stops early."""
    rows = select(Event.id, Event.done_at).where(Event.done_at.is_not(None))
    oldest = unit.db.execute(rows.order_by(Event.id).limit(BATCH)).all()
    ids = [id for id, done in oldest if done < _before(unit, unit.settings.keep_events_d)]
    return _gone(unit, Event, ids)


def _notices(unit: Unit) -> int:
    """Those that were taken; what was given up stays to be seen."""
    return _oldest(unit, Notice.sent_at, unit.settings.keep_events_d)


def _holds(unit: Unit) -> int:
    """What an alarm or an export holds goes on its way when that is long over."""
    before = _before(unit, unit.settings.keep_held_d)
    closed = select(Alarm.id).where(
        literal("alarm:").concat(Alarm.id) == MediaHold.reason, Alarm.closed_at < before
    )
    over = closed.exists() | MediaHold.reason.startswith("export:")
    key = (MediaHold.digest, MediaHold.reason)
    old = select(*key).where(MediaHold.at < before, over).order_by(MediaHold.at).limit(BATCH)
    gone = [tuple(one) for one in unit.db.execute(old)]
    unit.db.execute(delete(MediaHold).where(tuple_(*key).in_(gone)))
    return len(gone)


def _pictures(unit: Unit) -> int:
    media.date_back(unit)
    count = 0
    for kind, days in unit.settings.picture_days.items():
        for row in media.outdated(unit, kind, _before(unit, days), PICTURES):
            media.erase(unit, row)
            count += 1
    return count

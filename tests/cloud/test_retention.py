"""What has served goes after its time; what is open, and the trail, stays."""

from typing import Any

import pytest
from sqlalchemy import func, select

from cloud.base.settings import Settings
from cloud.book import media
from cloud.book.audit import AuditRow
from cloud.book.outbox import Event
from cloud.link.commands import Command
from cloud.retention import Retention
from cloud.work.presence import PresenceCode
from tests.cloud.work.conftest import make_site

DAY_S = 86_400


@pytest.fixture
def place(either: Any, county: Any, clock: Any, sent: list) -> Any:
    either.send = lambda *out: sent.append(out)
    return make_site(type(county)(either, clock), sent, "HM-990101-000001")


def counts(place: Any) -> list[int]:
    with place.county.ground.read() as unit:
        tables = (Command, PresenceCode, Event, AuditRow)
        return [unit.db.scalar(select(func.count()).select_from(one)) for one in tables]


def swept(place: Any, days: int = 0) -> int:
    place.clock.forward(days * DAY_S)
    return int(place.county.do(Retention().sweep))


def test_each_kind_goes_after_its_own_time_and_the_trail_stays(place: Any) -> None:
    job = place.working()
    place.off(job)
    place.exchange()
    place.clear(job)
    place.deliver()
    commands, codes, events, rows = counts(place)
    assert min(commands, codes, events, rows) > 0
    assert swept(place) == 0
    assert swept(place, 31) == events
    assert swept(place, 60) == codes
    assert swept(place, 1000) == 2  # the pictures
    assert swept(place, 10) == commands
    assert counts(place) == [0, 0, 0, rows]


def test_every_kind_of_picture_has_its_days() -> None:
    assert Settings().picture_days.keys() == media.LIMITS.keys()


def test_open_commands_and_undelivered_events_stay(place: Any) -> None:
    job = place.watched()
    place.on(job)
    with place.county.ground.write() as unit:
        for command in unit.db.scalars(select(Command)):
            command.state = "sent"
        for event in unit.db.scalars(select(Event)):
            event.done_at = None
    before = counts(place)
    swept(place, 5000)
    after = counts(place)
    assert (after[0], after[2]) == (before[0], before[2])


def test_it_looks_again_only_after_a_pause(place: Any) -> None:
    place.checked()
    keeper = Retention()
    place.county.do(keeper.sweep)
    place.clock.forward(300)
    assert keeper._next > place.clock()

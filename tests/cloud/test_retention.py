"""What has served goes after its time; what is open, and the trail, stays."""

from typing import Any

import pytest
from sqlalchemy import func, select, update

from cloud.base.settings import Settings
from cloud.book import media
from cloud.book.audit import AuditRow
from cloud.book.media import Media
from cloud.book.outbox import Event
from cloud.cases import alarms
from cloud.cases.alarms import Alarm
from cloud.cases.notices import Notice
from cloud.link.commands import Command
from cloud.retention import PAUSE_MS, Retention
from cloud.work import pictures
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
    with place.county.ground.write() as unit:  # as an older process keeps one
        unit.db.execute(update(Media).values(kept_as="", kept_at=0))
    assert swept(place, 1) == 0
    assert swept(place, 999) == 2  # the pictures
    assert swept(place, 10) == commands
    assert counts(place) == [0, 0, 0, rows]


def test_what_an_alarm_or_an_export_held_goes_when_that_is_long_over(place: Any) -> None:
    job = place.working()
    with place.county.ground.write() as unit:
        first, second = (one.digest for one in pictures.of_job(unit, job.id))
        where = {"district": "990101", "machine_id": place.machine.id}
        alarm = alarms.raise_alarm(unit, "TAMPER", place.terminal.device, **where).id
        media.hold(unit, [first], f"alarm:{alarm}")
        media.hold(unit, [second], "export:1")

    def left() -> list[bool]:
        with place.county.ground.read() as unit:
            return [unit.db.get(Media, one) is not None for one in (first, second)]

    swept(place, 1100)
    assert left() == [True, False]
    with place.county.ground.write() as unit:
        unit.db.get_one(Alarm, alarm).closed_at = unit.now
    swept(place, 1094)
    assert left() == [True, False]
    swept(place, 2)
    assert left() == [False, False]


def test_a_notice_that_was_taken_goes_and_one_that_was_given_up_stays(place: Any) -> None:
    with place.county.ground.write() as unit:
        times = {"made_at": unit.now, "next_at": None, "tries": 1, "body": {}, "channel": "hook"}
        unit.db.add(Notice(id="taken:hook", sent_at=unit.now, **times))
        unit.db.add(Notice(id="given-up:hook", sent_at=None, **times))

    def left() -> list[str]:
        with place.county.ground.read() as unit:
            return sorted(unit.db.scalars(select(Notice.id)))

    swept(place, 29)
    assert left() == ["given-up:hook", "taken:hook"]
    swept(place, 2)
    assert left() == ["given-up:hook"]


def test_files_without_a_row_are_looked_for_in_another_folder_each_time(
    place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    monkeypatch.setattr(media, "clear", lambda unit, part, before: looked.append(part) or 0)
    keeper = Retention()
    for _ in range(media.PARTS):
        place.county.do(keeper.sweep)
        place.clock.forward(PAUSE_MS / 1000)
    assert sorted(looked) == list(range(media.PARTS))


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

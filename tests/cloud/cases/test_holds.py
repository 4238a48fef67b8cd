"""An alarm keeps the pictures of its job beyond their time (cloud/cases/holds.py)."""

from typing import Any

import pytest

from cloud.app import handlers
from cloud.book import media, outbox
from cloud.cases import alarms
from cloud.oversight import evidence
from cloud.retention import Retention
from cloud.work import pictures
from tests.cloud.work.conftest import make_site

DAY_S = 86_400


@pytest.fixture
def place(either: Any, county: Any, clock: Any, sent: list) -> Any:
    either.send = lambda *out: sent.append(out)
    made = make_site(type(county)(either, clock), sent, "HM-990101-000001")
    made.deliver = lambda: deliver(made)
    return made


def deliver(place: Any) -> None:
    while outbox.deliver(place.county.ground, handlers()):
        pass


def alarm(place: Any, job: Any) -> Any:
    given = {"district": job.district, "job_id": job.id, "machine_id": job.machine_id}
    raised = place.county.do(alarms.raise_alarm, "NOT_CLEARED", job.id, **given)
    deliver(place)
    return raised


def left(place: Any, job: Any) -> list[bool]:
    """Of each picture of the job, in order: is it still there?"""
    rows = place.county.ask(pictures.of_job, job.id)
    return [place.county.ask(media.get, row.digest) is not None for row in rows]


def much_later(place: Any) -> None:
    place.clock.forward(366 * DAY_S)
    place.county.do(Retention().sweep)


def test_without_a_reason_to_keep_them_pictures_go_after_their_time(place: Any) -> None:
    job = place.checked()
    place.clock.forward(300 * DAY_S)
    place.county.do(Retention().sweep)
    assert left(place, job) == [True]
    much_later(place)
    assert left(place, job) == [False]
    folder = place.county.ground.settings.data_dir / "media"
    assert not [one for one in folder.rglob("*") if one.is_file()]


def test_an_alarm_holds_what_was_there_and_what_comes_after(place: Any) -> None:
    job = place.checked()
    raised = alarm(place, job)
    place.watch(job)
    deliver(place)
    (site, joint) = place.county.ask(pictures.of_job, job.id)
    assert place.county.ask(media.held, site.digest) == [f"alarm:{raised.id}"]
    assert place.county.ask(media.held, joint.digest) == [f"alarm:{raised.id}"]
    much_later(place)
    assert left(place, job) == [True, True]


def test_an_export_holds_its_pictures_and_shows_them(place: Any, tmp_path: Any) -> None:
    job = place.watched()
    job = place.job(job)
    rows = place.county.ask(evidence.write, job, tmp_path / "evidence.db")
    place.county.do(evidence.hold, job)
    assert (rows["job_picture"], rows["picture"]) == (2, 2)
    much_later(place)
    assert left(place, job) == [True, True]

"""A full disk: a clear answer, nothing acknowledged is lost, and it goes on when there is room."""

import logging
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from cloud.book import media
from cloud.link import journal
from cloud.work.permits import Permit
from simulator.phone import fresh_picture
from tests.cloud.web.test_pictures import APPLY

pytestmark = pytest.mark.sqlite  # the server's disk is not this process's
ASK = {"grade": "second", "hours": "8", "site": "演示车间", "work": "支架焊接"}
ASK |= {"from": "2027-01-15T16:00"}
LOG = "aa" * 8


@pytest.fixture
def full_at(ground):
    """Sets how many pages of 4 kB there are for the database; 0 = as many as it wants."""
    room = [0]

    @event.listens_for(ground.engine, "checkout")
    def limit(dbapi, _record, _proxy):
        dbapi.execute(f"PRAGMA max_page_count={room[0] or 1 << 30}")

    def put(pages):
        room[0] = pages

    return put


@contextmanager
def no_byte_more() -> Iterator[None]:
    """The system refuses every byte that would make any file of this process longer."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def permits(county):
    return {row.id for row in county.ask(lambda unit: list(unit.db.scalars(select(Permit))))}


def test_what_was_taken_before_is_there_and_it_goes_on_when_there_is_room(
    browser, floor, full_at, caplog
):
    welder = browser(floor.cast.welder)
    form = welder.token("/permits")

    def ask():
        return welder.post("/permits", json=True, csrf=form, **ASK)

    full_at(1)  # less than there are: as many as there are
    taken, answer = set(), ask()
    while answer.status_code == 200:
        taken.add(answer.json["permit"])
        assert len(taken) < 500
        answer = ask()
    assert answer.status_code == 507 and int(answer.headers["Retry-After"]) > 0
    assert answer.json["refusals"][0]["code"] == "storage-full"
    assert "磁盘满" in welder.post("/permits", csrf=form, **ASK).text
    assert welder.get("/permits").status_code == 200  # reading goes on
    assert permits(floor.county) == taken
    full_at(0)
    again = ask()
    assert again.status_code == 200 and permits(floor.county) == taken | {again.json["permit"]}
    lines = [one for one in caplog.records if one.levelno >= logging.ERROR]
    assert [one.getMessage() for one in lines] == ["storage-full: 1 refused, OperationalError"]


def test_a_picture_for_which_there_is_no_room_is_brought_again(browser, floor):
    welder = browser(floor.cast.welder)
    welder.step(floor.code, "apply", **APPLY)
    first, second, form = fresh_picture(), fresh_picture(), welder.token("/jobs")
    assert welder.picture(floor.code, first, csrf=form).status_code == 200
    with no_byte_more():
        refused = welder.picture(floor.code, second, csrf=form)
    assert (refused.status_code, refused.headers["Retry-After"]) == (507, "60")
    assert welder.picture(floor.code, second, csrf=form).status_code == 200
    with floor.county.ground.read() as unit:
        rows = unit.db.scalars(select(media.Media)).all()
        assert {media.opened(unit, row.digest) for row in rows} >= {first, second}


def test_a_terminal_is_not_told_stored_for_what_there_is_no_room(floor, sent):
    paras = [{"log": LOG, "seq": n, "boot": 1, "up": n, "kind": "refuse"} for n in (1, 2)]

    def bring(*entries):
        floor.up(floor.terminal.entries(LOG, *entries))

    before = len(sent)
    with no_byte_more(), pytest.raises(OperationalError):
        bring(paras[0])
    assert len(sent) == before
    bring(*paras)
    assert [one.seq for one in floor.county.ask(journal.entries, "T1", LOG)] == [1, 2]

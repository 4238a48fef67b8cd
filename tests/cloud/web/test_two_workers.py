"""Several web processes share the work: a form that reaches two of them is acted on once."""

from sqlalchemy import func, select

from cloud.link.commands import Command
from cloud.web import create_app
from cloud.web.visitor import SESSION
from cloud.work.job import Job
from cloud.work.permits import Permit
from tests.cloud.web.conftest import Browser

FORM = "ab" * 16


def beside(browser: Browser, ground) -> Browser:
    """The same person's browser, whose requests another process answers."""
    other = Browser(create_app(ground).test_client())
    other.client.set_cookie(SESSION, browser.client.get_cookie(SESSION).value)
    return other


def both(first: Browser, second: Browser, code: str, act: str, **fields) -> None:
    """The same form, sent to both; whatever the second says, nobody sees a server error."""
    for one in (first, second):
        one.step(code, act, once=FORM, **fields)


def count(ground, table, *which) -> int:
    with ground.read() as unit:
        return unit.db.scalar(select(func.count()).select_from(table).where(*which))


def test_one_form_at_two_workers_makes_one_job_and_one_switching(floor, ground) -> None:
    welder = floor.browser(floor.cast.welder)
    told = {"site": "演示车间", "work": "焊接支架", "voucher": "1号票"}
    both(welder, beside(welder, ground), floor.code, "apply", **told)
    assert count(ground, Job) == 1


def test_a_permit_whose_answer_was_lost_is_asked_for_once_at_any_worker(floor, ground) -> None:
    welder = floor.browser(floor.cast.welder)
    workers = [welder, beside(welder, ground)]  # the second has no memory of the first
    told = {"grade": "second", "hours": "8", "site": "演示车间", "work": "焊接支架"}
    begin = {"from": "2027-01-15T16:00"}
    asked = [
        one.post("/permits", json=True, once=form, **told, **begin).json["permit"]
        for form in (FORM, "cd" * 16)
        for one in workers
    ]
    assert asked[0] == asked[1] != asked[2] == asked[3]
    both(*workers, floor.code, "permit", **told)
    assert count(ground, Permit) == 3


def test_on_and_off_at_two_workers_leave_once_each(floor, ground) -> None:
    welder, _watch = floor.watched()
    other = beside(welder, ground)
    for act, code in (("on", "1"), ("off", "0")):
        both(welder, other, floor.code, act)
        floor.exchange()
        assert count(ground, Command, Command.name == "switch", Command.code == code) == 1
    assert floor.terminal.relay == 0

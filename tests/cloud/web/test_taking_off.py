"""The office takes a terminal off its machine: the job ends, the power goes, then the keys."""

import pytest

from cloud.book.audit import AuditRow
from cloud.link import intake, stock, terminals, tickets
from cloud.registry import machines
from cloud.work import jobs
from cloud.work.job import Job

PAGE = "/registers/terminals/T1"


@pytest.fixture
def office(browser, floor):
    return browser(floor.cast.office)


def take_off(office, **given):
    given = {"state": "returned", "note": "换型号"} | given
    return office.post(f"{PAGE}/take-off", page=PAGE, **given)


def test_an_open_job_ends_first_and_the_keys_go_when_the_relay_is_open(floor, office, county):
    welder, _watch = floor.working()
    assert "从焊机上撤下" in office.get(PAGE).text
    waits = take_off(office)
    assert waits.status_code == 409 and "过几秒再按一次" in waits.text
    assert county.ask(terminals.secret, "T1") is not None  # the OFF must still reach it
    job = county.ask(lambda unit: unit.db.query(Job).one())
    assert (job.state, job.end_reason) == ("ended", "换型号")
    floor.exchange()
    assert floor.terminal.relay == 0
    assert take_off(office).location == PAGE
    assert county.ask(terminals.secret, "T1") is None
    assert county.ask(machines.by_device, "T1") is None
    job = county.ask(lambda unit: unit.db.query(Job).one())
    assert job.off_confirmed_at is not None and job.device == "T1"
    assert welder.state(floor.code)["state"] == "ended"


@pytest.mark.parametrize("dark", [False, True])
def test_to_revoke_a_terminal_that_works_opens_its_relay_first(floor, office, county, dark):
    """With its keys void nothing else ever would: the last that it hears is OFF and the lock, and
    in the dark the phone still brings the OFF."""
    floor.working()
    if dark:
        floor.up(floor.terminal.leave())
        floor.exchange()
    assert office.post(f"{PAGE}/revoke", page=PAGE, sure="1").location == PAGE
    assert county.ask(terminals.secret, "T1") is None
    job = county.ask(lambda unit: unit.db.query(Job).one())
    assert (job.state, job.end_reason) == ("ended", "terminal-revoked")
    if dark:
        stop = county.do(jobs.ticket_off, job, floor.cast.fire_watch, "00" * 8)
        receipt = floor.terminal.take(county.ask(tickets.written, stop))
        assert county.do(tickets.receipt, receipt) == "receipt"
    floor.exchange()
    assert floor.terminal.relay == 0


def test_the_machine_keeps_its_history(floor, office, county):
    assert take_off(office, note="").location == PAGE
    shown = office.get(f"/registers/machines/{floor.code}").text
    assert "撤下终端" in shown
    assert "从焊机上撤下" not in office.get(PAGE).text
    row = county.ask(
        lambda unit: unit.db.query(AuditRow).filter(AuditRow.what == "terminal-taken-off").one()
    )
    assert (row.actor, row.details["device"]) == (floor.cast.office.id, "T1")


def test_while_it_has_not_answered_it_is_told_once_and_waited_for(floor, office, county, sent):
    floor.working()
    before = len(sent)
    assert [take_off(office).status_code for _ in range(3)] == [409, 409, 409]
    assert len(sent) - before == 2  # off and lock
    assert county.ask(terminals.secret, "T1") is not None


def test_where_the_machine_has_no_mains_nobody_waits_for_an_answer(floor, office, county):
    floor.working()
    assert take_off(office, unplugged="1").location == PAGE
    assert county.ask(terminals.secret, "T1") is None
    assert county.ask(lambda unit: unit.db.query(Job).one()).state == "ended"


def test_one_that_is_off_line_is_not_waited_for(floor, office, county):
    floor.working()
    county.clock.forward(3600)
    county.do(intake.off_line)
    assert take_off(office).location == PAGE
    assert county.ask(terminals.secret, "T1") is None


def test_what_is_wrong_is_said_and_changes_nothing(floor, office, county):
    assert take_off(office, state="sold").status_code == 400
    other = office.post("/registers/terminals/T9/take-off", page=PAGE, state="returned")
    assert other.status_code == 404

    def installed(unit):
        stock.move(unit, "a4cf12abcdef", "flashed", "bench").device = "T1"

    county.do(installed)
    module = "/registers/stock/a4cf12abcdef"
    refused = office.post(f"{module}/state", page=module, state="returned")
    assert refused.status_code == 409 and "还装在焊机上" in refused.text
    assert county.ask(terminals.secret, "T1") is not None


@pytest.mark.parametrize("role", ["welder", "enterprise", "technician", "officer"])
def test_only_the_office_takes_one_off(floor, browser, county, role):
    user = browser(getattr(floor.cast, role))
    answer = user.post(f"{PAGE}/take-off", page="/", state="returned")
    assert answer.status_code == 403
    assert county.ask(machines.by_device, "T1") is not None

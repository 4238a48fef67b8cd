"""Lock, unlock, unsafe, sound again, scrapped: on the machine's page in the register."""

import json

import pytest

from cloud.registry import machines


@pytest.fixture
def page(cast):
    return f"/registers/machines/{cast.code}"


@pytest.fixture
def press(page):
    def pressed(user, what, reason="电缆破损", **more):
        return user.post(f"{page}/status", page="/office", what=what, reason=reason, **more)

    return pressed


def told(floor):
    """The last command that left for the terminal."""
    return json.loads(floor.sent[-1][1])["command_name"]


def status(county, cast):
    return county.ask(machines.get, cast.machine.id).status


def test_the_office_stops_a_working_machine_and_lets_it_work_again(
    browser, county, floor, page, press
):
    floor.working()
    office = browser(floor.cast.office)
    assert "停用待修" in office.get(page).text
    assert press(office, "unsafe").location == page
    floor.exchange()
    assert (floor.terminal.relay, told(floor)) == (0, "lock")
    shown = office.get(page).text
    assert "电缆破损" in shown and 'value="sound"' in shown and 'value="unsafe"' not in shown
    assert press(office, "sound", "已更换").location == page
    assert (status(county, floor.cast), told(floor)) == ("usable", "unlock")
    assert "已更换" in office.get(page).text


def test_a_lock_and_its_end_are_on_the_page_too(browser, county, floor, page, press):
    officer = browser(floor.cast.officer)
    assert 'value="lock"' in officer.get(page).text
    assert press(officer, "lock", "私自改装").location == page
    assert status(county, floor.cast) == "locked"
    assert 'value="unlock"' in officer.get(page).text
    assert press(officer, "unlock", "已恢复").location == page
    assert status(county, floor.cast) == "usable"


def test_scrapped_is_for_the_office_and_wants_to_be_sure(browser, county, cast, page, press):
    officer, office = browser(cast.officer), browser(cast.office)
    assert 'value="scrapped"' not in officer.get(page).text
    assert press(officer, "scrapped", sure="1").status_code == 403
    assert press(office, "scrapped").status_code == 400
    assert press(office, "scrapped", sure="1").location == page
    assert press(office, "scrapped", sure="1").location == page  # twice is once
    assert status(county, cast) == "scrapped"
    assert "<details>" not in office.get(page).text
    again = press(office, "sound", json=True)
    assert (again.status_code, again.json["refusals"][0]["code"]) == (409, "machine-unusable")


@pytest.mark.parametrize(
    "wrong",
    [{"what": "usable"}, {"what": "on"}, {"what": ""}, {"reason": " "}, {"reason": "长" * 121}],
)
def test_an_unknown_act_and_no_reason_are_bad_input(browser, county, cast, press, wrong):
    given = {"what": "unsafe"} | wrong
    assert press(browser(cast.office), **given).status_code == 400
    assert status(county, cast) == "usable"


def test_an_officer_of_elsewhere_finds_nothing_here(browser, county, cast, press):
    assert press(browser(cast.far_officer), "unsafe").status_code == 403
    assert press(browser(cast.enterprise), "unsafe").status_code == 403
    assert status(county, cast) == "usable"


def test_who_saw_it_for_its_job_alone_is_led_home_when_the_job_is_over(
    browser, county, floor, page, press
):
    floor.working()

    def elsewhere(unit):
        machines.get(unit, floor.cast.machine.id).district = "990202001"

    county.do(elsewhere)
    assert press(browser(floor.cast.officer), "unsafe").location == "/"
    assert status(county, floor.cast) == "unsafe"

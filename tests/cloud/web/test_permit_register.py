"""Everybody's permits, for the office and the officers to read (cloud/web/office/permits.py)."""

import re
from datetime import date, timedelta
from html import unescape

import pytest

from cloud.oversight import registers
from cloud.registry import departments
from cloud.web.permits import STATES
from cloud.work import permits
from cloud.work.permits import Permit

LINK = re.compile(r'<th role="rowheader" scope="row"><a href="(/registers/permits/[^"]+)"')
NEXT = re.compile(r'href="([^"]*after=[^"]*)"')
_HOUR = 3_600_000


@pytest.fixture
def asked(county, cast, clock):
    """A permit for the machine of the cast, from now for four hours; further ones by change."""

    def ask(by=None, machine=cast.machine, begins_h=0, hours=4, **change):
        given = {
            "enterprise_id": cast.works.id,
            "grade": "second",
            "window_from": clock.now + begins_h * _HOUR,
            "window_to": clock.now + (begins_h + hours) * _HOUR,
            "machine": machine,
            "site": "演示车间",
            "work": "焊接支架",
        }
        permit = county.do(permits.ask, by or cast.welder, **given | change)
        assert isinstance(permit, Permit)
        return permit

    return ask


def listed(user, **query):
    return LINK.findall(user.get("/registers/permits", query_string=query).text)


def page_of(permit):
    return f"/registers/permits/{permit.id}"


def test_today_s_permits_stand_there_the_last_to_begin_first_and_names_are_masked(
    browser, cast, asked
):
    first, later = asked(), asked(machine=None, begins_h=1)
    office = browser(cast.office)
    page = office.get("/registers/permits").text
    assert LINK.findall(page) == [page_of(later), page_of(first)]
    assert "李**" in page and "李演示" not in page and "等单位审批" in page
    assert listed(office, day="2020-01-01") == []
    assert listed(office, day="nonsense") == listed(office)


def test_a_permit_of_three_days_stands_under_each_of_them(browser, cast, asked, clock):
    long = asked(hours=72)
    office = browser(cast.office)
    days = [clock.now // 86_400_000 + n for n in range(-1, 5)]
    shown = [bool(listed(office, day=_iso(day))) for day in days]
    assert shown[0] is False and shown[1:4] == [True] * 3 and shown[5] is False
    assert page_of(long) in listed(office)


def _iso(day):
    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()


def test_it_is_found_by_machine_by_enterprise_and_by_state(browser, county, cast, asked):
    one, two = asked(), asked(machine=None)
    boss = cast.enterprise
    county.do(lambda unit: permits.approve(unit, unit.db.merge(two), unit.db.merge(boss)))
    office = browser(cast.office)
    assert listed(office, q=cast.code) == [page_of(one)]
    assert set(listed(office, q=cast.works.uscc)) == {page_of(one), page_of(two)}
    assert listed(office, q="nothing") == []
    assert listed(office, state="approved") == [page_of(two)]
    assert listed(office, state="waiting") == [page_of(one)]
    for state in ("refused", "taken-back", "withdrawn", "lapsed", "over"):
        assert listed(office, state=state) == []


def test_an_officer_sees_those_of_the_district_and_of_the_trade(browser, county, cast, asked):
    one, anywhere = asked(), asked(machine=None)
    near, far = browser(cast.officer), browser(cast.far_officer)
    assert set(listed(near)) == {page_of(one), page_of(anywhere)}
    assert listed(far) == [] and far.get(page_of(one)).status_code == 403
    county.do(departments.put, "house", "演示住建局", {"construction"})
    county.do(lambda unit: departments.post(unit, unit.db.merge(cast.officer), "house"))
    assert listed(near) == [page_of(anywhere)]
    assert near.get(page_of(one)).status_code == 403
    assert near.get(page_of(anywhere)).status_code == 200


def test_under_a_permit_for_the_whole_firm_an_officer_reads_nothing_of_other_trades(
    browser, county, cast, floor, asked
):
    permit, boss = asked(machine=None), cast.enterprise
    county.do(lambda unit: permits.approve(unit, unit.db.merge(permit), unit.db.merge(boss)))
    floor.working()
    county.do(
        lambda unit: permits.end(unit, unit.db.merge(permit), unit.db.merge(boss), why="停工")
    )
    county.machine(cast.works, industry="construction")
    said = ("焊接支架", "停工", f"/m/{cast.code}/card")
    page = browser(cast.office).get(page_of(permit)).text
    assert all(one in page for one in said)
    county.do(departments.put, "house", "演示住建局", {"construction"})
    county.do(lambda unit: departments.post(unit, unit.db.merge(cast.officer), "house"))
    officer = browser(cast.officer)
    for address in (page_of(permit), "/registers/permits"):
        page = officer.get(address).text
        assert page_of(permit) in page or "已撤回" in page
        assert not any(one in page for one in said)
    county.do(departments.put, "house", "演示住建局", {"construction", "industry"})
    page = officer.get(page_of(permit)).text
    assert all(one in page for one in said)


def test_one_permit_shows_its_jobs_and_what_became_of_it(browser, county, cast, floor, asked):
    permit = asked()
    county.do(
        lambda unit: permits.approve(unit, unit.db.merge(permit), unit.db.merge(cast.enterprise))
    )
    floor.working()
    page = browser(cast.office).get(page_of(permit)).text
    assert "批准动火作业票" in page and "申请动火作业票" in page
    assert f"/m/{cast.code}/card" in page and "已批准" in page


def test_the_list_is_turned_over_page_by_page(browser, cast, asked, monkeypatch):
    monkeypatch.setattr(registers, "PER_PAGE", 2)
    every = {page_of(asked(begins_h=n)) for n in range(5)}
    office, found, page = browser(cast.office), [], "/registers/permits"
    while page:
        text = office.get(page).text
        found += LINK.findall(text)
        more = NEXT.search(text)
        page = unescape(more[1]) if more else ""
    assert len(found) == 5 and set(found) == every


@pytest.mark.parametrize("now_h", [0, 5])
def test_each_state_is_found_by_the_database_as_it_is_told_of_one(
    county, cast, asked, clock, now_h
):
    _waiting, refused, back, good, ended = (asked() for _ in range(5))
    boss = cast.enterprise

    def act(unit):
        mine = unit.db.merge
        permits.turn_down(unit, mine(refused), mine(boss), "不行")
        permits.take_back(unit, mine(back), mine(cast.welder))
        for one in (good, ended):
            permits.approve(unit, mine(one), mine(boss))
        permits.end(unit, mine(ended), mine(boss), why="停工")

    county.do(act)
    clock.now += now_h * _HOUR

    def told(unit):
        return [
            (
                one.id,
                permits.state_of(one, unit.now),
                [
                    state
                    for state in STATES
                    if unit.db.query(Permit)
                    .filter(Permit.id == one.id, permits.in_state(state, unit.now))
                    .count()
                ],
            )
            for one in unit.db.query(Permit)
        ]

    every = county.ask(told)
    assert all(found == [state] for _id, state, found in every)
    wanted = {"refused", "taken-back", "withdrawn"} | (
        {"lapsed", "over"} if now_h else {"waiting", "approved"}
    )
    assert {state for _id, state, _found in every} == wanted

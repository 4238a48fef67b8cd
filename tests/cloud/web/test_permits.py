"""Permits by page: asked for by a welder, approved by somebody else (cloud/web/permits.py)."""

import re

import pytest

from cloud.work import permits, profiles
from tests.cloud.statements import statements

PAGE = "/permits"
WORK = {"site": "演示车间", "work": "焊接支架"}
HERE = WORK | {"grade": "first", "hours": "4"}


@pytest.fixture
def strict(monkeypatch):
    """The profile asks for an electronic permit, no voucher stands in."""
    from dataclasses import replace

    whole = replace(profiles.load("chongqing"), permit="permit")
    monkeypatch.setattr(profiles, "load", lambda name: whole)


def permit_of(page):
    return re.search(r'id="permit-([0-9a-f-]+)"', page)[1]


def ask(welder, code, **change):
    return welder.post(f"/m/{code}/permit", json=True, **HERE | change)


def codes(answer):
    return [one["code"] for one in answer.json["refusals"]]


def test_asked_on_the_machine_page_approved_by_the_enterprise_then_applied_for(
    strict, browser, cast, floor
):
    welder, boss = browser(cast.welder), browser(cast.enterprise)
    refused = welder.step(cast.code, "apply", voucher="1号票", **WORK)
    assert [one["code"] for one in refused["refusals"]] == ["permit"]
    assert ask(welder, cast.code).json["state"]["approval"]["state"] == "waiting"
    page = boss.get("/enterprise").text
    assert "李演示" in page and "应急管理 2027-08-03" in page  # whom, and whose papers hold
    done = boss.post(f"{PAGE}/{permit_of(page)}/approve", page="/enterprise", next="/enterprise")
    assert (done.status_code, done.location) == (303, "/enterprise")
    state = welder.state(cast.code)
    assert state["approval"]["until"] == floor.county.clock.now + 4 * 3_600_000
    assert welder.step(cast.code, "apply", **WORK)["ok"]


def test_nobody_approves_ones_own_on_the_page_either(browser, cast):
    boss = browser(cast.enterprise)
    given = {"from": "2027-01-15T16:00", "grade": "second", "hours": "8", **WORK}
    assert boss.post(PAGE, page=PAGE, **given).location == PAGE
    page = boss.get(PAGE).text
    assert "/approve" not in page and "/take-back" in page
    own = permit_of(page)
    refused = boss.post(f"{PAGE}/{own}/approve", page=PAGE, json=True)
    assert (refused.status_code, codes(refused)) == (422, ["permit-not-yours"])
    assert "不能审批自己申请的" in boss.post(f"{PAGE}/{own}/approve", page=PAGE).text
    assert boss.post(f"{PAGE}/{own}/take-back", page=PAGE).status_code == 303
    assert "申请人已取消" in boss.get(PAGE).text


def test_a_refusal_is_told_to_the_welder_with_its_reason(browser, cast, floor):
    welder, boss = browser(cast.welder), browser(cast.enterprise)
    ask(welder, cast.code)
    own = permit_of(boss.get(PAGE).text)
    assert boss.post(f"{PAGE}/{own}/refuse", page=PAGE, reason="").status_code == 400
    assert boss.post(f"{PAGE}/{own}/refuse", page=PAGE, reason="旁边有油漆").status_code == 303
    assert "单位没有批准：旁边有油漆" in welder.get(f"/m/{cast.code}").text
    assert "旁边有油漆" in welder.get(PAGE).text
    late = boss.post(f"{PAGE}/{own}/approve", page=PAGE, json=True)
    assert codes(late) == ["permit-closed"]


def test_a_permit_withdrawn_during_the_work_opens_the_relay(browser, cast, floor):
    welder, boss = browser(cast.welder), browser(cast.enterprise)
    ask(welder, cast.code)
    own = permit_of(boss.get(PAGE).text)
    boss.post(f"{PAGE}/{own}/approve", page=PAGE)
    welder, _watch = floor.working()
    page = boss.get("/enterprise").text
    assert f'action="/permits/{own}/withdraw"' in page and "1 项" in page
    done = boss.post(f"{PAGE}/{own}/withdraw", page="/enterprise", reason="大风", json=True)
    assert done.json["ok"]
    floor.exchange()
    assert floor.terminal.relay == 0
    state = welder.state(cast.code)
    assert (state["state"], state["end_reason"]) == ("ended", "permit")
    assert "动火作业票不再有效" in welder.get(f"/m/{cast.code}").text


def test_another_enterprise_and_another_welder_reach_none_of_it(browser, county, cast, floor):
    from tests.cloud.web.conftest import PASSWORD

    theirs = county.person(
        "enterprise", enterprise=county.enterprise("演示二厂"), password=PASSWORD
    )
    ask(browser(cast.welder), cast.code)
    own = permit_of(browser(cast.welder).get(PAGE).text)
    for person in (theirs, cast.other_welder):
        other = browser(person)
        assert own not in other.get(PAGE).text
        for act in ("approve", "refuse", "withdraw", "take-back"):
            assert other.post(f"{PAGE}/{own}/{act}", page=PAGE, reason="一").status_code == 403
    assert browser(cast.enterprise).post(f"{PAGE}/0/approve", page=PAGE).status_code == 404


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"hours": "9"}, 422, "permit-window"),
        ({"hours": "0"}, 422, "permit-window"),
        ({"hours": "-1"}, 400, "bad-input"),
        ({"hours": "²"}, 400, "bad-input"),
        ({"hours": ""}, 400, "bad-input"),
        ({"grade": "third"}, 400, "bad-input"),
        ({"site": ""}, 400, "bad-input"),
        ({"work": "长" * 61}, 400, "bad-input"),
    ],
)
def test_a_request_that_cannot_be_gets_one_clear_sentence(
    browser, cast, floor, change, status, code
):
    answer = ask(browser(cast.welder), cast.code, **change)
    assert (answer.status_code, codes(answer)) == (status, [code])


@pytest.mark.parametrize("begin", ["", "tomorrow", "9999-99-99T00:00", "0001-01-01T00:00"])
def test_a_time_that_is_none_is_bad_input(browser, cast, begin):
    given = {"from": begin, "grade": "second", "hours": "8", **WORK}
    answer = browser(cast.welder).post(PAGE, page=PAGE, json=True, **given)
    assert answer.status_code in (400, 422)


def test_a_double_press_asks_once(browser, cast, floor):
    welder = browser(cast.welder)
    once = {"once": "0" * 32}
    for _ in range(2):
        assert ask(welder, cast.code, **once).status_code == 200
    assert len(re.findall(r'id="permit-[0-9a-f]', welder.get(PAGE).text)) == 1


def test_a_form_whose_answer_was_lost_asks_once_and_the_page_gives_each_form_its_number(
    browser, cast
):
    welder = browser(cast.welder)
    page = welder.get(PAGE).text
    number = re.search(r'name="once" value="(\w{32})" id="ask-once" data-live', page)
    given = {"from": "2027-01-15T16:00", "grade": "second", "hours": "8", **WORK}
    first, again = (
        welder.post(PAGE, page=PAGE, json=True, once=number[1], **given).json["permit"]
        for _ in range(2)
    )
    other = welder.post(PAGE, page=PAGE, json=True, once="f" * 32, **given).json["permit"]
    assert first == again != other
    assert len(re.findall(r'id="permit-[0-9a-f]', welder.get(PAGE).text)) == 2


def test_a_list_is_turned_page_by_page(browser, county, cast):
    def many(unit):
        window = {"window_from": unit.now, "window_to": unit.now + 3_600_000}
        firm = cast.works.id
        for _ in range(51):
            permits.ask(unit, cast.welder, enterprise_id=firm, grade="first", **window)

    county.do(many)
    boss = browser(cast.enterprise)
    first, second = boss.get(PAGE).text, boss.get(f"{PAGE}?page=2").text
    assert (first.count('id="permit-'), second.count('id="permit-')) == (50, 1)
    assert "下一页" in first and "下一页" not in second
    assert boss.get(f"{PAGE}?page=x").status_code == 200


def test_a_longer_list_asks_the_database_no_more_often(browser, county, cast):
    boss = browser(cast.enterprise)

    def asked(more):
        for number in range(more):
            welder, machine = county.welder(cast.works), county.machine(cast.works)
            window = {"window_from": county.clock.now, "window_to": county.clock.now + 3_600_000}
            what = {"enterprise_id": cast.works.id, "machine": machine, "grade": "first"}
            one = county.do(permits.ask, welder, **what, **window)
            if number % 2:
                county.do(permits.approve, one, cast.enterprise)
        with statements(county.ground.engine) as seen:
            assert boss.get(PAGE).status_code == 200
        return len(seen)

    assert asked(2) == asked(6)

"""Officers handle an alarm to the end, by page or as a program; nobody else does."""

import pytest

from cloud.book import outbox
from cloud.cases import alarms, life
from cloud.web.regulator.words import ALARM_KINDS


@pytest.fixture
def alarm(county, cast):
    where = {"district": cast.machine.district, "machine_id": cast.machine.id}
    raised = county.do(alarms.raise_alarm, "TAMPER", "T1", **where)
    outbox.deliver(county.ground, life.handlers())
    return f"/alarms/{raised.id}"


def test_every_kind_has_its_words():
    assert set(ALARM_KINDS) == set(alarms.LEVELS)


def test_from_the_list_to_the_end_by_page(browser, cast, alarm):
    officer = browser(cast.officer)
    assert f'href="{alarm}"' in officer.get("/alarms").text
    assert "终端外壳被打开" in officer.get(alarm).text
    assert officer.post(f"{alarm}/take").location == alarm
    assert f'action="{alarm}/take"' not in officer.get(alarm).text
    assert officer.post(f"{alarm}/verify", words="外壳松动").location == alarm
    assert officer.post(f"{alarm}/close", words="已重新封好").location == alarm
    page = officer.get(alarm).text
    assert "外壳松动" in page
    assert "已重新封好" in page
    assert "没有未办结的告警" in officer.get("/alarms").text
    assert 'href="/alarms"' in officer.get("/").text


def test_the_list_keeps_the_filters_of_the_address_and_is_turned_page_by_page(
    browser, county, cast, alarm
):
    officer = browser(cast.officer)
    assert f'href="{alarm}?' in officer.get("/alarms?district=990101001").text
    assert alarm not in officer.get("/alarms?district=990101002").text
    assert 'href="/alarms?district=990101001"' in officer.get("/?district=990101001").text
    for number in range(50):
        where = {"district": cast.machine.district, "machine_id": cast.machine.id}
        county.do(alarms.raise_alarm, "LOW_SIGNAL", f"T{number}", **where)
    first = officer.get("/alarms?trade=industry").text
    assert first.count('scope="row"') == 50 and 'href="/alarms?page=2&amp;trade=industry"' in first
    last = officer.get("/alarms.json?page=2").json
    assert (len(last["alarms"]), last["page"], last["more"]) == (1, 2, False)


def test_the_filters_of_the_address_are_kept_on_the_way_to_one_thing_and_back(
    browser, cast, alarm
):
    officer, narrow = browser(cast.officer), "?district=990101001"
    for page in ("/", "/alarms", f"/m/{cast.code}/card"):
        assert f'href="{alarm}{narrow}"' in officer.get(page + narrow).text
    assert f'href="/m/{cast.code}/card{narrow}"' in officer.get(f"/machines{narrow}").text
    assert f'href="/{narrow}"' in officer.get(f"/m/{cast.code}/card{narrow}").text
    one = officer.get(alarm + narrow).text
    assert f'href="/alarms{narrow}"' in one and f'action="{alarm}/take{narrow}"' in one
    assert officer.post(f"{alarm}/take{narrow}", page=alarm).location == alarm + narrow


def test_the_same_as_a_program(browser, cast, alarm):
    officer = browser(cast.officer)
    (row,) = officer.get("/alarms.json").json["alarms"]
    assert (row["kind"], row["duty"], row["machine"]) == ("TAMPER", "990101001", cast.code)
    early = officer.post(f"{alarm}/close", json=True, words="一")
    assert (early.status_code, early.json["refusals"][0]["code"]) == (409, "alarm-step")
    assert officer.post(f"{alarm}/take", json=True).json["alarm"]["holder"] == cast.officer.id
    assert officer.post(f"{alarm}/verify", json=True, words="一").json["ok"]
    other = browser(cast.office).post(f"{alarm}/verify", json=True, words="没处理好")
    (why,) = other.json["refusals"]
    assert (other.status_code, why["words"]) == (409, "这条告警已经核实过。")
    assert why["todo"].startswith("您写的没有记下：“没处理好”。")
    assert officer.get(alarm).text.count("<dd>一</dd>") == 1
    assert officer.post(f"{alarm}/close", json=True, words="二").json["alarm"]["state"] == "closed"
    late = officer.post(f"{alarm}/take", json=True)
    assert late.json["refusals"][0]["words"] == "这条告警已经办结。"


@pytest.mark.parametrize("step", ["take", "verify", "close"])
def test_an_officer_of_another_district_neither_sees_nor_moves_it(browser, cast, alarm, step):
    far = browser(cast.far_officer)
    assert far.get("/alarms.json").json["alarms"] == []
    assert far.get(alarm).status_code == 403
    assert far.post(f"{alarm}/{step}", words="一").status_code == 403


@pytest.mark.parametrize("words", ["", " ", "长" * 201, "a\x00"])
def test_words_are_wanted_and_bounded(browser, cast, alarm, words):
    officer = browser(cast.officer)
    for step in ("verify", "close"):
        assert officer.post(f"{alarm}/{step}", words=words).status_code == 400


def test_an_alarm_that_is_not_there_is_a_404(browser, cast):
    office = browser(cast.office)
    assert office.get("/alarms/0").status_code == 404
    assert office.post("/alarms/0/take").status_code == 404


def test_a_case_of_another_trade_is_seen_after_it_was_handed_over(browser, county, cast, alarm):
    from cloud.registry import departments

    county.do(departments.put, "housing", "住建", {"construction"})
    builder = county.person("officer", district="990101", password="made-up-password")
    county.do(departments.post, builder, "housing")
    other = browser(builder)
    assert other.get(alarm).status_code == 403
    assert other.get(f"/m/{cast.code}").status_code == 403
    assert other.get("/status.json").json["numbers"]["alarms"] == 0
    assert other.get("/machines.json").json["machines"] == []
    officer = browser(cast.officer)
    assert officer.post(f"{alarm}/hand-over", department="none").status_code == 409
    assert officer.post(f"{alarm}/hand-over", department="housing").status_code == 303
    assert other.post(f"{alarm}/take").status_code == 303
    assert other.get("/status.json").json["numbers"]["alarms"] == 1
    assert other.get(f"/m/{cast.code}").status_code == 403

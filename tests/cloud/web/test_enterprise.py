"""The enterprise's page and its lists (cloud/web/enterprise/)."""

import pytest

from cloud.book import outbox
from cloud.cases import alarms, life, releases
from cloud.link import intake
from tests.cloud.statements import statements
from tests.cloud.web.conftest import PASSWORD

PAGES = ("", "/state", "/jobs", "/people", "/machines", "/alarms", "/releases")


@pytest.fixture
def boss(browser, cast):
    return browser(cast.enterprise)


@pytest.fixture
def other(browser, county):
    firm = county.enterprise("演示二厂")
    return browser(county.person("enterprise", enterprise=firm, password=PASSWORD))


@pytest.fixture
def alarm(county, cast):
    where = {"district": cast.machine.district, "machine_id": cast.machine.id}
    raised = county.do(alarms.raise_alarm, "TAMPER", "T1", **where)
    outbox.deliver(county.ground, life.handlers())
    return f"/enterprise/alarms/{raised.id}"


@pytest.fixture
def release(county, cast, floor):
    one = {"seq": 1, "boot": 1, "up": 1, "at": county.clock.now, "kind": "emergency_on"}
    county.do(intake.receive, "T1", floor.terminal.entries("A", one))
    outbox.deliver(county.ground, releases.handlers())
    (found,) = county.ask(releases.of_enterprise, cast.works.id, 10)
    return f"/enterprise/releases/{found.id}"


def test_the_page_shows_who_works_and_polls_for_news(boss, cast, floor):
    before = boss.get("/enterprise/state")
    floor.working()
    again = boss.get("/enterprise/state", headers={"If-None-Match": before.headers["ETag"]})
    assert again.status_code == 200
    assert again.json["numbers"]["working"] == 1
    tag = {"If-None-Match": again.headers["ETag"]}
    assert boss.get("/enterprise/state", headers=tag).status_code == 304
    for page in ("/enterprise", "/enterprise/jobs"):
        text = boss.get(page).text
        assert "李演示" in text and "演示车间" in text and f"/m/{cast.code}" in text
        assert "凭证（未在平台审批） 1号票" in text
    assert "停止：撤回作业票" not in text  # it stands on a voucher: no permit to withdraw


def test_an_alarm_is_answered_once_and_officers_read_it(boss, browser, cast, alarm):
    assert f'action="{alarm}"' in boss.get("/enterprise").text
    assert boss.post(alarm, page="/enterprise", words="").status_code == 400
    answered = boss.post(alarm, page="/enterprise", words="已派人", next="/enterprise")
    assert answered.location == "/enterprise"
    assert boss.get("/enterprise/state").json["alarms"] == []
    assert "单位处理：已派人" in boss.get("/enterprise/alarms").text
    again = boss.post(alarm, page="/enterprise", words="别的", json=True)
    assert (again.status_code, again.json["refusals"][0]["code"]) == (409, "alarm-step")
    officer = browser(cast.officer)
    assert "已派人" in officer.get(alarm.removeprefix("/enterprise")).text
    assert boss.post("/enterprise/alarms/0", page="/enterprise", words="一").status_code == 404


def test_a_release_gets_its_name_and_reason(boss, browser, cast, release):
    assert "指认使用人" in boss.get("/enterprise").text
    nobody = boss.post(release, page="/enterprise", login="nobody", words="抢修", json=True)
    assert nobody.status_code == 400
    given = {"login": cast.welder.login, "words": "网络中断，抢修"}
    assert boss.post(release, page="/enterprise", **given).location == "/enterprise/releases"
    assert "使用人：李演示。网络中断，抢修" in boss.get("/enterprise/releases").text
    assert boss.get("/enterprise/state").json["releases"] == []
    again = boss.post(release, page="/enterprise", json=True, **given)
    assert again.json["refusals"][0]["code"] == "release-named"
    card = browser(cast.officer).get(f"/m/{cast.code}/card").text
    assert "李**" in card and "网络中断，抢修" in card


def test_people_stand_in_the_order_of_their_papers(boss, county, cast):
    near = county.welder(cast.works, valid_to=county.day(5), review_by="")
    page = boss.get("/enterprise/people").text
    assert "7 天内到期" in page
    assert page.index(near.login) < page.index(cast.welder.login)
    assert boss.get("/enterprise/state").json["numbers"]["papers"] == 1


def test_a_certificate_tells_what_it_is_valid_for(boss, county, cast):
    high = county.welder(cast.works, category="高处作业", valid_to=county.day(400))
    both = county.welder(cast.works)
    county.certificate(both, category="非金属焊接", issuer="market", valid_to=county.day(5))
    page = boss.get("/enterprise/people").text
    of_high, of_both = (page.split(f">{one.login}<")[1].split("</li>")[0] for one in (high, both))
    assert "没有焊接操作证" in of_high and "不能用于焊接 · 应急管理 · 高处作业" in of_high
    assert ">有效" not in of_high
    assert "有效 · 可焊：工矿商贸 · 应急管理 · 熔化焊接" in of_both
    assert "不能用于焊接 · 市场监管 · 非金属焊接" in of_both and "没有焊接操作证" not in of_both
    assert page.index(high.login) < page.index(both.login)  # who may weld nothing comes first
    assert boss.get("/enterprise/state").json["numbers"]["papers"] == 0


def test_what_waits_stands_beside_what_runs(boss, alarm):
    left, right = boss.get("/enterprise").text.split('<div class="column">')[1:]
    assert "待审批作业票" in left and "待处理告警" in left and f'action="{alarm}"' in left
    assert "正在进行的作业" in right and "待处理告警" not in right


def test_machines_stand_with_state_and_last_contact(boss, county, cast, floor):
    county.machine(cast.works, name="没装终端")
    page = boss.get("/enterprise/machines").text
    assert "1号焊机" in page and "没装终端" in page and "未装终端" in page
    assert page.count("最后联系 </span><time") == 1


def test_another_enterprise_sees_and_moves_none_of_it(other, cast, floor, alarm, release):
    floor.working()
    for page in PAGES:
        text = other.get(f"/enterprise{page}").text
        assert "李演示" not in text and cast.code not in text and "1号焊机" not in text
    assert other.post(alarm, page="/enterprise", words="一").status_code == 403
    given = {"login": cast.welder.login, "words": "一"}
    assert other.post(release, page="/enterprise", **given).status_code == 403


def test_an_account_of_no_enterprise_has_no_such_page(browser, county):
    lost = browser(county.person("enterprise", password=PASSWORD))
    assert [lost.get(f"/enterprise{page}").status_code for page in PAGES] == [403] * len(PAGES)
    assert lost.get("/").status_code == 200


def test_the_page_speaks_english(boss, floor, alarm):
    boss.post("/language", lang="en", next="/enterprise")
    text = boss.get("/enterprise").text
    assert "Permits to approve" in text and "Alarms to answer" in text


def test_a_longer_list_of_releases_asks_the_database_no_more_often(boss, county, cast, floor):
    def asked(*numbers):
        for number in numbers:
            one = {"seq": number, "boot": 1, "up": number, "at": county.clock.now}
            body = floor.terminal.entries("A", one | {"kind": "emergency_on"})
            county.do(intake.receive, "T1", body)
        outbox.deliver(county.ground, releases.handlers())
        for one in county.ask(releases.of_enterprise, cast.works.id, 50):
            county.do(releases.name, one, cast.enterprise, county.welder(cast.works), "抢修")
        with statements(county.ground.engine) as seen:
            assert boss.get("/enterprise/releases").text.count("抢修") >= len(numbers)
        return len(seen)

    assert asked(1, 2) == asked(3, 4, 5, 6)

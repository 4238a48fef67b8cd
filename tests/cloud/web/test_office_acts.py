"""The office's other pages: codes, campaigns, rules, the trail, accounts (cloud/web/office)."""

import re
from html import unescape

import pytest
from sqlalchemy import text

from cloud.book import audit
from cloud.book.audit import AuditRow
from cloud.link import campaigns, enrolment, packages, terminals
from cloud.link.campaigns import Rollout
from cloud.oversight import registers
from cloud.registry import departments, people
from cloud.work.rules import SAYINGS
from tests.cloud.book.test_audit import NO_TRIGGERS

CODE = re.compile(r"[2-9A-Z]{5}-[2-9A-Z]{5}-[2-9A-Z]{5}")
DIGEST = "ab" * 32


@pytest.fixture
def office(browser, cast):
    return browser(cast.office)


def told(county, what):
    rows = county.ask(lambda unit: unit.db.query(AuditRow).filter(AuditRow.what == what).all())
    return [(row.actor, row.subject) for row in rows]


def test_a_code_is_shown_once_and_makes_so_many_terminals(office, county, cast):
    page = "/office/enrolment"
    given = {"login": cast.technician.login, "times": "1", "hours": "8"}
    shown = office.post(page, page=page, **given)
    (code,) = CODE.findall(shown.text)
    assert shown.headers["Cache-Control"] == "no-store"
    assert not CODE.findall(office.get(page).text)
    secret = bytes(32)
    done = county.do(enrolment.enrol, code, "a4cf12abcdef", secret)
    assert done.device == "HMA4CF12ABCDEF"
    assert county.do(enrolment.enrol, code, "a4cf12abcd00", secret).word == "code-spent"
    assert code not in str(county.ask(lambda u: [r.details for r in u.db.query(AuditRow)]))
    (made,) = told(county, "enrolment-code-made")
    assert made[0] == cast.office.id


def test_a_code_that_was_ended_is_good_no_more(office, county, cast):
    page = "/office/enrolment"
    given = {"login": cast.technician.login, "times": "5", "hours": "8"}
    made = office.post(page, page=page, json=True, **given).json
    assert office.post(f"{page}/{made['id']}/end", page=page).location == page
    assert county.do(enrolment.enrol, made["code"], "a4cf12abcdef", bytes(32)).word == (
        "code-expired"
    )
    assert office.post(f"{page}/0/end", page=page).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        *({"times": "0"}, {"times": "1001"}, {"times": "many"}, {"hours": "169"}, {"hours": ""}),
        *({"login": "nobody"}, {"login": ""}),
    ],
)
def test_a_code_for_too_much_or_for_nobody_is_bad_input(office, county, cast, wrong):
    given = {"login": cast.technician.login, "times": "1", "hours": "8"} | wrong
    assert office.post("/office/enrolment", page="/office/enrolment", **given).status_code == 400
    given["login"] = wrong.get("login", cast.welder.login)
    assert office.post("/office/enrolment", page="/office/enrolment", **given).status_code == 400
    assert county.ask(enrolment.listed) == []


@pytest.fixture
def package(county):
    numbers = {"release": 2, "min_release": 0, "expires": 0, "size": 9, "added_at": 1}
    row = packages.Package(digest=DIGEST, version="0.2.0", hw="a7670", **numbers)
    county.do(lambda unit: unit.db.add(row))
    terminal = {"fw": "0.1.0", "hw": "a7670"}
    made = [terminals.row] * 4
    county.do(
        lambda unit: terminals.add_many(
            unit, [make(unit, f"U{n}", bytes(32), **terminal) for n, make in enumerate(made)]
        )
    )


def test_a_campaign_is_started_paused_and_goes_on(office, county, cast, package):
    page = "/office/campaigns"
    given = {"digest": DIGEST, "waves": "990101：50，25,100", "stop": "10", "district": ""}
    assert office.post(page, page=page, **given).location == page
    (row,) = county.ask(lambda unit: unit.db.query(Rollout).all())
    waves = [(one["district"], one["share"]) for one in row.waves["waves"]]
    assert (row.total, row.stop_percent) == (4, 10)
    assert waves == [("990101", 50), ("", 25), ("", 100)]
    county.do(campaigns.sweep)  # nobody is in the first district
    county.do(campaigns.sweep)
    text = unescape(office.get(page).text)
    assert "进行中" in text and "第 2 批" in text and "没有装在电焊机上" in text
    for what, state in (("pause", "paused"), ("resume", "running")):
        assert office.post(f"{page}/{row.id}", page=page, json=True, what=what).json["state"] == (
            state
        )
    assert told(county, "campaign-started") == [(cast.office.id, row.id)]
    assert told(county, "campaign-paused") == [(cast.office.id, row.id)]
    assert office.post(f"{page}/0", page=page, what="pause").status_code == 404
    assert office.post(f"{page}/{row.id}", page=page, what="on").status_code == 400


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"waves": "100,25"}, "递增"),
        ({"waves": "a"}, "990101:25"),
        ({"waves": "50"}, "最后一批"),
        ({"stop": "-1"}, "0 到 100"),
        ({"district": "99010"}, "2、4、6、9 或 12"),
        ({"district": "990101", "waves": "9902:5,100"}, "辖区之内"),
        ({"digest": "0"}, "升级包"),
    ],
)
def test_a_campaign_that_cannot_be_is_bad_input_that_says_what(office, package, wrong, words):
    given = {"digest": DIGEST, "waves": "25,100", "stop": "10"} | wrong
    answer = office.post("/office/campaigns", page="/office/campaigns", json=True, **given)
    assert answer.status_code == 400 and words in answer.json["refusals"][0]["words"]


def test_the_rules_stand_with_their_articles_in_both_languages(office):
    page = office.get("/office/rules").text
    assert "第二十四条" in page and "chongqing" in page and "现在使用" in page
    office.post("/language", page="/", lang="en", next="/")
    assert SAYINGS["permit"][0].en.split("{")[0] in unescape(office.get("/office/rules").text)


def test_each_profile_stands_with_its_numbers_and_the_platform_with_its_time_limits(office):
    page = " ".join(unescape(re.sub("<[^>]+>", " ", office.get("/office/rules").text)).split())
    for told in (
        "新购电焊机赋码期限 chongqing 15 天 chongqing@cylinder 15 天 dalad 15 天 wuyi –",
        "一次授权最长 chongqing 12 小时 chongqing@cylinder –",
        "应急放开：30 天额度 chongqing 12 小时（重点区域 0 小时）",
        "wuyi@key-zone 0 小时",
        "特级、一级 8 小时，二级 72 小时",
        "监护人签到间隔 chongqing 60 分钟",
        "监护确认后开机 数值 10 分钟",
        "关机未确认报警 数值 30 秒",
    ):
        assert told in page, told


def test_the_trail_is_turned_page_by_page_and_shows_what_was_changed(office, county, monkeypatch):
    monkeypatch.setattr(registers, "PER_PAGE", 3)
    for number in range(7):
        place = f"99010{number % 3}"
        county.do(lambda unit, at=place: audit.write(unit, at, "somebody", "tried", at, {}))
    seen, address = [], "/office/audit"
    while address:
        page = office.get(address).text
        seen += re.findall(r"<span>([^<:]+:\d+)</span></td>\s*</tr>", page)
        found = re.search(r'href="(/office/audit\?after=[^"]*)"', page)
        address = found[1].replace("&amp;", "&") if found else ""
    count = county.ask(lambda unit: unit.db.query(AuditRow).count())
    assert len(seen) == len(set(seen)) == count
    verify = "/office/audit/verify"
    assert "完好" in office.post(verify, page="/office/audit").text
    assert office.post(verify, page="/office/audit", json=True).json["ok"]

    def forge(unit):
        for off in NO_TRIGGERS[unit.db.get_bind().dialect.name]:
            unit.db.execute(text(off))
        first = unit.db.query(AuditRow).first()
        unit.db.execute(text("UPDATE audit_row SET what='forged' WHERE id=:id"), {"id": first.id})
        return first.id

    forged = county.do(forge)
    page = office.post(verify, page="/office/audit")
    assert "处改动" in page.text and forged in page.text


def test_the_office_makes_an_officer_who_has_no_password_yet(office, county, cast, browser):
    county.do(departments.put, "fire", "演示消防", {"industry"})
    page = "/office/accounts"
    given = {"name": "孙演示", "login": "sun", "phone": "13812345679", "district": "990101"}
    given |= {"role": "officer", "department": "fire"}
    done = office.post(page, page=page, **given)
    person = county.ask(people.by_login, "sun")
    assert done.location == f"/registers/people/{person.id}"
    assert (person.roles, person.status) == ({"officer"}, "active")
    assert county.ask(departments.of, person.id).code == "fire"
    assert "sun" in office.get(f"{page}?role=officer").text
    assert browser().sign_in(person).status_code == 401
    assert told(county, "account-made") == [(cast.office.id, person.id)]
    assert office.post(page, page=page, **given).status_code == 400  # the login is taken


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": "welder"},
        {"phone": "1"},
        {"district": "x"},
        {"department": "nowhere"},
        {"name": ""},
    ],
)
def test_an_account_that_cannot_be_is_bad_input_and_leaves_nothing(office, county, wrong):
    given = {"name": "孙演示", "login": "sun", "phone": "13812345679", "district": "990101"}
    given |= {"role": "officer"} | wrong
    page = "/office/accounts"
    assert office.post(page, page=page, **given).status_code == 400
    assert county.ask(people.by_login, "sun") is None


def test_the_office_changes_the_roles_of_an_account_on_its_page(office, county, cast, browser):
    page = f"/registers/people/{cast.technician.id}"
    county.do(departments.put, "fire", "演示消防", {"industry"})
    text = office.get(page).text
    assert "更改角色" in text and 'value="technician" checked' in text
    assert 'name="roles" value="platform"' not in text
    technician, given = browser(cast.technician), {"roles": ["officer"], "department": "fire"}
    assert office.post(f"{page}/roles", page=page, **given).status_code == 400  # no reason
    done = office.post(f"{page}/roles", page=page, reason="调岗", **given)
    assert (done.status_code, done.location) == (303, page)
    assert county.ask(people.get, cast.technician.id).roles == {"officer"}
    assert "调岗" in office.get(page).text
    assert technician.get("/jobs").location.startswith("/login")
    assert told(county, "roles-changed") == [(cast.office.id, cast.technician.id)]


def test_roles_that_do_not_go_together_are_told_on_the_page(office, county, cast):
    page = f"/registers/people/{cast.technician.id}"
    for roles, words in (
        ([], "至少选一个角色"),
        (["officer", "technician"], "不能同时"),
        (["welder"], "公民身份号码"),
    ):
        answer = office.post(f"{page}/roles", page=page, reason="试", roles=roles)
        assert answer.status_code == 400 and words in answer.text
    own = f"/registers/people/{cast.office.id}"
    assert office.post(f"{own}/roles", page=own, reason="试", roles=["officer"]).status_code == 403
    assert (
        office.post("/registers/people/0/roles", reason="试", roles=["officer"]).status_code == 404
    )

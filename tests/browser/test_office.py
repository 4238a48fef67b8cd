"""The office at its desk and on a phone: a ledger, an enrolment code, the registers."""

import re

import pytest
from playwright.sync_api import expect

from cloud.base.formats import identity_check, uscc_check
from cloud.cases import registrations
from cloud.link import packages, terminals
from cloud.registry import people
from cloud.web.office.trail import FOUND
from tests.browser.axe import look
from tests.browser.conftest import DESK, PHONE, all_ways, both_ways, the_other_ways
from tests.browser.fitting import misfits
from tests.browser.people import heading, press, said
from tests.cloud.book.test_audit import tamper

pytestmark = pytest.mark.slow

BODIES = ("91990101MA0000081", "91990101MA0000082")
CODE = re.compile(r"[2-9A-Z]{5}-[2-9A-Z]{5}-[2-9A-Z]{5}")


def table(*rows):
    lines = ["企业名称,统一社会信用代码,行政区划"]
    lines += [f"{name},{body and body + uscc_check(body)},990101" for name, body in rows]
    return {"name": "企业.csv", "mimeType": "text/csv", "buffer": "\n".join(lines).encode()}


def bring(page, file):
    page.select_option("#kind", "enterprises")
    page.set_input_files("#file", file)
    press(page, "上传并核对")


@pytest.mark.parametrize(
    ("phone", "script"),
    [((PHONE, "zh"), False), ((DESK, "en"), True)],
    indirect=["phone"],
    ids=["phone-zh-plain", "desk-en-script"],
)
def test_a_table_is_judged_shown_and_its_good_rows_go_in(stage, phone, shot, script):
    page = phone("office1", "/office/imports", script=script)
    heading(page, "导入台账")
    shot(page, "60-imports")
    bring(page, {"name": "坏.csv", "mimeType": "text/csv", "buffer": b"\xff\x00"})
    state = page.locator(".state strong")
    expect(state).to_have_text(said(page, "没有成功"))
    page.goto(f"{stage.url}/office/imports")
    bring(page, table(("演示新厂", BODIES[0]), ("", "")))
    state = page.locator(".state strong")
    expect(state).to_have_text(said(page, "核对完毕，等您决定"))
    expect(page.get_by_text(said(page, "第 %(line)s 行", line=3))).to_be_visible()
    shot(page, f"61-import-judged-{'script' if script else 'plain'}")
    page.locator("button[value=good]").click()
    expect(state).to_have_text(said(page, "已写入"))
    page.goto(f"{stage.url}/office/imports")
    bring(page, table(("演示改名厂", BODIES[0]), ("演示二厂", BODIES[1])))
    expect(page.get_by_role("heading", name=said(page, "有改动的行"))).to_be_visible()
    page.locator("button[value=all]").click()
    expect(state).to_have_text(said(page, "已写入"))
    look(page, "written")
    shot(page, f"68-import-written-{page.lang}")
    page.goto(f"{stage.url}/registers/enterprises?q=改名")
    expect(page.get_by_role("row")).to_have_count(2)


@pytest.fixture
def newcomers(stage):
    """Two welders who registered and wait; their names."""
    names = "演示新人甲", "演示新人乙"
    with stage.ground.write() as unit:
        for number, name in enumerate(names):
            body = f"9901011990010100{number}"
            numbers = {"identity": body + identity_check(body), "phone": f"1380000000{number}"}
            given = {"login": f"new{number}", "district": "990101001"} | numbers
            registrations.register(unit, name=name, roles=frozenset({"welder"}), **given)
    return names


@all_ways
def test_who_registered_is_let_in_or_turned_down_and_an_officer_gets_an_account(
    stage, phone, newcomers, shot
):
    good, bad = newcomers
    office = phone("office1", "/office")
    office.locator("a[href='/office/registrations']").click()

    def waiting(name):
        return office.locator("section.card").filter(has_text=name)

    shot(office, f"64-registrations-{office.lang}")
    waiting(good).get_by_role("button", name=said(office, "通过"), exact=True).click()
    expect(waiting(good)).to_have_count(0)
    waiting(bad).locator("form").nth(1).get_by_role("textbox").fill("号码不清")
    waiting(bad).get_by_role("button", name=said(office, "不通过"), exact=True).click()
    expect(office.get_by_text(said(office, "没有待审核的注册。"))).to_be_visible()
    with stage.ground.read() as unit:
        states = [people.by_login(unit, login).status for login in ("new0", "new1")]
    assert states == ["active", "refused"]

    office.goto(f"{stage.url}/office/accounts")
    told = {"name": "孙演示", "login": "sun", "phone": "1", "district": "990101"}
    for name, text in told.items():
        office.fill(f"#{name}", text)
    press(office, "开账号")
    wrong = said(office, "“%(label)s”不对，请核对。", label=said(office, "手机号码"))
    expect(office.get_by_role("alert").filter(has_text=wrong)).to_be_visible()
    expect(office.locator("#name")).to_have_value("孙演示")
    look(office, "refused")
    assert misfits(office) == []
    shot(office, f"65-account-refused-{office.lang}-{office.viewport_size['width']}")
    office.fill("#phone", "13812345679")
    press(office, "开账号")
    expect(office.locator("h1")).to_have_text("孙演示")
    shot(office, f"66-account-{office.lang}")


@pytest.fixture
def package(stage):
    """An upgrade that two terminals need."""
    numbers = {"release": 2, "min_release": 0, "expires": 0, "size": 9, "added_at": 1}
    with stage.ground.write() as unit:
        unit.db.add(packages.Package(digest="ab" * 32, version="0.2.0", hw="a7670", **numbers))
        older = {"fw": "0.1.0", "hw": "a7670"}
        rows = [terminals.row(unit, one, bytes(32), **older) for one in ("U1", "U2")]
        terminals.add_many(unit, rows)


@both_ways
def test_an_upgrade_is_begun_held_and_goes_on(stage, phone, package, shot):
    office = phone("office1", "/office/campaigns")
    heading(office, "终端升级")
    office.fill("#waves", "50")
    press(office, "开始")
    wrong = said(office, "最后一批应是 100，全部不超过 50 批。")
    expect(office.get_by_role("alert").filter(has_text=wrong)).to_be_visible()
    expect(office.locator("#waves")).to_have_value("50")
    look(office, "refused")
    office.fill("#waves", "50,100")
    press(office, "开始")
    state = office.locator("h2").first
    for words, then in (("进行中", "暂停"), ("已暂停", "继续"), ("进行中", "")):
        expect(state).to_contain_text(said(office, words))
        look(office, words)
        if then:
            press(office, then)
    shot(office, f"67-campaign-{office.lang}")


@the_other_ways
def test_a_row_that_was_changed_behind_the_trail_is_named(stage, phone, shot):
    office = phone("office1", "/office/audit")
    tamper(stage.ground, "UPDATE audit_row SET actor = 'nobody' WHERE seq = 2")
    press(office, "核对有没有被改动")
    expect(
        office.get_by_role("status").filter(has_text=said(office, str(FOUND["changed"])))
    ).to_be_visible()
    assert misfits(office) == []
    look(office, "changed")
    shot(office, f"69-trail-changed-{office.lang}")


def test_an_enrolment_code_is_shown_once(stage, phone, shot):
    page = phone("office1", "/office/enrolment", size=PHONE)
    page.fill("#login", "office1")
    press(page, "生成登记码")
    code = page.locator(".once")
    expect(code).to_have_text(CODE)
    shown = code.inner_text()
    shot(page, "62-code")
    page.get_by_role("link", name="返回", exact=True).click()
    heading(page, "终端登记码")
    assert shown not in page.content()
    shot(page, "63-codes")
    page.on("dialog", lambda dialog: dialog.accept())
    page.go_back()
    expect(page.locator("h1")).to_be_visible()
    assert shown not in page.content()  # no-store: the browser kept nothing

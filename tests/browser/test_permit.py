"""A permit from the welder's phone to the enterprise's desk and back; and what goes wrong."""

import pytest
from playwright.sync_api import expect

from cloud.registry import people
from cloud.work import permits
from tests.browser.conftest import DESK, both_ways
from tests.browser.people import heading, press, prove, said, type_pin

pytestmark = pytest.mark.slow


@pytest.fixture
def bare(stage):
    """Nothing is approved in the made-up county."""
    with stage.ground.write() as unit:
        for login in ("firm1", "firm2"):
            boss = people.by_login(unit, login)
            for one in permits.of_enterprise(unit, boss.enterprise_id):
                permits.end(unit, one, boss, why="演示")
    return stage


def asked(page):
    """The welder has said what is to be done, and sent it to the enterprise."""
    heading(page, "申请作业")
    page.fill("#site", "演示一号车间东侧")
    page.fill("#work", "焊接管道支架")
    page.locator("#ask-permit > summary").click()
    page.select_option("#grade", "first")
    press(page, "提交审批")
    expect(page.locator("#permit")).to_contain_text("等单位审批")
    expect(page.locator("#grade")).to_be_hidden()


def test_asked_approved_switched_on_and_withdrawn_during_the_work(bare, phone, shot):
    code, terminal = bare.machine(0)
    welder = phone("welder1", f"/m/{code}")
    asked(welder)
    shot(welder, "60-permit-asked")
    boss = phone("firm1", "/", size=DESK)
    heading(boss, "演示机械一厂")
    shot(boss, "61-enterprise")
    press(boss, "批准")
    expect(boss.get_by_role("button", name="批准", exact=True)).to_have_count(0)
    expect(welder.locator("#permit")).to_contain_text("单位已批准")
    expect(welder.locator("#site")).to_have_value("演示一号车间东侧")
    shot(welder, "62-permit-approved")
    press(welder, "申请作业")
    prove(welder, terminal, "确认，下一步")
    watch = phone("watch1", f"/m/{code}")
    prove(watch, terminal, "确认现场安全", pin=bare.person("watch1")["pin"])
    heading(welder, "可以开机")
    type_pin(welder, bare, "welder1")
    press(welder, "开机")
    heading(welder, "作业中")
    assert terminal.relay == 1

    boss.locator("summary", has_text="停止：撤回作业票").click()
    boss.get_by_label("原因").last.fill("现场起风")
    shot(boss, "63-stop")
    press(boss, "停止作业")
    heading(welder, "收工确认")
    expect(welder.get_by_text("动火作业票不再有效")).to_be_visible()
    expect(welder.get_by_text("焊机已确认断电。")).to_be_visible()
    assert terminal.relay == 0
    welder.goto(bare.url + "/jobs")
    heading(welder, "我的作业")
    shot(welder, "64-my-jobs")
    for box in welder.locator("input[type=checkbox]").all():
        box.check()
    press(welder, "收工")
    expect(welder.get_by_text("已收工")).to_be_visible()


@both_ways
def test_ones_own_permit_has_no_button_and_a_forged_press_is_refused(bare, phone, shot):
    boss = phone("firm1", "/permits")
    heading(boss, "动火作业票")
    boss.fill("#site", "演示一号车间")
    boss.fill("#work", "焊接支架")
    press(boss, "提交审批")
    expect(boss.get_by_role("button", name=said(boss, "取消申请"))).to_be_visible()
    approve = boss.get_by_role("button", name=said(boss, "批准"), exact=True)
    expect(approve).to_have_count(0)
    shot(boss, "65-own-permit")
    form = boss.locator("form[action$='/take-back']")
    form.evaluate("form => { form.action = form.action.replace('take-back', 'approve'); }")
    press(boss, "取消申请")
    refused = {"zh": "不能审批自己申请的作业票", "en": "never the one who asked"}[boss.lang]
    expect(form.or_(boss.locator("form[action$='/approve']"))).to_contain_text(refused)
    boss.reload()
    expect(boss.get_by_text(said(boss, "等单位审批"))).to_be_visible()


def test_it_works_without_script(bare, phone):
    code, _terminal = bare.machine(0)
    welder = phone("welder1", f"/m/{code}", script=False)
    asked(welder)
    boss = phone("firm1", "/enterprise", script=False)
    boss.locator("summary", has_text="不批准").click()
    boss.get_by_label("原因").first.fill("旁边有油漆")
    boss.locator("details[open]").get_by_role("button", name="不批准").click()
    welder.reload()
    expect(welder.locator("#permit")).to_contain_text("旁边有油漆")


def test_the_enterprises_pages_in_english_and_in_the_dark(bare, phone, shot):
    for size, dark in ((None, True), (DESK, False)):
        boss = phone("firm1", "/enterprise", dark=dark, **({"size": size} if size else {}))
        heading(boss, "演示机械一厂")
        press(boss, "English")
        for name in ("", "/people", "/machines", "/jobs", "/alarms", "/releases"):
            boss.goto(f"{bare.url}/enterprise{name}")
            expect(boss.locator("h1")).to_be_visible()
            assert boss.evaluate("document.documentElement.scrollWidth") <= (size or {}).get(
                "width", 360
            )
            shot(boss, f"66-{'dark' if dark else 'desk'}{name.replace('/', '-')}")

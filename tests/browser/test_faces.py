"""What each face is for, and what goes worst at it, on a phone and at a desk, in both languages.

What other files here show of the same faces: docs/faces.md.
"""

import re

import pytest
from playwright.sync_api import expect

from cloud.book import outbox
from cloud.cases import alarms, life, releases
from cloud.registry import machines, people
from cloud.work import checkins, jobs, permits
from tests.browser.axe import look
from tests.browser.conftest import all_ways, both_ways, sign_in
from tests.browser.fitting import misfits
from tests.browser.people import heading, press, said, tick_everything, watched

pytestmark = pytest.mark.slow

HOUR_MS = 3_600_000
# The size of a drawing's letters, pixels.
ON_SCREEN = """all => all.map((one) =>
  parseFloat(getComputedStyle(one).fontSize) * one.getScreenCTM().a)"""
LATE = "没有按时签到。请马上到现场签到；人不在现场，请停止作业。"


@both_ways
def test_checked_in_extended_and_stopped_though_the_network_holds_a_press_and_fails_once(
    stage, phone, shot
):
    welder, watch, terminal = watched(stage, phone)
    press(welder, "开机")
    heading(welder, "作业中")
    heading(watch, "作业中，请守在现场")
    with stage.ground.write() as unit:  # two hours without a check-in, and the permit at its end
        job = jobs.open_on(unit, machines.by_code(unit, stage.machine(0)[0]).id)
        job.lease_until -= 10 * HOUR_MS
        for _hour in range(2):
            checkins.missed(unit, job)
    late = watch.get_by_role("alert").filter(has_text=said(watch, LATE))
    expect(late).to_be_visible()
    look(watch, "late")
    shot(watch, f"89-watch-late-{watch.lang}")
    press(watch, "签到：我在现场")
    expect(late).to_be_hidden()
    left = welder.locator(".left")
    expect(left).to_have_text(re.compile("^1:"))
    press(welder, "延长作业（已批准）")
    expect(left).to_have_text(re.compile("^11:"))
    assert terminal.relay == 1
    held = []
    watch.route("**/check-in", lambda route: held.append(route))  # the network swallows it
    with watch.expect_request("**/check-in"):
        press(watch, "签到：我在现场")
    stop = watch.get_by_role("button", name=said(watch, "停止作业"), exact=True)
    watch.context.set_offline(True)
    stop.click()
    expect(watch.locator("#lost")).to_be_visible()
    look(watch, "no network")
    shot(watch, f"90-watch-lost-{watch.lang}")
    watch.context.set_offline(False)
    assert terminal.relay == 1
    terminal.deaf = True
    stop.click()
    heading(welder, "收工确认")
    expect(welder.locator(".sign.waiting")).to_be_visible()  # nobody says that power is off
    terminal.deaf = False
    terminal.mains_back()  # somebody pulled the plug
    expect(welder.get_by_text(said(welder, "焊机已确认断电。"))).to_be_visible()
    assert terminal.relay == 0
    tick_everything(welder)
    press(welder, "收工")
    heading(welder, "申请作业")


@pytest.fixture
def alarm(stage):
    """An alarm about the first machine of the demo county; its id."""
    made = stage.alarm(0)
    outbox.deliver(stage.ground, life.handlers())
    return made


@all_ways
def test_an_officer_handles_an_alarm_in_place_and_reads_who_was_quicker(stage, phone, alarm, shot):
    officer = phone(at="/")
    sign_in(officer, stage.person("officer1"))
    row = officer.locator(f"#d-{alarm}")
    row.locator("summary").click()
    press(officer, "由我处理")
    expect(officer.locator(f"#take-{alarm}")).to_have_count(0)
    officer.context.set_offline(True)
    row.locator("input[name=words]").fill("外壳松动")
    press(officer, "核实")
    expect(officer.locator("#lost")).to_be_visible()
    officer.context.set_offline(False)
    expect(officer.locator("#lost")).to_be_hidden()
    expect(row.locator("input[name=words]")).to_have_value("外壳松动")
    press(officer, "核实")
    row.locator(f"#alarm_close-{alarm}").get_by_role("textbox").fill("已封好")
    look(officer, "at an alarm")
    assert misfits(officer) == []
    shot(officer, f"91-alarm-{officer.lang}-{officer.viewport_size['width']}")
    with stage.ground.write() as unit:  # a colleague is quicker
        life.close(unit, unit.db.get(alarms.Alarm, alarm), people.by_login(unit, "office1"), "封")
    press(officer, "办结")
    expect(row).to_have_count(0)
    officer.goto(f"{stage.url}/alarms/{alarm}")
    expect(officer.get_by_text("封", exact=True)).to_be_visible()


@both_ways
def test_an_officer_reads_and_handles_without_script(stage, phone, alarm, shot):
    officer = phone("officer1", "/", script=False)
    expect(officer.locator("#map")).to_be_hidden()
    officer.get_by_role("link", name=said(officer, "刷新"), exact=True).click()
    expect(officer.locator(".map noscript p")).to_be_visible()
    officer.select_option("#trade", "industry")
    press(officer, "筛选")
    officer.wait_for_url(re.compile("trade=industry"))
    officer.locator(f"#d-{alarm} summary").click()
    shot(officer, f"94-plain-status-{officer.lang}")
    press(officer, "由我处理")
    for act, words in (("核实", "外壳松动"), ("办结", "已封好")):
        officer.get_by_role("textbox").first.fill(words)
        press(officer, act)
        expect(officer.get_by_text(words, exact=True)).to_be_visible()
    expect(officer.get_by_role("button", name=said(officer, "办结"), exact=True)).to_have_count(0)
    shot(officer, f"95-plain-alarm-{officer.lang}")
    code, _terminal = stage.machine(0)
    for path, thing in (
        ("/alarms", "h1"),
        ("/machines", f"th a[href*='{code}']"),
        (f"/m/{code}/card", "main svg"),
        ("/trends", "main svg"),
        ("/forms/statistics", "main table"),
        ("/forms/survey", "main table"),
    ):
        officer.goto(stage.url + path)
        expect(officer.locator(thing).first).to_be_visible()
        assert all(size >= 12 for size in officer.locator(".axis").evaluate_all(ON_SCREEN)), path
        shot(officer, f"97{path.replace('/', '-')[:9]}-{officer.lang}")


@all_ways
def test_an_enterprise_approves_answers_and_names_but_no_stranger(stage, phone, alarm, shot):
    _code, terminal = stage.machine(0)
    entry = {"seq": 1, "boot": 1, "up": 1, "at": 0, "kind": "emergency_on"}
    terminal.say(terminal.entries("A", entry))
    outbox.deliver(stage.ground, releases.handlers())
    with stage.ground.write() as unit:
        welder = people.by_login(unit, "welder1")
        window = {"window_from": unit.now, "window_to": unit.now + 3_600_000}
        asked = {"enterprise_id": welder.enterprise_id, "grade": "second", "site": "演示东侧"}
        permits.ask(unit, welder, **asked, **window)
    boss = phone("firm1", "/enterprise")
    expect(boss.locator("h1")).to_have_text("演示机械一厂")
    press(boss, "批准")
    expect(boss.get_by_text("演示东侧")).to_have_count(0)
    boss.get_by_text(said(boss, "先处理，再填写")).click()
    boss.locator(f"#answer-{alarm} input[type=text]").fill("已派人")
    press(boss, "提交处理情况")
    expect(boss.locator(f"#answer-{alarm}")).to_have_count(0)
    expect(boss.locator(".numbers .raised")).to_have_count(0)
    boss.get_by_text(said(boss, "指认使用人"), exact=True).click()
    who, why = boss.locator("[id^=who-] input[type=text]").all()
    who.fill("nobody")
    why.fill("网络中断，抢修")
    press(boss, "确认使用人")
    refused = said(boss, "本单位没有这个人，也没有与他的合同。")
    expect(boss.get_by_text(refused)).to_be_visible()
    expect(why).to_have_value("网络中断，抢修")
    look(boss, "refused")
    assert misfits(boss) == []
    shot(boss, f"92-stranger-{boss.lang}-{boss.viewport_size['width']}")
    who.fill("welder1")
    press(boss, "确认使用人")
    expect(boss.locator("[id^=who-]")).to_have_count(0)

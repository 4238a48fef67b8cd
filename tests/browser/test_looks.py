"""The same pages in the dark, in English, on a desk, without script, and when they refuse."""

import re
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import expect

from cloud.web.regulator.status import POLL_MS
from tests.browser.axe import look
from tests.browser.conftest import DESK, PHONE, both_ways
from tests.browser.people import (
    apply_here,
    heading,
    hear,
    press,
    said,
    take_picture,
    tick_everything,
    watched,
)

pytestmark = pytest.mark.slow


@both_ways
def test_a_welder_with_an_expired_certificate_reads_why_and_what_to_do(stage, phone, shot):
    code, _terminal = stage.machine(0)
    page = phone("welder2", f"/m/{code}", dark=True)
    heading(page, "申请作业")
    page.fill("#site", "演示一号车间")
    page.fill("#work", "焊接支架")
    press(page, "申请作业")
    panel = page.get_by_role("alert").filter(has_text=said(page, "不能继续"))
    expect(panel).to_contain_text({"zh": "到期", "en": "expired"}[page.lang])
    expect(page.locator("#site")).to_have_value("演示一号车间")
    draft = panel.get_by_text({"zh": "征求意见稿", "en": "consultation draft"}[page.lang]).first
    expect(draft).to_be_hidden()
    panel.get_by_text(said(page, "依据")).first.click()
    expect(draft).to_be_visible()
    look(page, "refused")
    shot(page, f"20-refused-{page.lang}")


def test_the_language_is_switched_in_the_middle_of_a_job(stage, phone, shot):
    code, _terminal = stage.machine(0)
    page = phone("welder1", f"/m/{code}")
    apply_here(page)
    press(page, "English")
    heading(page, "Check the site")
    expect(page.get_by_label("I have read the ten rules")).to_be_visible()
    shot(page, "21-english")
    press(page, "中文")
    heading(page, "检查现场")


def test_the_page_is_good_in_the_dark(stage, phone, shot):
    welder, _watch, terminal = watched(stage, phone, dark=True)
    shot(welder, "22-dark-on")
    press(welder, "开机")
    heading(welder, "作业中")
    shot(welder, "23-dark-working")
    terminal.deaf = True
    press(welder, "关机")
    heading(welder, "收工确认")
    shot(welder, "24-dark-clear")


def test_on_and_off_work_without_script(stage, phone, shot):
    welder, _watch, terminal = watched(stage, phone, script=False)
    with terminal.waited_for():
        press(welder, "开机")
        heading(welder, "正在等焊机应答")
    heading(welder, "作业中")  # the waiting page reloads itself
    shot(welder, "25-plain-working")
    assert terminal.relay == 1
    press(welder, "关机")
    heading(welder, "收工确认")
    tick_everything(welder)
    expect(welder.get_by_text("焊机已确认断电。")).to_be_visible()
    assert terminal.relay == 0


def test_without_script_a_wrong_code_keeps_what_was_ticked(stage, phone):
    code, terminal = stage.machine(0)
    page = phone("welder1", f"/m/{code}", script=False)
    apply_here(page)
    take_picture(page, script=False)
    tick_everything(page)
    press(page, "请焊机报码")
    expect(page.get_by_text("内有效")).to_be_visible()
    for box in page.locator("input[type=checkbox]").all():
        expect(box).to_be_checked()
    right = hear(page, terminal, 0)
    page.fill("#code", f"{(int(right) + 1) % 10_000:04}")
    press(page, "确认，下一步")
    expect(page.get_by_role("alert").filter(has_text="不能继续")).to_contain_text("验证码不对")


def test_a_wrong_code_is_said_at_once_and_the_ticks_stay(stage, phone, shot):
    code, terminal = stage.machine(0)
    page = phone("welder1", f"/m/{code}")
    apply_here(page)
    take_picture(page)
    tick_everything(page)
    press(page, "请焊机报码")
    right = hear(page, terminal, 0)
    page.fill("#code", f"{(int(right) + 1) % 10_000:04}")
    press(page, "确认，下一步")
    expect(page.get_by_role("alert").filter(has_text="不能继续")).to_contain_text("还可以试 2 次")
    expect(page.locator("input[type=checkbox]").first).to_be_checked()
    expect(page.locator("#code")).to_have_value("")
    look(page, "wrong code")
    shot(page, "26-wrong-code")
    page.fill("#code", right)
    press(page, "确认，下一步")
    heading(page, "等监护人到现场核验")


def test_a_page_that_loses_its_network_says_so_and_comes_back(stage, phone, shot):
    code, _terminal = stage.machine(0)
    page = phone("welder1", f"/m/{code}")
    heading(page, "申请作业")
    page.context.set_offline(True)
    expect(page.locator("#lost")).to_be_visible()
    page.fill("#site", "演示一号车间")
    page.fill("#work", "焊接支架")
    press(page, "申请作业")
    shot(page, "27-lost")
    page.context.set_offline(False)
    expect(page.locator("#lost")).to_be_hidden()
    press(page, "申请作业")
    heading(page, "检查现场")


def test_a_press_that_the_network_swallows_is_given_up_and_pressed_again(stage, phone):
    code, _terminal = stage.machine(0)
    page = phone("welder1", f"/m/{code}")
    heading(page, "申请作业")
    page.fill("#site", "演示一号车间")
    page.fill("#work", "焊接支架")
    page.clock.install()
    swallowed = []
    page.route("**/apply", lambda route: swallowed.append(route))
    button = page.get_by_role("button", name="申请作业", exact=True)
    with page.expect_request("**/apply"):
        button.click()
    expect(button).to_be_disabled()
    page.clock.fast_forward(20_000)
    expect(page.locator("#lost")).to_be_visible()
    expect(button).to_be_enabled()
    assert len(swallowed) == 1
    page.unroute("**/apply")
    button.click()
    heading(page, "检查现场")


@both_ways
def test_a_press_whose_answer_is_lost_is_taken_once_and_pressed_again_without_harm(
    stage, phone, shot
):
    welder, _watch, terminal = watched(stage, phone)
    pressed = []

    def lose_the_first(route):
        pressed.append(parse_qs(route.request.post_data)["once"])
        if len(pressed) > 1:
            route.continue_()
        else:
            route.fetch()  # the cloud takes it
            route.abort("internetdisconnected")

    welder.route("**/on", lose_the_first)
    welder.route("**/state", lambda route: route.abort("internetdisconnected"))
    on = welder.get_by_role("button", name=said(welder, "开机"), exact=True)
    on.click()
    expect(welder.locator("#lost")).to_be_visible()
    look(welder, "answer lost")
    shot(welder, f"36-answer-lost-{welder.lang}")
    on.click()
    heading(welder, "作业中")
    expect(welder.locator("#lost")).to_be_hidden()
    assert pressed[0] == pressed[1] and len(pressed) == 2
    assert terminal.relay == 1 and len(terminal.closings) == 1


def test_after_mains_come_back_the_welder_resumes_with_one_press(stage, phone, shot):
    welder, watch, terminal = watched(stage, phone)
    press(welder, "开机")
    heading(welder, "作业中")
    terminal.mains_back()
    heading(welder, "已暂停，焊机已断电")
    heading(watch, "已暂停，焊机已断电")
    shot(welder, "28-paused")
    press(welder, "继续开机")
    heading(welder, "作业中")
    assert terminal.relay == 1


@both_ways
def test_a_machine_that_does_not_answer_is_waited_for_honestly(stage, phone, shot):
    welder, _watch, terminal = watched(stage, phone)
    terminal.deaf = True
    press(welder, "开机")
    heading(welder, "正在等焊机应答")
    expect(welder.locator("[data-from]")).to_have_text(re.compile("^([2-9]|[1-9][0-9]+)$"))
    shot(welder, "29-asked")
    press(welder, "不开了")
    heading(welder, "收工确认")


def test_the_status_page_is_fresh_every_ten_seconds_without_reload(stage, phone, shot):
    officer = phone("officer1", "/", size=DESK)
    officer.clock.install()
    officer.reload()
    heading(officer, "电焊机状态")
    assert POLL_MS == 10_000

    def later():
        with officer.expect_response("**/status.part*"):
            officer.clock.fast_forward(POLL_MS)

    officer.evaluate("window.unreloaded = true")
    working = officer.locator(".numbers div").filter(has_text="作业中").locator("dd")
    expect(working).to_have_text("0")
    welder, _watch, terminal = watched(stage, phone)
    press(welder, "开机")
    heading(welder, "作业中")
    later()
    expect(working).to_have_text("1")
    assert officer.evaluate("window.unreloaded")
    expect(officer.get_by_role("row").nth(1)).to_contain_text("演****")
    terminal.say(terminal.beat(amps=128, arc=1))
    later()
    expect(officer.get_by_role("row").nth(1)).to_contain_text("128 A")
    shot(officer, "30-status")
    officer.emulate_media(color_scheme="dark")
    shot(officer, "31-status-dark")
    officer.set_viewport_size(PHONE)
    shot(officer, "32-status-phone")


def test_an_officer_orders_a_machine_off_with_a_reason(stage, phone, shot):
    welder, _watch, terminal = watched(stage, phone)
    press(welder, "开机")
    heading(welder, "作业中")
    officer = phone("officer1", "/", size=DESK)
    officer.get_by_role("row").nth(1).get_by_role("link").click()
    officer.get_by_role("link", name="打开这台焊机").click()  # from the card of the machine
    heading(officer, "作业中")
    shot(officer, "33-officer")
    officer.fill("#reason", "无人监护")
    press(officer, "关机")
    heading(welder, "收工确认")
    assert terminal.relay == 0


def test_a_code_that_is_misread_is_told_from_one_that_is_unknown(stage, phone, shot):
    code, _terminal = stage.machine(0)
    page = phone("welder1", "/")
    heading(page, "请扫描电焊机上的二维码")
    shot(page, "34-scan")
    page.fill("#code", code[:-1] + ("0" if code[-1] != "0" else "1"))
    press(page, "打开")
    heading(page, "设备码读错了，校验位对不上。")
    shot(page, "35-misread")
    page.go_back()
    page.fill("#code", code.lower())
    press(page, "打开")
    heading(page, "申请作业")


def test_everything_to_press_is_big_and_nothing_is_cut_off(stage, phone):
    code, _terminal = stage.machine(0)
    welder = phone("welder1", f"/m/{code}")
    apply_here(welder)
    pages = [welder, phone(at=f"/m/{code}"), phone("watch1", "/"), phone("watch1", f"/m/{code}")]
    for page in pages:
        for thing in page.locator("button:visible, .button:visible, label.tick:visible").all():
            assert thing.bounding_box()["height"] >= 56
        for field in page.locator("input[type=text]:visible, input[type=password]").all():
            assert field.bounding_box()["height"] >= 56
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_keyboard_reaches_the_next_step_first(stage, phone):
    code, _terminal = stage.machine(0)
    page = phone("welder1", f"/m/{code}")
    heading(page, "申请作业")
    page.wait_for_load_state()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到正文")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#site")).to_be_focused()
    page.keyboard.type("演示车间")
    expect(page.locator("#site")).to_have_value("演示车间")
    page.keyboard.press("Tab")
    expect(page.locator("#work")).to_be_focused()
    page.keyboard.type("焊接支架")
    expect(page.locator("#work")).to_have_value("焊接支架")
    page.keyboard.press("Enter")
    heading(page, "检查现场")
    expect(page.locator("h1")).to_be_focused()

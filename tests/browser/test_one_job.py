"""One job on two phones, from the scan to the close."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.people import (
    apply_here,
    heading,
    hear,
    press,
    prove,
    take_picture,
    tick_everything,
    type_pin,
)

pytestmark = pytest.mark.slow


def test_a_job_from_the_scan_to_the_close(stage, phone, shot):
    code, terminal = stage.machine(0)
    welder = phone(at=f"/m/{code}")
    shot(welder, "01-scanned")
    person = stage.person("welder1")
    welder.fill("#login", person["login"])
    welder.fill("#password", person["password"])
    press(welder, "登录")
    heading(welder, "申请作业")
    shot(welder, "02-apply")
    apply_here(welder)
    shot(welder, "03-check")
    prove(welder, terminal, "确认，下一步")
    heading(welder, "等监护人到现场核验")
    shot(welder, "04-wait-watch")

    watch = phone("watch1", f"/m/{code}")
    heading(watch, "核验现场")
    take_picture(watch)
    before = len(terminal.spoken)
    tick_everything(watch)
    press(watch, "请焊机报码")
    expect(watch.locator("#spoken")).to_contain_text("内有效")
    expect(watch.locator("input[type=checkbox]").first).to_be_checked()
    shot(watch, "05-watch")
    watch.fill("#code", hear(watch, terminal, before))
    type_pin(watch, stage, "watch1")
    press(watch, "确认现场安全")
    heading(watch, "核验完成，等焊工开机")
    shot(watch, "06-wait-on")

    heading(welder, "可以开机")
    shot(welder, "07-on")
    welder.fill("#pin", "999990")
    press(welder, "开机")
    expect(welder.get_by_text("作业密码不对。")).to_be_visible()
    expect(welder.locator("#pin")).to_have_value("")
    shot(welder, "07-wrong-pin")
    type_pin(welder, stage, "welder1")
    with terminal.waited_for():
        press(welder, "开机")
        heading(welder, "正在等焊机应答")
        shot(welder, "08-asked")
        assert terminal.relay == 0
    heading(welder, "作业中")
    assert terminal.relay == 1
    shot(welder, "09-working")
    expect(welder.locator(".left")).to_have_text(re.compile("^11:5[0-9]:[0-9]{2}$"))
    heading(watch, "作业中，请守在现场")
    shot(watch, "10-stop")

    with terminal.waited_for():
        press(welder, "关机")
        heading(welder, "收工确认")
        expect(welder.get_by_text("等焊机确认断电")).to_be_visible()
        shot(welder, "11-clear-waiting")
    expect(welder.get_by_text("焊机已确认断电。")).to_be_visible()
    assert terminal.relay == 0
    tick_everything(welder)
    shot(welder, "12-clear")
    press(welder, "收工")
    heading(welder, "申请作业")
    shot(welder, "13-closed")

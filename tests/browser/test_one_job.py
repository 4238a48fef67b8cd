"""One job on two phones, from the scan to the close: on a phone in English, on desks in Chinese.

The same way in the other two is that of `test_faces.py::test_checked_in_extended_…`.
"""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import the_other_ways
from tests.browser.people import (
    apply_here,
    hear,
    press,
    prove,
    reads,
    said,
    take_picture,
    tick_everything,
    type_pin,
)

pytestmark = pytest.mark.slow


@the_other_ways
def test_a_job_from_the_scan_to_the_close(stage, phone, shot):
    code, terminal = stage.machine(0)
    welder = phone(at=f"/m/{code}")
    shot(welder, f"01-scanned-{welder.lang}")
    person = stage.person("welder1")
    welder.fill("#login", person["login"])
    welder.fill("#password", person["password"])
    press(welder, "登录")
    reads(welder, "申请作业")
    shot(welder, f"02-apply-{welder.lang}")
    apply_here(welder)
    shot(welder, f"03-check-{welder.lang}")
    prove(welder, terminal, "确认，下一步")
    reads(welder, "等监护人到现场核验")
    shot(welder, f"04-wait-watch-{welder.lang}")

    watch = phone("watch1", f"/m/{code}")
    reads(watch, "核验现场")
    take_picture(watch)
    before = len(terminal.spoken)
    tick_everything(watch)
    press(watch, "请焊机报码")
    good_for = {"zh": "内有效", "en": "good for"}[watch.lang]
    expect(watch.locator("#spoken")).to_contain_text(good_for)
    expect(watch.locator("input[type=checkbox]").first).to_be_checked()
    shot(watch, f"05-watch-{watch.lang}")
    watch.fill("#code", hear(watch, terminal, before))
    type_pin(watch, stage, "watch1")
    press(watch, "确认现场安全")
    reads(watch, "核验完成，等焊工开机")
    shot(watch, f"06-wait-on-{watch.lang}")

    reads(welder, "可以开机")
    shot(welder, f"07-on-{welder.lang}")
    welder.fill("#pin", "999990")
    press(welder, "开机")
    expect(welder.get_by_text(said(welder, "作业密码不对。"))).to_be_visible()
    expect(welder.locator("#pin")).to_have_value("")
    shot(welder, f"07-wrong-pin-{welder.lang}")
    type_pin(welder, stage, "welder1")
    with terminal.waited_for():
        press(welder, "开机")
        reads(welder, "正在等焊机应答")
        shot(welder, f"08-asked-{welder.lang}")
        assert terminal.relay == 0
    reads(welder, "作业中")
    assert terminal.relay == 1
    shot(welder, f"09-working-{welder.lang}")
    expect(welder.locator(".left")).to_have_text(re.compile("^11:5[0-9]:[0-9]{2}$"))
    reads(watch, "作业中，请守在现场")
    shot(watch, f"10-stop-{watch.lang}")

    with terminal.waited_for():
        press(welder, "关机")
        reads(welder, "收工确认")
        expect(welder.locator(".sign.waiting")).to_be_visible()
        shot(welder, f"11-clear-waiting-{welder.lang}")
    expect(welder.get_by_text(said(welder, "焊机已确认断电。"))).to_be_visible()
    assert terminal.relay == 0
    tick_everything(welder)
    shot(welder, f"12-clear-{welder.lang}")
    press(welder, "收工")
    reads(welder, "申请作业")
    shot(welder, f"13-closed-{welder.lang}")

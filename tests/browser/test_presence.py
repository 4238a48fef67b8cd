"""Presence proved by the phone's Bluetooth, beside the spoken code."""

import pytest
from playwright.sync_api import expect

from cloud.registry import machines
from tests.browser.axe import look, violations
from tests.browser.people import (
    apply_here,
    heading,
    press,
    take_picture,
    tick_everything,
    type_pin,
)
from tests.browser.radio import Radio
from tests.browser.stage import Terminal

pytestmark = pytest.mark.slow

ASK = "用手机蓝牙证明在场"
HERE = "终端已经用蓝牙证明您在场"


@pytest.fixture
def beside(stage, phone):
    """Make a phone that stands at the first machine, where the radio reaches."""
    code, terminal = stage.machine(0)
    radio = Radio(terminal)

    def make(login, **how):
        page = phone(login, f"/m/{code}", **how)
        radio.reach(page)
        page.reload()
        return page

    make.radio, make.terminal = radio, terminal
    return make


def test_the_terminal_answers_the_phone_and_no_code_is_asked_for(stage, beside, shot):
    welder = beside("welder1")
    apply_here(welder)
    take_picture(welder)
    tick_everything(welder)
    expect(welder.locator("#near")).to_be_hidden()
    shot(welder, "83-bluetooth-offered")
    press(welder, ASK)
    expect(welder.locator("#spoken")).to_contain_text(HERE)
    expect(welder.locator("#code")).to_have_count(0)
    expect(welder.locator("#here-said")).to_have_text("")
    assert violations(welder) == []
    shot(welder, "84-bluetooth-answered")
    press(welder, "确认，下一步")
    heading(welder, "等监护人到现场核验")

    watch = beside("watch1", dark=True)
    heading(watch, "核验现场")
    take_picture(watch)
    tick_everything(watch)
    type_pin(watch, stage, "watch1")
    press(watch, ASK)
    expect(watch.locator("#spoken")).to_contain_text(HERE)
    shot(watch, "85-bluetooth-watch")
    press(watch, "确认现场安全")
    heading(watch, "核验完成，等焊工开机")
    assert beside.terminal.spoken == [] and beside.terminal.relay == 0


def test_a_terminal_exchanged_while_the_page_is_open_is_the_one_that_is_met(stage, phone):
    spare, (code, _old) = stage.county["spare"], stage.machine(0)
    terminal = Terminal(stage, spare["device"], bytes.fromhex(spare["secret"]))
    stage.terminals[terminal.device] = terminal
    welder = phone("welder1", f"/m/{code}")
    Radio(terminal).reach(welder)
    welder.reload()
    heading(welder, "申请作业")
    with stage.ground.write() as unit:
        machines.fit(unit, machines.by_code(unit, code), terminal.device)
    terminal.say(terminal.login())
    apply_here(welder)  # the page renews itself, what stands beside it stays
    press(welder, ASK)
    expect(welder.locator("#spoken")).to_contain_text(HERE)
    assert welder.evaluate("window.asked.filters[0].name") == terminal.device


def test_a_terminal_of_an_older_release_sends_people_to_the_spoken_code(beside, shot):
    welder = beside("welder1")
    apply_here(welder)
    beside.radio.old = True
    press(welder, ASK)
    expect(welder.locator("#here-said")).to_contain_text("请用报码")
    expect(welder.locator("#code")).to_be_visible()
    look(welder, "old terminal")
    shot(welder, "86-bluetooth-old")


def test_a_browser_without_bluetooth_is_offered_the_spoken_code_alone(stage, phone):
    code, _terminal = stage.machine(0)
    welder = phone("welder1", f"/m/{code}")
    welder.add_init_script("delete Navigator.prototype.bluetooth")
    welder.reload()
    apply_here(welder)
    expect(welder.get_by_role("button", name="请焊机报码")).to_be_visible()
    expect(welder.locator("#here")).to_be_hidden()

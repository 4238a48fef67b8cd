"""The page's own Bluetooth code, byte for byte, against the firmware's radio while 4G is down.

`navigator.bluetooth` is a stub that carries bytes to the bench's phone; all above is the page's.
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from simulator.check import FIRE_WATCH, VALID, person
from simulator.demo import Demo, post_json
from simulator.job import Machine, Person, prepare, take_pictures
from simulator.job import expect as done
from simulator.phone import fresh_picture
from tests.browser.chromium import launch
from tests.browser.radio import STUB
from tests.e2e.test_by_phone import go_dark, levels, nearby, until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_playwright() as play:
        chromium = launch(play)
        expect.set_options(timeout=60_000)  # all of it on two cores, the firmware too
        yield chromium
        chromium.close()


@pytest.fixture
def machine(stage: Demo) -> Iterator[Machine]:
    entry = stage.county["machines"][0]
    chosen = Machine(entry["code"], entry["device"], stage.bench_url)
    until("on line", lambda: chosen.look()["on_line"])
    yield chosen
    chosen.touch("outage", None)
    chosen.touch("gas", 0)
    nearby(chosen, "part")
    until("on line", lambda: chosen.look()["on_line"])


def opened(
    stage: Demo, browser: Any, who: Person, machine: Machine, stub: bool = True, at: str = ""
) -> Page:
    """The machine's page, or the one `at`, on the phone of somebody who has signed in."""
    context = browser.new_context(viewport={"width": 390, "height": 800}, locale="zh-CN")
    for name, value in who.phone.cookies.items():
        context.add_cookies([{"name": name, "value": value, "url": stage.web_url}])
    context.set_default_timeout(60_000)
    page = context.new_page()
    address = f"{machine.bench}/terminals/{machine.device}/nearby"
    if stub:
        page.expose_function(
            "radio", lambda what: post_json(f"{address}/{'gatt' if what else 'part'}", what)
        )
        page.add_init_script(STUB)
    page.goto(stage.web_url + (at or machine.page))
    return page


def repair(technician: Person, machine: Machine) -> str:
    """A record of this machine that wants nothing but the function test and what follows it."""
    phone, at = technician.phone, f"/technician/m/{machine.code}"
    phone.open(at)
    record = urlsplit(phone.press(f"{at}/begin", kind="repair").headers["location"]).path
    phone.open(record)
    done("work", phone.press(f"{record}/work", done="换触点", parts=""))
    phone.open(record)
    done("picture", phone.show(f"{record}/picture", "picture", fresh_picture()))
    return record


def near_says(page: Page) -> Any:
    return page.locator("#fitting [role=status]")


def test_a_job_is_switched_on_and_off_from_the_page_by_bluetooth_alone(
    stage: Demo, browser: Any, machine: Machine
) -> None:
    welder = person(stage, VALID)
    prepare(welder, person(stage, FIRE_WATCH), machine)
    before = go_dark(machine)
    page = opened(stage, browser, welder, machine)
    page.get_by_text("终端没有信号").click()
    page.fill("#pin", welder.phone.pin)
    page.get_by_role("button", name="用蓝牙开机", exact=True).click()
    expect(page.locator("#near [role=status]")).to_have_text("终端已经执行。")
    expect(page.locator("h1")).to_have_text("作业中")
    assert levels(machine, before) == [1]
    assert page.evaluate("window.asked.filters[0].name") == machine.device
    # The journal went to the cloud and the cloud's word back: nothing waits in the phone.
    expect(page.locator("#near .waiting")).to_have_text("")
    page.get_by_role("button", name="用蓝牙关机", exact=True).click()
    expect(page.locator("h1")).to_have_text("收工确认")
    until("open", lambda: levels(machine, before) == [1, 0])
    page.context.close()


def test_underground_it_takes_both_phones_to_switch_on_and_the_fire_watchs_own_to_stop(
    stage: Demo, browser: Any, machine: Machine
) -> None:
    welder, fire_watch = person(stage, VALID), person(stage, FIRE_WATCH)
    welder.phone.open(machine.page)
    welder.phone.press(f"{machine.page}/clear", ticks=["power", "site"])
    prepare(welder, fire_watch, machine)
    watch = opened(stage, browser, fire_watch, machine)
    watch.get_by_text("终端没有信号").click()
    watch.get_by_role("button", name="一起下井", exact=True).click()
    expect(watch.locator("#near [role=status]")).to_contain_text("口令和停止票已经在手机里")
    page = opened(stage, browser, welder, machine)
    page.get_by_text("终端没有信号").click()
    page.fill("#pin", welder.phone.pin)
    page.get_by_role("button", name="带上票据（下井前）", exact=True).click()
    expect(page.locator("#near [role=status]")).to_contain_text("票据已经在手机里")
    before = go_dark(machine)
    for one in (page, watch):  # the phones are underground
        one.context.route("**/carried/**", lambda route: route.abort())
    secret = watch.locator("[data-of=secret]").text_content() or ""
    for typed, said in (("0" * 16, "监护人的口令不对"), (secret.lower(), "终端已经执行。")):
        page.fill("[name=secret]", typed)
        page.locator("#near .taken button").click()
        expect(page.locator("#near [role=status]")).to_contain_text(said)
    expect(page.locator("#near .waiting")).to_contain_text("份终端记录")
    assert levels(machine, before) == [1]
    # Both pages have the bench's one phone: the first is to be done with it.
    until("parted", lambda: page.evaluate("navigator.bluetooth.gatt.parted"))
    watch.locator(".watching [data-do=stop]").click()
    expect(watch.locator("#near [role=status]")).to_have_text("终端已经断电，作业已停止。")
    expect(watch.locator("#near .waiting")).to_contain_text("份终端记录")
    until("open", lambda: levels(machine, before) == [1, 0])
    for one in (page, watch):
        one.context.unroute("**/carried/**")
        one.evaluate("dispatchEvent(new Event('online'))")
        expect(one.locator("#near .waiting")).to_have_text("")
    page.reload()
    expect(page.locator("h1")).to_have_text("收工确认")
    expect(page.get_by_text("监护人停止了作业")).to_be_visible()
    page.context.close()
    watch.context.close()


def test_presence_is_proved_by_the_terminals_answer_while_its_line_is_dark(
    stage: Demo, browser: Any, machine: Machine
) -> None:
    welder = person(stage, VALID)
    welder.phone.open(machine.page)
    welder.phone.press(f"{machine.page}/clear", ticks=["power", "site"])
    welder.phone.open(machine.page)
    about = {"site": "演示车间东侧", "work": "支架焊接", "voucher": "演示-动火票-001"}
    welder.phone.press(f"{machine.page}/apply", **about)
    take_pictures("pictures of the site", welder, machine)
    before = go_dark(machine)
    page = opened(stage, browser, welder, machine)
    for box in page.locator("input[type=checkbox]").all():
        box.check()
    page.get_by_role("button", name="用手机蓝牙证明在场", exact=True).click()
    expect(page.locator("#spoken")).to_contain_text("终端已经用蓝牙证明您在场")
    page.get_by_role("button", name="确认，下一步", exact=True).click()
    expect(page.locator("h1")).to_have_text("等监护人到现场核验")
    assert levels(machine, before) == []
    page.get_by_role("button", name="取消作业", exact=True).click()
    expect(page.locator("h1")).to_have_text("申请作业")
    page.context.close()


def test_without_bluetooth_the_page_says_so_and_what_to_use(
    stage: Demo, browser: Any, machine: Machine
) -> None:
    page = opened(stage, browser, person(stage, FIRE_WATCH), machine, stub=False)
    page.add_init_script("delete Navigator.prototype.bluetooth")
    page.goto(stage.web_url + "/")
    expect(page.get_by_text("这个浏览器不能用蓝牙")).to_be_visible()
    assert json.loads(page.locator("#near").get_attribute("data-words") or "")["ok"]
    page.context.close()


def test_a_dark_machine_is_tested_from_the_technicians_page_by_bluetooth_alone(
    stage: Demo, browser: Any, machine: Machine
) -> None:
    technician = person(stage, "tech1")
    record = repair(technician, machine)
    before = go_dark(machine)
    page = opened(stage, browser, technician, machine, at=record)
    page.get_by_text("终端没有信号").click()
    page.get_by_role("button", name="用蓝牙通电测试", exact=True).click()
    expect(page.get_by_text("触点回读为闭合")).to_be_visible()
    machine.touch("strike", 120)
    expect(near_says(page)).to_have_text(re.compile("现在测得 (9|1[0-5])[0-9]"))
    page.get_by_role("button", name="用蓝牙断电", exact=True).click()
    expect(page.locator("h1")).to_have_text("业主验收签字")
    expect(near_says(page)).to_contain_text("触点已断开。最大测得 1")
    assert levels(machine, before) == [1, 0]
    assert not machine.look()["on_line"]
    until("nothing waits", lambda: page.locator("#fitting .waiting").text_content() == "")
    page.context.close()


def test_a_terminal_that_may_not_close_says_why_and_serves_all_the_same(
    stage: Demo, browser: Any, machine: Machine
) -> None:
    technician = person(stage, "tech1")
    before = go_dark(machine)
    machine.touch("gas", 60)
    until("tripped", lambda: any("燃气超标" in text for _, text in machine.look(before)["said"]))
    page = opened(stage, browser, technician, machine, at=f"/technician/m/{machine.code}")
    page.get_by_text("终端没有信号").click()
    page.get_by_role("button", name="用蓝牙通电测试", exact=True).click()
    expect(near_says(page)).to_have_text("可燃气体超标，终端不开机。")
    expect(page.locator("[data-do=off]")).to_be_hidden()
    page.get_by_role("button", name="用蓝牙进入或退出维护", exact=True).click()
    expect(near_says(page)).to_have_text("终端在维护状态，再按一次退出。")
    page.get_by_role("button", name="用蓝牙进入或退出维护", exact=True).click()
    expect(near_says(page)).to_have_text("终端已退出维护。")
    page.context.close()

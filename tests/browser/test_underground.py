"""The fire watch's own phone where there is no network: what it takes along and brings back."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from cloud.book.audit import AuditRow
from simulator.phone import fresh_picture
from tests.browser.axe import violations
from tests.browser.people import KEPT, heading, press, type_pin, watched
from tests.browser.radio import Radio

pytestmark = pytest.mark.slow

RADIO = "Object.defineProperty(navigator, 'bluetooth', { value: {}, configurable: true })"
SQUARE = """window.BarcodeDetector = class {
  constructor(asked) { window.formats = asked.formats; }
  async detect(bitmap) {
    return bitmap.width && window.square ? [{ rawValue: window.square }] : [];
  }
}"""
AN_HOUR_LATER = """async () => {
  const { all, keep } = await import("/static/pocket.js");
  const [one] = await all("watches");
  await keep("watches", { ...one, seen: one.seen - 3600_000 });
}"""
ASK = "终端没有信号？用手机蓝牙"


def near(page, words, radio):
    """The page again, on a phone with or without Bluetooth; its part about tickets is open."""
    page.add_init_script(RADIO if radio else "delete Navigator.prototype.bluetooth")
    page.reload()
    page.get_by_text(ASK).click()
    expect(page.get_by_role("button", name=words, exact=True)).to_be_visible()


def says(page):
    return page.locator("#near [role=status]")


def underground(page, stage):
    """No network from now on, and the page that stands in for all others."""
    page.evaluate(KEPT)
    page.context.set_offline(True)
    page.goto(stage.url + "/")
    heading(page, "没有网络")


def test_the_fire_watch_has_code_check_in_and_the_way_to_stop_without_a_network(
    stage, phone, shot
):
    welder, watch, terminal = watched(stage, phone)
    welder.add_init_script(SQUARE)
    near(welder, "带上票据（下井前）", radio=True)
    expect(welder.get_by_text("先请监护人")).to_be_visible()
    type_pin(welder, stage, "welder1")
    press(welder, "带上票据（下井前）")
    expect(says(welder)).to_contain_text("监护人还没有准备一起下井")

    near(watch, "一起下井", radio=False)
    shot(watch, "80-along")
    press(watch, "一起下井")
    expect(says(watch)).to_contain_text("口令和停止票已经在手机里")
    watch.get_by_text("开机口令").click()
    secret = watch.locator("[data-of=secret]").inner_text()
    expect(watch.locator(".square svg")).to_be_visible()
    assert violations(watch) == []
    shot(watch, "81-watching")

    expect(welder.get_by_text("监护人已准备一起下井")).to_be_visible()
    press(welder, "带上票据（下井前）")
    expect(says(welder)).to_contain_text("票据已经在手机里")
    welder.get_by_label("监护人手机上的口令").fill("123")
    welder.locator(".taken button").click()
    expect(says(welder)).to_contain_text("口令是 16 个字母和数字")
    typed, picture = welder.get_by_label("监护人手机上的口令"), fresh_picture()
    camera = welder.locator(".look input")
    file = {"name": "square.jpg", "mimeType": "image/jpeg", "buffer": picture}
    camera.set_input_files(file)
    expect(says(welder)).to_contain_text("没有看清二维码")
    expect(typed).to_have_value("123")
    welder.evaluate("secret => { window.square = secret }", secret)
    camera.set_input_files(file)
    expect(typed).to_have_value(secret)
    assert welder.evaluate("window.formats") == ["qr_code"]
    assert violations(welder) == []
    shot(welder, "82-taken")

    underground(watch, stage)
    expect(watch.get_by_text("演示一号车间东侧")).to_be_visible()
    expect(watch.get_by_text("这个浏览器不能用蓝牙")).to_be_visible()
    expect(watch.locator("[data-do=stop]")).to_be_disabled()
    watch.evaluate(AN_HOUR_LATER)
    watch.reload()
    late = watch.get_by_role("alert").filter(has_text="该签到了")
    expect(late).to_be_visible()
    press(watch, "我在现场")
    expect(late).to_be_hidden()
    expect(says(watch)).to_contain_text("已记下")
    expect(watch.locator("#near .waiting")).to_contain_text("1 份")
    shot(watch, "83-underground")
    watch.get_by_text("开机口令").click()
    expect(watch.locator("[data-of=secret]")).to_have_text(secret)
    watch.context.set_offline(False)
    watch.goto(stage.url + "/scan")
    expect(watch.locator(".watching > li")).to_have_count(1)  # after the letters went
    expect(watch.locator("#near .waiting")).to_have_text("")
    with stage.ground.read() as unit:
        rows = select(AuditRow).where(AuditRow.what == "watch-below")
        assert len(unit.db.scalars(rows).all()) == 1
    press(watch, "作业已结束，从手机删除")
    expect(watch.locator(".watching > li")).to_have_count(0)
    a_network_that_swallows_questions_holds_up_no_stop(watch, stage, terminal)


def a_network_that_swallows_questions_holds_up_no_stop(watch, stage, terminal):
    Radio(terminal).reach(watch)
    watch.goto(f"{stage.url}/m/{stage.machine(0)[0]}")
    along = watch.get_by_role("button", name="一起下井", exact=True)
    watch.locator("#near details").first.evaluate("one => { one.open = true }")
    along.click()
    expect(watch.locator(".watching > li")).to_have_count(1)
    expect(along).to_be_enabled()
    held = []
    for address in ("**/along", "**/carried/**"):
        watch.route(address, lambda route: held.append(route))
    along.click()
    expect(along).to_be_disabled()
    watch.locator(".watching [data-do=stop]").click()
    expect(says(watch)).to_have_text("终端已经断电，作业已停止。")
    expect(watch.locator("#near .waiting")).to_contain_text("1 份")
    expect(watch.locator("#lost")).to_be_visible()
    expect(along).to_be_enabled()
    assert terminal.relay == 0 and len(held) == 2  # the question given up, and the receipt

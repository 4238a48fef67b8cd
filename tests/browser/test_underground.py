"""The fire watch's own phone where there is no network: what it takes along and brings back."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from cloud.book.audit import AuditRow
from simulator.phone import fresh_picture
from tests.browser.axe import violations
from tests.browser.conftest import both_ways
from tests.browser.people import KEPT, heading, press, said, type_pin, watched
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
POISONED = """async () => {
  const { keep } = await import("/static/pocket.js");
  await keep("letters", { id: 0.1, to: "/carried/fails", body: "{}" });
  await keep("letters", { id: 0.2, to: "/carried/HM-of-nobody/journal", body: "{}" });
}"""
CURED = """async () => { (await import("/static/pocket.js")).drop("letters", 0.1) }"""
ASK = "终端没有信号？用手机蓝牙"
SECRET = "监护人手机上的口令"
LATE = "该签到了：看过现场，再按“我在现场”。"
UNABLE = (
    "这个浏览器不能用蓝牙。请用安卓手机的 Chrome 或 Edge 打开本页；"
    "苹果手机请用带 Web Bluetooth 的浏览器（如 Bluefy）。"
)
LEFT = "还有 # 份终端记录等网络恢复后上交。"


def near(page, words, radio):
    """The page again, on a phone with or without Bluetooth; its part about tickets is open."""
    page.add_init_script(RADIO if radio else "delete Navigator.prototype.bluetooth")
    page.reload()
    page.get_by_text(said(page, ASK)).click()
    expect(page.get_by_role("button", name=said(page, words), exact=True)).to_be_visible()


def shows(page, words):
    expect(page.get_by_text(said(page, words))).to_be_visible()


def told(page, words):
    expect(page.locator("#near [role=status]")).to_contain_text(said(page, words))


def waits(page, count):
    """So many letters wait on this phone for a network."""
    words = said(page, LEFT).replace("#", str(count)) if count else ""
    expect(page.locator("#near .waiting")).to_have_text(words)


def underground(page, stage):
    """No network from now on, and the page that stands in for all others."""
    page.evaluate(KEPT)
    page.context.set_offline(True)
    page.goto(stage.url + "/")
    heading(page, "没有网络")


@both_ways
def test_the_fire_watch_has_code_check_in_and_the_way_to_stop_without_a_network(
    stage, phone, shot
):
    welder, watch, terminal = watched(stage, phone)
    welder.add_init_script(SQUARE)
    near(welder, "带上票据（下井前）", radio=True)
    shows(welder, "下井前：先请监护人在自己手机上按“一起下井”，再带上票据。")
    type_pin(welder, stage, "welder1")
    press(welder, "带上票据（下井前）")
    told(welder, "监护人还没有准备一起下井。")

    near(watch, "一起下井", radio=False)
    shot(watch, f"80-along-{watch.lang}")
    press(watch, "一起下井")
    told(watch, "口令和停止票已经在手机里。请焊工现在带上票据。")
    watch.get_by_text(said(watch, "开机口令"), exact=True).click()
    secret = watch.locator("[data-of=secret]").inner_text()
    expect(watch.locator(".square svg")).to_be_visible()
    assert violations(watch) == []
    shot(watch, f"81-watching-{watch.lang}")

    shows(welder, "监护人已准备一起下井，可以带上票据。")
    press(welder, "带上票据（下井前）")
    told(welder, "票据已经在手机里，12 小时内有效。")
    typed = welder.get_by_label(said(welder, SECRET))
    typed.fill("123")
    welder.locator(".taken button").click()
    told(welder, "口令是 16 个字母和数字，在监护人的手机上。")
    camera = welder.locator(".look input")
    file = {"name": "square.jpg", "mimeType": "image/jpeg", "buffer": fresh_picture()}
    camera.set_input_files(file)
    told(welder, "没有看清二维码，请再拍一次，或者手工输入。")
    expect(typed).to_have_value("123")
    welder.evaluate("secret => { window.square = secret }", secret)
    camera.set_input_files(file)
    expect(typed).to_have_value(secret)
    expect(welder.locator("#near [role=status]")).to_have_text("")
    assert welder.evaluate("window.formats") == ["qr_code"]
    assert violations(welder) == []
    shot(welder, f"82-taken-{welder.lang}")

    underground(watch, stage)
    expect(watch.get_by_text("演示一号车间东侧")).to_be_visible()
    shows(watch, UNABLE)
    expect(watch.locator("[data-do=stop]")).to_be_disabled()
    watch.evaluate(AN_HOUR_LATER)
    watch.reload()
    late = watch.get_by_role("alert").filter(has_text=said(watch, LATE))
    expect(late).to_be_visible()
    press(watch, "我在现场")
    expect(late).to_be_hidden()
    told(watch, "已记下，回到有网络的地方会自动上交。")
    waits(watch, 1)
    shot(watch, f"83-underground-{watch.lang}")
    watch.get_by_text(said(watch, "开机口令"), exact=True).click()
    expect(watch.locator("[data-of=secret]")).to_have_text(secret)
    watch.evaluate(POISONED)
    watch.route("**/carried/fails", lambda route: route.fulfill(status=408))
    watch.context.set_offline(False)
    watch.goto(stage.url + "/scan")
    expect(watch.locator(".watching > li")).to_have_count(1)  # after the letters went
    one_that_goes_wrong_holds_up_none_behind_it(watch)
    with stage.ground.read() as unit:
        rows = select(AuditRow).where(AuditRow.what == "watch-below")
        assert len(unit.db.scalars(rows).all()) == 1
    press(watch, "作业已结束，从手机删除")
    expect(watch.locator(".watching > li")).to_have_count(0)
    a_network_that_swallows_questions_holds_up_no_stop(watch, stage, terminal)


def one_that_goes_wrong_holds_up_none_behind_it(watch):
    refused = watch.locator(".refused > li")
    expect(refused).to_contain_text(said(watch, "没有这个终端。"))
    waits(watch, 1)
    press(watch, "知道了，从手机删除")
    expect(refused).to_have_count(0)
    watch.evaluate(CURED)
    watch.reload()
    waits(watch, 0)


def a_network_that_swallows_questions_holds_up_no_stop(watch, stage, terminal):
    Radio(terminal).reach(watch)
    watch.goto(f"{stage.url}/m/{stage.machine(0)[0]}")
    along = watch.get_by_role("button", name=said(watch, "一起下井"), exact=True)
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
    told(watch, "终端已经断电，作业已停止。")
    waits(watch, 1)
    expect(watch.locator("#lost")).to_be_visible()
    expect(along).to_be_enabled()
    assert terminal.relay == 0 and len(held) == 2  # the question given up, and the receipt

"""A technician's phone: an installation from the scan to the document, and what stops it."""

import pytest
from playwright.sync_api import expect

from cloud.cases import service
from simulator.phone import fresh_picture
from tests.browser.axe import look, violations
from tests.browser.conftest import DESK, both_ways, the_other_ways
from tests.browser.people import heading, press, reads, said
from tests.browser.stage import Terminal
from tests.cloud.web.test_technician import text_of

pytestmark = pytest.mark.slow

CLOSED = "已通电：触点回读为闭合。请试焊一下，让终端量到电流。"
NEAR = (
    "站到焊机旁边，手机要有网络。通电最多一分钟，终端自己断电；"
    "短按终端上的按钮马上断电。先让周围的人离开。"
)
BARE = 3  # the demo county's machine that has no terminal yet


@pytest.fixture
def bench(stage):
    """The terminal in stock, switched on beside the machine that is to get it."""
    spare = stage.county["spare"]
    terminal = Terminal(stage, spare["device"], bytes.fromhex(spare["secret"]))
    stage.terminals[terminal.device] = terminal
    terminal.say(terminal.login())
    return stage.machine(BARE)[0], terminal


def sign(page):
    """The owner's finger goes to and fro inside the frame."""
    pad = page.locator(".sign-pad canvas")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    for number, (x, y) in enumerate(((0.1, 0.7), (0.3, 0.2), (0.5, 0.8), (0.8, 0.3))):
        page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y, steps=4)
        if not number:
            page.mouse.down()
    page.mouse.up()


def photograph(page, script=True):
    shot = {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": fresh_picture()}
    page.set_input_files("#file", shot)
    if not script:
        press(page, "上传照片")


def up_to_the_terminal(page, code, script=True):
    page.fill("#code", code)
    press(page, "打开")
    press(page, "安装记录")
    heading(page, "业主签同意书")
    page.get_by_label(said(page, "业主已阅读并同意")).check()
    page.fill("#name", "演示业主")
    if script:
        sign(page)
    press(page, "业主签字同意")
    heading(page, "施工前拍照")
    photograph(page, script)
    heading(page, "装上终端")


def up_to_the_test(page, code, terminal, script=True):
    up_to_the_terminal(page, code, script)
    page.fill("#device", terminal.device)
    page.select_option("#hardware", "contactor")
    press(page, "装上这个终端")
    heading(page, "贴封条")
    page.fill("#number", "封0001")
    press(page, "保存")
    heading(page, "施工后拍照")
    photograph(page, script)
    heading(page, "功能测试")


@the_other_ways
def test_an_installation_from_the_scan_to_the_document(stage, phone, bench, shot):
    code, terminal = bench
    page = phone("tech1")

    def big():
        """Everything to press, for who wears gloves."""
        things = page.locator("button:visible, .button:visible").all()
        assert all(thing.bounding_box()["height"] >= 56 for thing in things)

    reads(page, "我的安装和维修")
    shot(page, f"60-technician-{page.lang}")
    page.fill("#code", code)
    press(page, "打开")
    shot(page, f"61-technician-machine-{page.lang}")
    press(page, "安装记录")
    reads(page, "业主签同意书")
    page.get_by_label(said(page, "业主已阅读并同意")).check()
    page.fill("#name", "演示业主")
    press(page, "业主签字同意")
    expect(page.get_by_text(said(page, "签名是空的，请在框里签名。"))).to_be_visible()
    sign(page)
    shot(page, f"62-agreement-{page.lang}")
    assert violations(page) == []
    press(page, "业主签字同意")
    reads(page, "施工前拍照")
    photograph(page)
    reads(page, "装上终端")
    page.goto(f"{stage.url}/t/{terminal.device}")  # the phone's camera reads the terminal's code
    expect(page.locator("#device")).to_have_value(terminal.device)
    shot(page, f"63-terminal-{page.lang}")
    page.select_option("#hardware", "contactor")
    press(page, "装上这个终端")
    reads(page, "贴封条")
    page.fill("#number", "封0001")
    press(page, "保存")
    reads(page, "施工后拍照")
    photograph(page)
    reads(page, "功能测试")
    page.get_by_text(said(page, "终端没有信号？用手机蓝牙")).click()
    expect(page.get_by_text(said(page, NEAR))).to_be_visible()
    shot(page, f"64-test-{page.lang}")
    assert violations(page) == []
    big()
    press(page, "通电测试")
    expect(page.get_by_text(said(page, CLOSED))).to_be_visible()
    assert terminal.relay == 1
    terminal.say(terminal.beat(amps=128, arc=1))
    expect(page.get_by_text("128 A")).to_be_visible()
    shot(page, f"65-test-on-{page.lang}")
    press(page, "断电")
    reads(page, "业主验收签字")
    assert terminal.relay == 0
    page.fill("#name", "演示业主")
    sign(page)
    shot(page, f"66-acceptance-{page.lang}")
    big()
    press(page, "业主签字验收")
    reads(page, "记录已完成")
    shot(page, f"67-finished-{page.lang}")
    assert violations(page) == []
    with page.expect_download() as loaded:
        page.get_by_role("link", name=said(page, "下载记录（PDF）")).click()
    words = text_of(loaded.value.path())
    assert code in words and "演示业主" in words and "128 A" in words


def test_a_terminal_that_is_dark_at_the_function_test_is_told_so(stage, phone, bench, shot):
    code, terminal = bench
    page = phone("tech1", dark=True)
    up_to_the_test(page, code, terminal)
    terminal.deaf = True
    terminal.say(terminal.leave())
    press(page, "通电测试")
    expect(page.get_by_text("焊机终端现在不在线。")).to_be_visible()
    expect(page.get_by_text("请确认焊机电源已接通")).to_be_visible()
    page.get_by_text("终端没有信号").click()
    look(page, "dark")
    shot(page, "70-test-dark")
    page.set_viewport_size(DESK)
    press(page, "English")
    expect(page.get_by_text("The machine's terminal is not on-line now.")).to_be_visible()
    shot(page, "71-test-dark-english")
    terminal.deaf = False
    terminal.say(terminal.login())
    press(page, "Test again")
    expect(page.get_by_text("the contact reads closed")).to_be_visible()


@both_ways
def test_a_machine_that_has_another_terminal_keeps_it(stage, phone, bench, shot):
    code, fitted = stage.machine(0)
    page = phone("tech1")
    up_to_the_terminal(page, code)
    page.fill("#device", bench[1].device)
    page.select_option("#hardware", "contactor")
    press(page, "装上这个终端")
    barred = said(page, "这台焊机已经装了另一个终端。")
    expect(page.get_by_role("alert").filter(has_text=barred)).to_be_visible()
    expect(page.locator("#device")).to_have_value(bench[1].device)
    expect(page.get_by_role("link", name=said(page, "三相 380 V"))).to_be_visible()  # stays
    look(page, "refused")
    shot(page, "72-fitted-elsewhere")
    page.fill("#device", fitted.device)
    page.select_option("#hardware", "contactor")
    press(page, "装上这个终端")
    heading(page, "贴封条")


@both_ways
def test_without_script_a_record_is_made_to_the_end(stage, phone, bench):
    code, terminal = bench
    page = phone("tech1", script=False)
    up_to_the_test(page, code, terminal, script=False)
    press(page, "通电测试")
    expect(page.get_by_text(said(page, CLOSED))).to_be_visible()  # reloaded by itself
    terminal.say(terminal.beat(amps=90, arc=1))
    expect(page.get_by_text("90 A")).to_be_visible()
    press(page, "断电")
    heading(page, "业主验收签字")
    page.fill("#name", "演示业主")
    press(page, "业主签字验收")
    heading(page, "记录已完成")
    with stage.ground.read() as unit:
        assert unit.db.query(service.ServiceRecord).one().document

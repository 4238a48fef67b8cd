"""A technician's phone: an installation from the scan to the document, and what stops it."""

import pytest
from playwright.sync_api import expect

from cloud.cases import service
from simulator.phone import fresh_picture
from tests.browser.axe import look, violations
from tests.browser.conftest import DESK, at_a_desk_in_english, both_ways
from tests.browser.people import heading, press, said
from tests.browser.stage import Terminal
from tests.cloud.web.test_technician import text_of

pytestmark = pytest.mark.slow

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


def test_an_installation_from_the_scan_to_the_document(stage, phone, bench, shot):
    code, terminal = bench
    page = phone("tech1")
    heading(page, "我的安装和维修")
    shot(page, "60-technician")
    page.fill("#code", code)
    press(page, "打开")
    shot(page, "61-technician-machine")
    press(page, "安装记录")
    heading(page, "业主签同意书")
    page.get_by_label("业主已阅读并同意").check()
    page.fill("#name", "演示业主")
    press(page, "业主签字同意")
    expect(page.get_by_text("签名是空的")).to_be_visible()
    sign(page)
    shot(page, "62-agreement")
    assert violations(page) == []
    press(page, "业主签字同意")
    heading(page, "施工前拍照")
    photograph(page)
    heading(page, "装上终端")
    page.goto(f"{stage.url}/t/{terminal.device}")  # the phone's camera reads the terminal's code
    expect(page.locator("#device")).to_have_value(terminal.device)
    shot(page, "63-terminal")
    page.select_option("#hardware", "contactor")
    press(page, "装上这个终端")
    heading(page, "贴封条")
    page.fill("#number", "封0001")
    press(page, "保存")
    heading(page, "施工后拍照")
    photograph(page)
    heading(page, "功能测试")
    page.get_by_text("终端没有信号").click()
    expect(page.get_by_text("短按终端上的按钮马上断电")).to_be_visible()
    shot(page, "64-test")
    assert violations(page) == []
    press(page, "通电测试")
    expect(page.get_by_text("触点回读为闭合")).to_be_visible()
    assert terminal.relay == 1
    terminal.say(terminal.beat(amps=128, arc=1))
    expect(page.get_by_text("128 A")).to_be_visible()
    shot(page, "65-test-on")
    press(page, "断电")
    heading(page, "业主验收签字")
    assert terminal.relay == 0
    page.fill("#name", "演示业主")
    sign(page)
    shot(page, "66-acceptance")
    press(page, "业主签字验收")
    heading(page, "记录已完成")
    shot(page, "67-finished")
    assert violations(page) == []
    with page.expect_download() as loaded:
        page.get_by_role("link", name="下载记录（PDF）").click()
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


@at_a_desk_in_english
def test_without_script_a_record_is_made_to_the_end(stage, phone, bench):
    code, terminal = bench
    page = phone("tech1", script=False)
    up_to_the_test(page, code, terminal, script=False)
    press(page, "通电测试")
    expect(page.get_by_text("the contact reads closed")).to_be_visible()  # reloaded by itself
    terminal.say(terminal.beat(amps=90, arc=1))
    expect(page.get_by_text("90 A")).to_be_visible()
    press(page, "断电")
    heading(page, "业主验收签字")
    page.fill("#name", "演示业主")
    press(page, "业主签字验收")
    heading(page, "记录已完成")
    with stage.ground.read() as unit:
        assert unit.db.query(service.ServiceRecord).one().document


def test_nothing_is_cut_off_at_360_points_and_everything_is_big(stage, phone, bench):
    page = phone("tech1")
    up_to_the_test(page, *bench)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    for thing in page.locator("button:visible, .button:visible").all():
        assert thing.bounding_box()["height"] >= 56

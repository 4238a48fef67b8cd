"""The office at its desk and on a phone: a ledger, an enrolment code, the registers."""

import re

import pytest
from playwright.sync_api import expect

from cloud.base.formats import uscc_check
from tests.browser.people import heading, press, said

pytestmark = pytest.mark.slow

DESK = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}
BODIES = ("91990101MA0000081", "91990101MA0000082")
CODE = re.compile(r"[2-9A-Z]{5}-[2-9A-Z]{5}-[2-9A-Z]{5}")


def table(*rows):
    lines = ["企业名称,统一社会信用代码,行政区划"]
    lines += [f"{name},{body and body + uscc_check(body)},990101" for name, body in rows]
    return {"name": "企业.csv", "mimeType": "text/csv", "buffer": "\n".join(lines).encode()}


def bring(page, file):
    page.select_option("#kind", "enterprises")
    page.set_input_files("#file", file)
    press(page, "上传并核对")


@pytest.mark.parametrize(
    ("phone", "script"),
    [((PHONE, "zh"), False), ((DESK, "en"), True)],
    indirect=["phone"],
    ids=["phone-zh-plain", "desk-en-script"],
)
def test_a_table_is_judged_shown_and_its_good_rows_go_in(stage, phone, shot, script):
    page = phone("office1", "/office/imports", script=script)
    heading(page, "导入台账")
    shot(page, "60-imports")
    bring(page, {"name": "坏.csv", "mimeType": "text/csv", "buffer": b"\xff\x00"})
    state = page.locator(".state strong")
    expect(state).to_have_text(said(page, "没有成功"))
    page.goto(f"{stage.url}/office/imports")
    bring(page, table(("演示新厂", BODIES[0]), ("", "")))
    state = page.locator(".state strong")
    expect(state).to_have_text(said(page, "核对完毕，等您决定"))
    expect(page.get_by_text(said(page, "第 %(line)s 行", line=3))).to_be_visible()
    shot(page, f"61-import-judged-{'script' if script else 'plain'}")
    page.locator("button[value=good]").click()
    expect(state).to_have_text(said(page, "已写入"))
    page.goto(f"{stage.url}/office/imports")
    bring(page, table(("演示改名厂", BODIES[0]), ("演示二厂", BODIES[1])))
    expect(page.get_by_role("heading", name=said(page, "有改动的行"))).to_be_visible()
    page.locator("button[value=all]").click()
    expect(state).to_have_text(said(page, "已写入"))
    page.goto(f"{stage.url}/registers/enterprises?q=改名")
    expect(page.get_by_role("row")).to_have_count(2)


def test_an_enrolment_code_is_shown_once(stage, phone, shot):
    page = phone("office1", "/office/enrolment", size=PHONE)
    page.fill("#login", "office1")
    press(page, "生成登记码")
    code = page.locator(".once")
    expect(code).to_have_text(CODE)
    shown = code.inner_text()
    shot(page, "62-code")
    page.get_by_role("link", name="返回", exact=True).click()
    heading(page, "终端登记码")
    assert shown not in page.content()
    shot(page, "63-codes")
    page.on("dialog", lambda dialog: dialog.accept())
    page.go_back()
    expect(page.locator("h1")).to_be_visible()
    assert shown not in page.content()  # no-store: the browser kept nothing

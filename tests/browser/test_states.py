"""The machine page at whatever a job is at: what it is called for whom, and axe finds nothing.

The states that the ways through a job (the other files here) meet are looked at there.
"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from cloud.registry import accounts, machines, people
from cloud.registry.verifier import FaceReply
from cloud.web.welder.words import STEPS
from cloud.work import job as table
from cloud.work import opening
from cloud.work.reviewing import Review
from tests.browser.axe import look
from tests.browser.conftest import both_ways
from tests.browser.people import heading, press, said
from tests.browser.radio import Radio
from tests.browser.stage import Terminal

pytestmark = pytest.mark.slow

HOUR_MS = 3_600_000
DESK = {"width": 1280, "height": 800}
BUSY, PAUSED, PREPARING = "这台焊机有人在用", "已暂停，焊机已断电", "准备中"


@pytest.fixture
def stands(stage):
    """Say how the job on the first machine stands: `stands(state="on", …)` as columns."""
    code, _terminal = stage.machine(0)
    with stage.ground.write() as unit:
        welder, machine = people.by_login(unit, "welder1"), machines.by_code(unit, code)
        job = opening.apply(unit, welder, machine, "演示一号车间", "焊接支架").id
        watch = people.by_login(unit, "watch1").id

    def set_to(state, at="chongqing", watched=False, **columns):
        with stage.ground.write() as unit:
            told = {"state": state, "state_at": unit.now, "due_at": None, "profile": at}
            told |= {"device": stage.county["spare"]["device"]}  # not the one that tells of itself
            told |= {"fire_watch_id": watch if watched else None, "named_watch_id": watch}
            for name, value in (told | columns).items():
                setattr(table.by_id(unit, job), name, value)

    set_to.job, set_to.watch = job, watch
    return set_to


@pytest.fixture
def sees(stage, phone):
    """Who opens the machine's page reads this heading; axe finds nothing on it."""
    code, _terminal = stage.machine(0)
    ways = {
        "welder1": {},
        "watch1": {"dark": True, "size": DESK},
        "officer1": {},
        "welder3": {"dark": True},
    }
    pages = {}

    def look_at(login, words, state=""):
        page = pages.get(login) or pages.setdefault(login, phone(login, "/scan", **ways[login]))
        page.goto(f"{stage.url}/m/{code}")
        heading(page, words)
        look(page, state)

    return look_at


def test_no_state_of_the_page_is_left_out():
    here = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert [str(one.title) for one in STEPS.values() if f'"{one.title}"' not in here] == []


def test_before_the_work(stage, stands, sees):
    sees("watch1", "等焊工检查现场")
    sees("officer1", PREPARING)
    sees("welder3", BUSY)
    stands("checked", at="dalad")  # there is no verifier: the fire watch looks
    sees("welder1", "核实是您本人")
    sees("watch1", "当面核对焊工")
    stage.ground.verifier = lambda question: FaceReply("https://verifier.example/1", None)
    sees("welder1", "核实是您本人", "verifier")
    sees("watch1", "等焊工核实本人")
    stands("checked", at="wuyi@key-zone")
    with stage.ground.write() as unit:
        told = {"refused": 0, "words": "", "judged_by": "", "tries": 0, "scanned_by": ""}
        shown = {"code": "123456", "code_until": unit.now + HOUR_MS, "passed_at": unit.now}
        unit.db.add(Review(job_id=stands.job, **told, **shown))
    sees("welder1", "等监护人到现场核验", "venue code")
    sees("watch1", "核验现场", "venue code")


def test_during_and_after_the_work(stage, stands, sees):
    with stage.ground.read() as unit:
        now = unit.now
    on = {"on_at": now, "asked_at": now, "seen_at": now, "lease_until": now + HOUR_MS}
    stands("on", watched=True, missed=2, **on)
    sees("welder1", "作业中", "away")
    sees("watch1", "作业中，请守在现场", "away")
    sees("officer1", "作业中")
    sees("welder3", BUSY)
    stands("paused", watched=True, paused_at=now, **on)
    sees("welder1", PAUSED)
    sees("watch1", PAUSED)
    sees("officer1", PAUSED)
    ended = {"ended_at": now - HOUR_MS, "off_asked_at": now - HOUR_MS}
    stands("ended", watched=True, end_reason="lease", **ended)
    sees("welder1", "收工确认", "no answer")
    stands("ended", watched=True, end_reason="handover", offered_at=now, **ended)
    sees("welder3", "申请作业", "taken over")
    sees("welder1", "收工确认", "handed over")


def test_whoever_comes_next_brings_the_off_to_a_terminal_without_signal(
    stage, stands, phone, shot
):
    spare, (code, _terminal) = stage.county["spare"], stage.machine(0)
    terminal = Terminal(stage, spare["device"], bytes.fromhex(spare["secret"]))
    stage.terminals[terminal.device] = terminal
    with stage.ground.write() as unit:
        machines.fit(unit, machines.by_code(unit, code), terminal.device)
        now = unit.now
    ended = {"ended_at": now, "off_asked_at": now, "asked_at": now, "offered_at": now}
    stands("ended", end_reason="handover", lease_until=now + HOUR_MS, **ended)
    welder = phone("welder3", f"/m/{code}")
    Radio(terminal).reach(welder)
    welder.reload()
    heading(welder, "申请作业")
    waits = welder.get_by_text("等焊机确认断电后才能接手。")
    expect(waits).to_be_visible()
    expect(welder.get_by_text("站在焊机旁，用蓝牙关机")).to_be_visible()
    shot(welder, "87-off-next")
    press(welder, "用蓝牙关机")
    expect(welder.locator("#near [role=status]")).to_have_text("终端已经执行。")
    expect(waits).to_have_count(0)


def test_a_machine_that_may_not_be_used_and_is_dark(stage, sees):
    code, terminal = stage.machine(0)
    terminal.say(terminal.leave())
    sees("officer1", "现在没有作业")
    for status in ("locked", "unsafe", "scrapped"):
        with stage.ground.write() as unit:
            machines.set_status(unit, machines.by_code(unit, code), status)
        sees("welder1", "申请作业", status)


TOO_MUCH = "提交的内容太大（文字最多 64 kB，照片最多 12 MB）。"
GO = "([path]) => { location.href = path; }"
POST = """([path, fields]) => {
  const form = Object.assign(document.createElement("form"), { method: "post", action: path });
  fields.csrf = document.querySelector("meta[name=csrf]").content;
  for (const [name, value] of Object.entries(fields)) {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
  document.body.append(form);
  form.submit();
}"""


@both_ways
def test_whatever_a_page_cannot_do_is_answered_by_a_page(stage, phone, shot):
    officer, at = phone("officer1", "/"), f"/alarms/{stage.alarm(0)}"
    officer.locator("#live").wait_for()

    def sent(page, status, path, fields):
        with page.expect_navigation() as gone:
            page.evaluate(POST if fields else GO, [path, fields])
        assert gone.value.status == status

    def answered(page, status, told, path, **fields):
        sent(page, status, path, fields)
        expect(page.locator("h1")).to_have_text(told)
        look(page)
        page.go_back()

    def of(status, told, path, **fields):
        answered(officer, status, said(officer, told), path, **fields)

    of(403, "这一页不归您使用。", "/office/accounts")
    of(404, "没有这一页。", "/nowhere")
    of(405, "这个地址不能这样使用。", f"{at}/verify")
    of(409, "请先核实，再办结。", f"{at}/close", words="封")
    of(413, TOO_MUCH, f"{at}/verify", words="字" * 70_000)
    with stage.ground.write() as unit:
        most = unit.settings.throttle_failures * 10  # of codes that are no machine's
        while not accounts.too_often(unit, "code", "127.0.0.1", most):
            pass
    stranger = phone(at="/login")
    answered(stranger, 429, said(stranger, "试的次数太多。"), f"/m/{stage.machine(0)[0]}")
    # A form is given back, and who typed stands at the field that is wrong.
    long = "字" * 300
    sent(officer, 400, f"{at}/verify", {"words": long})
    note, wrong = officer.locator("#told"), officer.locator("[aria-invalid=true]")
    expect(note).to_contain_text(said(officer, "核实情况"))
    expect(wrong).to_have_value(long)
    expect(wrong).to_be_focused()
    expect(wrong).to_have_accessible_description(re.compile(said(officer, "核实情况")))
    look(officer, "given back")
    shot(officer, f"96-given-back-{officer.lang}")

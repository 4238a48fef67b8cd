"""The technician's face: an installation from the scan to the document, repairs, fresh codes."""

import re
from contextlib import closing
from io import BytesIO

import pypdfium2
import pytest
from sqlalchemy import select

from cloud.app import handlers
from cloud.book import outbox
from cloud.book.audit import AuditRow
from cloud.cases import service
from cloud.cases.alarms import Alarm
from cloud.link import commands, intake, stock, terminals
from cloud.registry import machines, people, training
from cloud.web.once import number
from cloud.work import testing
from hardware import wiring
from simulator.phone import fresh_picture
from tests.cloud.book.test_signatures import data_url, drawn
from tests.cloud.web.conftest import PASSWORD

DRAWN = data_url(drawn())


def trained(county, person, days=-10):
    told = {"kind": "exam", "held_on": county.day(days), "passed": True}
    row = training.training_row(person.id, organiser="演示培训", **told)
    county.do(training.add_trainings, [row])


@pytest.fixture
def technician(county, cast):
    trained(county, cast.technician)
    return cast.technician


@pytest.fixture
def bare(county, floor):
    """The machine without its terminal: T1 lies on the bench, on-line."""
    machine = floor.cast.machine
    county.do(lambda unit: machines.fit(unit, machines.get(unit, machine.id), None))
    return machine


class Visit:
    """One technician's browser at one record."""

    def __init__(self, browser, floor, kind="installation"):
        self.browser, self.floor = browser, floor
        at = f"/technician/m/{floor.code}"
        begun = browser.post(f"{at}/begin", page=at, kind=kind)
        assert begun.status_code == 303, begun.text
        self.page = begun.location
        self.id = self.page.rsplit("/", 1)[1]

    def do(self, step, /, json=True, **fields):
        return self.browser.post(f"{self.page}/{step}", page=self.page, json=json, **fields)

    def picture(self, phase, raw=None):
        file = (BytesIO(raw or fresh_picture()), "p.jpg")
        return self.do("picture", phase=phase, picture=file)

    def state(self):
        return self.browser.get(f"{self.page}/state").json

    def up_to_the_test(self):
        assert self.do("agreement", read="1", name="钱业主", signature=DRAWN).status_code == 200
        assert self.picture("before").status_code == 200
        assert self.do("terminal", device="T1", hardware="contactor").status_code == 200
        assert self.do("seal", number="封0001").status_code == 200
        assert self.picture("after").status_code == 200
        return self

    def tested(self, amps=128):
        """The relay closes, an arc burns, the relay opens."""
        self.do("test")
        self.floor.exchange()
        terminal = self.floor.terminal
        assert terminal.relay == 1
        self.floor.county.clock.forward(1)
        self.floor.up(terminal.beat(amps=amps, arc=int(amps > 15)))
        self.do("test/off")
        self.floor.exchange()
        assert terminal.relay == 0
        return self.state()["test"]


@pytest.fixture
def visit(browser, floor, bare, technician):
    return Visit(browser(technician), floor)


def said(answer):
    """The sentence of a refusal, as the page's script gets it."""
    return answer.json["refusals"][0]["words"]


def text_of(pdf):
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        words = ""
        for page in document:
            with closing(page), closing(page.get_textpage()) as text:
                words += text.get_text_range()
    return words


def test_an_installation_from_the_scan_to_the_document(visit, floor, county):
    assert visit.browser.get(f"/m/{floor.code}").location == f"/technician/m/{floor.code}"
    visit.up_to_the_test()
    assert visit.state()["left"] == ["test", "acceptance", "document"]
    test = visit.tested()
    assert (test["state"], test["amps"]) == ("passed", 128)
    assert "业主签字验收" in visit.browser.get(visit.page).text
    once = number()
    for _press in range(2):
        signed = visit.do("acceptance", name="钱业主", signature=DRAWN, once=once)
        assert signed.status_code == 200
    page = visit.browser.get(visit.page).text
    assert "记录已完成" in page and "钱业主" not in page
    paper = visit.browser.get(f"{visit.page}/record.pdf")
    assert paper.mimetype == "application/pdf" and paper.headers["ETag"].strip('"') in page
    told = text_of(paper.data)
    for word in ("安装改造记录", floor.code, "T1", "封0001", "128 A", "钱业主", "同意"):
        assert word in told, word
    assert county.ask(machines.by_device, "T1").code == floor.code


def test_without_a_script_the_typed_name_stands_for_the_signature(visit):
    signed = visit.do("agreement", json=False, read="1", name="钱业主", signature="")
    assert (signed.status_code, signed.location) == (303, visit.page)
    assert "键入姓名" in visit.browser.get(visit.page).text


def test_a_half_done_record_waits_and_is_gone_on_with(visit, browser, technician, floor):
    visit.do("agreement", read="1", name="钱业主", signature=DRAWN)
    later = browser(technician)
    assert "未完成，接着做" in later.get("/technician").text
    assert Visit(later, floor).id == visit.id
    assert visit.state()["left"][0] == "picture-before"


def test_another_technician_neither_sees_nor_changes_it(visit, browser, county, cast):
    other = county.person("technician", enterprise=cast.works, password=PASSWORD)
    trained(county, other)
    stranger = browser(other)
    assert stranger.get(visit.page).status_code == 403
    assert stranger.get(f"{visit.page}/record.pdf").status_code == 403
    assert stranger.post(f"{visit.page}/seal", page="/technician", number="1").status_code == 403
    assert visit.state()["seal"] == ""


def test_nothing_is_added_to_a_finished_record(visit):
    visit.up_to_the_test().tested()
    visit.do("acceptance", name="钱业主")
    refused = visit.do("seal", number="9")
    assert refused.status_code == 422 and "不能再改" in said(refused)


def test_every_entry_stands_in_the_trail_by_its_digest(visit, county):
    visit.up_to_the_test()

    def rows(unit):
        record = service.get(unit, visit.id)
        trail = unit.db.scalars(select(AuditRow).where(AuditRow.subject == visit.id))
        return service.entries(unit, record), list(trail)

    entries, trail = county.ask(rows)
    assert [row.what for row in trail] == [f"service-{one.what}" for one in entries]
    assert all(
        "钱业主" not in str(one.told) + str(row.details)
        for one, row in zip(entries, trail, strict=True)
    )


def test_a_technician_without_training_is_told_so(browser, county, cast, floor):
    for days in (None, -200):
        if days:
            trained(county, cast.technician, days)
        user = browser(cast.technician)
        page = f"/technician/m/{floor.code}"
        refused = user.post(f"{page}/begin", page=page, json=True, kind="repair")
        assert refused.json["refusals"][0]["code"] == "technician-untrained"
        assert "半年内" in user.get(page).text


# --- the terminal --------------------------------------------------------------------------------


def test_a_terminal_that_sits_on_another_machine_is_not_fitted_twice(visit, county, cast):
    county.machine(cast.works, device="T9")
    county.do(terminals.provision, "T9")
    refused = visit.do("terminal", device="T9", hardware="contactor")
    assert refused.status_code == 422 and "已经装在另一台焊机上" in said(refused)
    assert "终端" in visit.state()["left"] or visit.state()["terminal"] == ""


WIRINGS = [
    ("thermal", "contactor", "按“温控回路”烧录", "--hardware contactor"),
    ("contactor", "thermal", "按“接触器”烧录", "--hardware thermal"),
]


@pytest.mark.parametrize(("flashed", "chosen", "words", "remedy"), WIRINGS)
def test_a_terminal_that_was_flashed_for_another_wiring_is_not_fitted(
    visit, county, flashed, chosen, words, remedy
):
    county.do(terminals.flashed_as, "T1", flashed)
    refused = visit.do("terminal", device="T1", hardware=chosen)
    assert refused.status_code == 422 and words in said(refused)
    assert remedy in refused.json["refusals"][0]["todo"]
    assert "terminal" in visit.state()["left"]
    assert visit.do("terminal", device="T1", hardware=flashed).status_code == 200


def test_a_terminal_that_tells_its_wiring_only_later_is_not_tested_as_another(visit, county):
    county.do(terminals.flashed_as, "T1", "contactor")
    visit.up_to_the_test()
    county.do(terminals.flashed_as, "T1", "thermal")  # written anew, by a cable
    for step, given in (("test", {}), ("ticket", {"act": "test", "ch": CH})):
        refused = visit.do(step, **given)
        assert refused.status_code == 422 and "按“温控回路”烧录" in said(refused)
    assert visit.state()["test"] is None


def rewired(county):
    while outbox.deliver(county.ground, handlers()):
        pass
    rows = select(Alarm.subject, Alarm.machine_id)
    rows = rows.where(Alarm.kind == "REWIRED", Alarm.closed_at.is_(None))
    return county.ask(lambda unit: [tuple(row) for row in unit.db.execute(rows)])


def test_a_terminal_written_for_another_wiring_than_was_accepted_is_an_alarm_until_it_agrees(
    visit, county, floor
):
    at_the_machine = [("T1", floor.cast.machine.id)]
    county.do(terminals.flashed_as, "T1", "contactor")
    visit.up_to_the_test().tested()
    county.do(terminals.flashed_as, "T1", "thermal")  # by a cable, behind everybody's back
    assert rewired(county) == []  # nothing was accepted yet
    visit.do("acceptance", name="钱业主")
    assert visit.state()["finished"] and rewired(county) == at_the_machine
    county.do(terminals.flashed_as, "T1", "contactor")
    assert rewired(county) == []
    told = floor.terminal.login(kind="thermal")
    assert county.do(intake.receive, "T1", told) == "login"  # the terminal's own word
    assert rewired(county) == at_the_machine
    again = Visit(visit.browser, floor, kind="repair")
    assert again.do("terminal", device="T1", hardware="thermal").status_code == 200
    assert rewired(county) == at_the_machine  # a record that is not finished accepts nothing

    def accept(unit):
        service.get(unit, again.id).finished_at = unit.now
        outbox.tell(unit, "terminal-accepted", "T1", {})

    county.clock.forward(1)
    county.do(accept)
    assert rewired(county) == []
    county.do(terminals.flashed_as, "T1", "contactor")
    assert rewired(county) == at_the_machine
    county.do(terminals.revoke, "T1")
    assert rewired(county) == []


def test_the_wiring_is_chosen_and_not_preset(visit):
    page = visit.browser.get(f"{visit.page}?step=terminal").text
    first = page.split('<select id="hardware"', 1)[1].split("<option ", 2)[1]
    assert first.startswith('value="">请选择')
    assert visit.do("terminal", device="T1").status_code == 400


def test_a_machine_that_has_another_terminal_keeps_it(browser, floor, technician, county):
    county.do(terminals.provision, "T9")
    visit = Visit(browser(technician), floor)
    refused = visit.do("terminal", device="T9", hardware="thermal")
    assert refused.status_code == 422 and "已经装了另一个终端" in said(refused)
    assert visit.state()["terminal"] == "T1"


@pytest.mark.parametrize("device", ["T404", "../../etc", "<b>", "HM-0"])
def test_a_terminal_that_nobody_knows_is_told_so(visit, device):
    refused = visit.do("terminal", device=device, hardware="contactor")
    assert refused.status_code == 422 and "没有这个终端" in said(refused)


def test_the_address_in_a_terminals_code_is_read_as_its_number(visit, county):
    url = "https://example.invalid/t/T1"
    assert visit.do("terminal", device=url, hardware="contactor").status_code == 200
    assert visit.state()["terminal"] == "T1"


def test_scanning_the_terminal_leads_back_to_the_record_that_wants_one(visit, floor):
    back = visit.browser.get("/t/T1")
    assert back.location == f"{visit.page}?device=T1"
    assert visit.browser.get(f"{visit.page}?device=T1&step=terminal").text.count('value="T1"') == 1


def test_who_fits_a_terminal_finds_the_wiring_pictures_there(visit, browser, cast):
    page = visit.browser.get(f"{visit.page}?step=terminal").text
    links = re.findall(r'href="(/technician/wiring/[^"]+)"', page)
    assert len(links) == len(wiring.KINDS) and "市电致命" in page
    for link in links:
        answer = visit.browser.get(link)
        assert answer.mimetype == "image/svg+xml" and answer.text.startswith("<svg")
    assert visit.browser.get("/technician/wiring/none.svg").status_code == 404
    assert browser(cast.welder).get(links[0]).status_code == 403


def test_fitting_moves_the_module_in_stock(visit, county):
    def flashed(unit):
        stock.move(unit, "a4cf12abcdef", "flashed", "bench").device = "T1"

    county.do(flashed)
    visit.do("terminal", device="T1", hardware="contactor")
    item = county.ask(stock.of_device, "T1")
    assert item.state == "installed"


# --- the function test ---------------------------------------------------------------------------


def test_a_dark_terminal_is_not_tested_and_the_page_says_what_to_do(visit, floor):
    visit.up_to_the_test()
    floor.terminal.deaf = True
    floor.later(3600)
    visit.do("test")
    page = visit.browser.get(visit.page).text
    assert "焊机终端现在不在线" in page and "再测一次" in page
    assert floor.terminal.relay == 0
    floor.terminal.deaf = False
    floor.county.clock.forward(30)
    floor.up(floor.terminal.login())
    assert visit.tested()["state"] == "passed"


@pytest.mark.parametrize(
    ("status", "words"),
    [("unsafe", "已停用待修，终端锁着，不能通电测试"), ("locked", "终端已被锁定")],
)
def test_a_machine_that_is_shut_is_not_tested_and_the_page_says_who_opens_it(
    visit, floor, county, status, words
):
    visit.up_to_the_test()
    county.do(lambda u: machines.set_status(u, machines.by_code(u, floor.code), status))
    visit.do("test")
    page = visit.browser.get(visit.page).text
    assert words in page and "监管部门" in page and floor.terminal.relay == 0
    refused = visit.do("ticket", act="test", ch=CH).json["refusals"][0]
    assert words in refused["words"] and "监管部门" in refused["todo"]


def test_a_test_without_a_current_does_not_pass(visit):
    visit.up_to_the_test()
    assert visit.tested(amps=0)["state"] == "no-current"
    assert visit.do("acceptance", name="钱业主").status_code == 422


def test_a_terminal_that_falls_silent_during_the_test_is_told_so_and_tested_again(visit, floor):
    visit.up_to_the_test().do("test")
    floor.exchange()
    floor.terminal.deaf = True
    visit.do("test/off")
    floor.later(testing.LEASE_S + testing.GRACE_S + 1)
    assert visit.state()["test"]["state"] == "unconfirmed"
    floor.terminal.deaf = False
    floor.terminal.pass_time()
    floor.up(floor.terminal.beat())
    assert visit.tested()["state"] == "passed"


def test_the_relay_of_a_test_is_not_taken_for_a_stray_one(visit, floor):
    visit.up_to_the_test().do("test")
    floor.exchange()
    floor.up(floor.terminal.beat())
    floor.exchange()
    assert floor.terminal.relay == 1
    floor.county.clock.forward(testing.LEASE_S + testing.GRACE_S + 1)
    floor.up(floor.terminal.beat(amps=3, arc=1))
    floor.exchange()
    assert floor.terminal.relay == 0  # a terminal whose lease did not end is switched off


def test_a_test_is_never_begun_while_somebody_works_there(floor, browser, technician):
    floor.working()
    visit = Visit(browser(technician), floor, "repair")
    job = floor.terminal.job
    visit.do("test")
    floor.exchange()
    assert floor.terminal.job == job and visit.state()["test"]["word"] == "machine-busy"


def test_a_double_press_begins_one_test(visit, floor, county):
    visit.up_to_the_test()
    once = number()
    for _press in range(2):
        visit.do("test", once=once)
    floor.exchange()
    tests = county.ask(lambda unit: list(unit.db.scalars(select(testing.FunctionTest))))
    assert len(tests) == 1 and len(floor.terminal.closings) == 1


# --- pictures and signatures ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signature", "words"),
    [
        ("data:image/png;base64," + "A" * 90_000, "签名图片太大"),
        (data_url(drawn()[:300]), "签名图片损坏"),
        (data_url(drawn(strokes=False)), "签名是空的"),
        ("javascript:alert(1)", "签名图片损坏"),
    ],
    ids=["huge", "cut", "empty", "other"],
)
def test_a_huge_broken_or_empty_signature_is_refused_in_plain_words(visit, signature, words):
    refused = visit.do("agreement", read="1", name="钱业主", signature=signature)
    assert refused.status_code == 400 and words in said(refused)
    assert visit.state()["left"][0] == "agreement"


def test_a_body_beyond_all_measure_is_refused_before_it_is_read(visit):
    refused = visit.do("agreement", read="1", name="钱业主", signature="A" * 300_000)
    assert refused.status_code == 413


def test_a_picture_serves_once(visit):
    raw = fresh_picture()
    assert visit.picture("before", raw).status_code == 200
    assert visit.picture("before", raw).status_code == 200  # the same press again
    assert len(visit.state()["pictures"]["before"]) == 1
    refused = visit.picture("after", raw)
    assert refused.status_code == 422 and "已经用过" in said(refused)
    small = visit.browser.get(
        f"{visit.page}/pictures/{visit.state()['pictures']['before'][0]}/small"
    )
    assert small.mimetype == "image/jpeg"


def test_a_picture_that_is_none_is_refused(visit):
    assert "JPEG" in said(visit.picture("before", b"not a picture"))


# --- repairs and codes ---------------------------------------------------------------------------


def test_a_repair_is_written_down_tested_and_signed(floor, browser, technician):
    visit = Visit(browser(technician), floor, "repair")
    visit.do("work", done="更换接触器触点", parts="触点一副")
    visit.picture("after")
    assert visit.tested()["state"] == "passed"
    visit.do("acceptance", name="钱业主", signature=DRAWN)
    told = text_of(visit.browser.get(f"{visit.page}/record.pdf").data)
    assert "维修记录" in told and "触点一副" in told


def test_in_a_repair_another_terminal_takes_the_place_of_the_broken_one(
    floor, browser, technician, county
):
    county.do(terminals.provision, "T9")

    def installed(unit):
        stock.move(unit, "a4cf12abcdef", "flashed", "bench").device = "T1"
        stock.move(unit, "a4cf12abcdef", "installed", "bench")
        stock.move(unit, "a4cf12abcd00", "flashed", "bench").device = "T9"

    county.do(installed)
    visit = Visit(browser(technician), floor, "repair")
    page = visit.browser.get(f"{visit.page}?step=terminal").text
    assert "换终端" in page
    assert visit.tested()["state"] == "passed"
    assert visit.do("terminal", device="T9", hardware="contactor").status_code == 200
    assert "test" in visit.state()["left"]  # the test of the old terminal counts no more
    assert county.ask(machines.by_device, "T9").code == floor.code
    assert county.ask(machines.by_device, "T1") is None
    states = [county.ask(stock.of_device, device).state for device in ("T1", "T9")]
    assert states == ["returned", "installed"]
    assert county.ask(terminals.secret, "T1") is None  # what is in the stock is heard no more


def test_a_terminal_that_is_fitted_to_a_locked_machine_is_locked_at_once(visit, floor, county):
    machine = floor.cast.machine
    county.do(lambda unit: machines.set_status(unit, machines.get(unit, machine.id), "locked"))
    assert visit.do("terminal", device="T1", hardware="contactor").status_code == 200
    assert county.ask(commands.latest, "T1", "lock") is not None


def test_no_terminal_is_changed_while_somebody_works_with_it(floor, browser, technician, county):
    county.do(terminals.provision, "T9")
    visit = Visit(browser(technician), floor, "repair")
    floor.working()
    refused = visit.do("terminal", device="T9", hardware="contactor")
    assert refused.status_code == 422 and "未结束的作业" in said(refused)
    assert county.ask(machines.by_device, "T1").code == floor.code


def test_a_fresh_code_keeps_the_history_and_the_old_one_opens_nothing(
    floor, browser, technician, cast
):
    user, page = browser(technician), f"/technician/m/{floor.code}"
    changed = user.post(f"{page}/label", page=page, why="被复制")
    assert changed.status_code == 303
    fresh = changed.location.rsplit("/", 1)[1]
    assert fresh != floor.code and fresh[:6] == floor.code[:6]
    shown = user.get(changed.location).text
    assert "被复制" in shown and "不会有服务电话" in shown
    gone = browser(cast.welder).get(f"/m/{floor.code}")
    assert gone.status_code == 404 and "已经更换" in gone.text
    label = user.get(f"{changed.location}/label.pdf")
    assert label.mimetype == "application/pdf" and label.data.startswith(b"%PDF")
    assert "被复制" in user.get("/technician").text


def test_a_wrong_code_is_told_from_one_that_is_unknown(browser, technician, floor):
    user = browser(technician)
    swapped = floor.code[:-1] + ("0" if floor.code[-1] != "0" else "1")
    assert "校验位对不上" in user.get(f"/technician/m/{swapped}").text
    assert "14 位" in user.get("/technician/find?code=12").text
    assert user.get(f"/technician/find?code={floor.code.lower()}").status_code == 303
    assert user.get("/technician/find?code=T1").location == f"/technician/m/{floor.code}"


def test_the_owners_enterprise_and_the_office_read_the_finished_record(
    visit, browser, cast, county
):
    visit.up_to_the_test().tested()
    paper = f"{visit.page}/record.pdf"
    assert browser(cast.enterprise).get(paper).status_code == 404
    visit.do("acceptance", name="钱业主")
    for person in (cast.enterprise, cast.office):
        assert browser(person).get(paper).data.startswith(b"%PDF")
    far = county.person("enterprise", enterprise=county.enterprise("二厂"), password=PASSWORD)
    assert browser(far).get(paper).status_code == 403


def test_the_ledger_says_who_fitted_which_terminal_where_and_leads_to_the_record(
    visit, browser, cast, county
):
    office, at = browser(cast.office), "/forms/installations"
    visit.up_to_the_test().tested()
    assert cast.code in office.get(at).text and ".pdf" not in office.get(at).text  # not finished
    visit.do("acceptance", name="钱业主")
    page = office.get(at).text
    for told in (cast.technician.name, "T1", cast.code, "接触器", "封0001", "演示机械厂"):
        assert told in page, told
    paper = f"{visit.page}/record.pdf"
    assert f'"{paper}"' in page and office.get(paper).status_code == 200
    office.post("/language", page="/", lang="en")
    assert "Contactor" in office.get(at).text
    officer = browser(cast.officer)
    assert cast.technician.name in officer.get(at).text and paper not in officer.get(at).text
    assert cast.code in officer.get(f"{at}.csv").text
    assert cast.code not in browser(cast.far_officer).get(at).text


def test_the_record_names_the_technicians_training_and_licence(visit, browser, cast, county):
    county.certificate(cast.technician, category="低压电工作业", number="T990101199003070014")
    county.certificate(cast.technician, category="高压电工作业", valid_to=county.day(-1))
    visit.up_to_the_test().tested()
    visit.do("acceptance", name="钱业主")
    told = text_of(visit.browser.get(f"{visit.page}/record.pdf").data)
    for word in ("演示培训", county.day(-10), "低压电工作业", "应急管理"):
        assert word in told, word
    assert "高压电工作业" not in told and "19900307" not in told


MACHINE = {
    "keeper": "演示店主",
    "keeper_phone": "13812345678",
    "supply": "380",
    "trade": "门窗框架焊接",
    "max_a": "315",
    "max_w": "11.5",
}


def test_what_the_plan_asks_of_a_machine_is_written_down_on_the_spot(visit, county, floor):
    assert "还缺：责任人、责任人电话、焊机用电类型、应用行业" in visit.browser.get(visit.page).text
    assert visit.do("machine", **MACHINE).status_code == 200
    page = visit.browser.get(f"{visit.page}?step=machine").text
    assert "还缺" not in page and "138****5678" in page and "13812345678" not in page
    again = MACHINE | {"keeper_phone": "138****5678", "max_a": "400"}
    assert visit.do("machine", **again).status_code == 200
    one = county.ask(machines.by_code, floor.code)
    assert (one.keeper, one.supply, one.max_a, one.max_w) == ("演示店主", "380", 400, 11_500)
    assert county.ask(machines.phone, one, "keeper") == "13812345678"
    visit.up_to_the_test().tested()
    visit.do("acceptance", name="钱业主")
    told = text_of(visit.browser.get(f"{visit.page}/record.pdf").data)
    for word in ("演示店主", "138****5678", "门窗框架焊接", "380 V", "400 A"):
        assert word in told, word


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"keeper": ""}, "“责任人”没有填写"),
        ({"supply": "12"}, "焊机用电类型"),
        ({"supply": "other"}, "备注"),
        ({"keeper_phone": "123"}, "不是电话号码"),
        ({"keeper_phone": "139****0000"}, "完整的号码"),
        ({"max_a": "很大"}, "应是整数"),
    ],
)
def test_wrong_data_of_a_machine_are_refused_and_nothing_is_written(visit, county, wrong, words):
    answer = visit.do("machine", **MACHINE | wrong)
    assert answer.status_code == 400 and words in said(answer)
    assert county.ask(machines.by_code, visit.floor.code).keeper == ""


def test_a_licence_is_entered_by_the_technician_and_counts_once_it_is_confirmed(
    visit, browser, cast, county
):
    days = {"valid_from": county.day(-9), "valid_to": county.day(900)}
    given = {"issuer": "emergency", "number": "T1234567", "category": "低压电工作业"} | days
    page = "/certificates"
    assert page in visit.browser.get("/technician").text
    assert visit.browser.post(page, page=page, **given).location == page
    assert "待核验" in visit.browser.get(page).text
    visit.up_to_the_test().tested()
    visit.do("acceptance", name="钱业主")
    assert "没有登记" in text_of(visit.browser.get(f"{visit.page}/record.pdf").data)


def test_a_blocked_technician_adds_nothing(visit, county, technician):
    page = visit.browser.token(visit.page)
    county.do(lambda unit: people.set_status(unit, people.get(unit, technician.id), "blocked"))
    refused = visit.browser.client.post(f"{visit.page}/seal", data={"number": "1", "csrf": page})
    assert refused.status_code in (303, 401, 403)


# --- where only the phone reaches the terminal ---------------------------------------------------

CH = "0011223344556677"


def carried(visit, **form):
    """A ticket for the test, given to the terminal, its receipt brought to the cloud."""
    made = visit.do("ticket", ch=CH, **form)
    assert made.status_code == 200, made.text
    told = visit.floor.terminal.take(made.json["ticket"])
    headers = {"X-CSRF-Token": visit.browser.token(visit.page), "Accept": "application/json"}
    answer = visit.browser.client.post("/carried/receipt", json=told, headers=headers)
    assert answer.json == {"ok": True}
    visit.floor.exchange()
    return told


@pytest.fixture
def dark(visit, floor):
    visit.up_to_the_test()
    floor.up(floor.terminal.leave())
    return visit


def test_a_dark_terminal_is_tested_by_tickets_that_the_phone_carries(dark, county):
    assert carried(dark, act="test")["relay"] == 1
    assert dark.state()["test"]["state"] == "on"
    assert carried(dark, act="off", amps="0128")["relay"] == 0
    test = dark.state()["test"]
    assert (test["state"], test["amps"]) == ("passed", 128)
    assert "手机读取，终端没有签名" in dark.browser.get(dark.page).text
    rows = county.ask(lambda unit: service.entries(unit, service.get(unit, dark.id)))
    told = [one.told for one in rows if one.what == "measured"]
    assert [(one["amps"], one["by"]) for one in told] == [(128, "phone")]


def test_a_current_before_the_contact_closed_counts_for_nothing(dark):
    assert dark.do("ticket", act="off", ch=CH, amps="0128").status_code == 422
    assert dark.do("ticket", act="test", ch=CH).status_code == 200  # which nobody carried
    carried(dark, act="off", amps="0128")
    assert dark.state()["test"]["amps"] == 0


def test_a_ticket_that_no_page_asks_for_is_bad_input(dark):
    for wrong in ({"act": "on"}, {"ch": "short"}, {"act": "off"}, {"act": "off", "amps": "-1"}):
        assert dark.do("ticket", **({"act": "test", "ch": CH} | wrong)).status_code == 400

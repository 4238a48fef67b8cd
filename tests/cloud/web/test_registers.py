"""The registers as pages: paged by key, inside the viewer's district and trade, acts recorded."""

import re

import pytest

from cloud.base.formats import identity_check
from cloud.book import outbox
from cloud.book.audit import AuditRow
from cloud.cases import erasing
from cloud.link import intake, stock, terminals
from cloud.oversight import registers
from cloud.registry import certificates, departments, people
from cloud.registry.accounts import SignedInSession
from cloud.registry.sight import Sight
from cloud.work import jobs
from cloud.work.job import Job
from tests.cloud.conftest import County, HandClock
from tests.cloud.stand_in import StandIn
from tests.cloud.statements import plans, statements

NUMBER = "990101199003070" + "01"
IDENTITY = NUMBER + identity_check(NUMBER)
PHONE = "13812345678"
LISTS = ("machines", "enterprises", "people", "certificates")
NEXT = re.compile(r'href="([^"]*after=[^"]*)"')
LINK = re.compile(r'<th role="rowheader" scope="row"><a href="([^"]+)"')


def links(page):
    return LINK.findall(page.text)


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr(registers, "PER_PAGE", 2)


@pytest.mark.parametrize("kind", LISTS)
def test_page_by_page_every_row_comes_once(kind, browser, county, cast, small_pages):
    for number in range(5):
        firm = county.enterprise(f"演示{number}厂", district=f"99010100{number % 3}")
        county.machine(firm, district=f"99010100{number % 3}")
        county.certificate(county.person("welder", district=f"99010200{number}"))
    office = browser(cast.office)
    seen, address = [], f"/registers/{kind}"
    while address:
        page = office.get(address)
        assert page.status_code == 200
        seen += links(page)
        found = NEXT.search(page.text)
        address = found[1].replace("&amp;", "&") if found else ""
    tables = {"people": 9 + 5, "machines": 6, "enterprises": 6, "certificates": 7}
    assert len(seen) == len(set(seen)) == tables[kind]
    assert all(office.get(one).status_code == 200 for one in seen)


@pytest.mark.parametrize("kind", LISTS)
def test_an_officer_sees_the_own_district_and_nothing_else(kind, browser, county, cast):
    office, near, far = (browser(who) for who in (cast.office, cast.officer, cast.far_officer))
    mine = set(links(near.get(f"/registers/{kind}")))
    assert mine and mine <= set(links(office.get(f"/registers/{kind}")))
    assert not mine & set(links(far.get(f"/registers/{kind}")))
    assert not mine & set(links(far.get(f"/registers/{kind}?district=990101")))
    for one in mine:
        assert near.get(one).status_code == 200
        assert far.get(one).status_code == 403


def test_an_officer_sees_the_own_trade_only(browser, county, cast):
    county.do(departments.put, "house", "演示住建局", {"construction"})
    county.do(departments.post, cast.officer, "house")
    paper = links(browser(cast.office).get("/registers/certificates"))[0]
    officer = browser(cast.officer)
    assert links(officer.get("/registers/machines")) == []
    assert links(officer.get("/registers/certificates")) == []
    assert officer.get(paper).status_code == 403
    assert officer.get(f"/registers/machines/{cast.code}").status_code == 403


def test_a_machine_is_found_by_code_terminal_and_owner(browser, county, cast):
    county.machine()
    office = browser(cast.office)
    one = [f"/registers/machines/{cast.code}"]
    for asked in (cast.code, cast.code.lower(), "T1", cast.works.uscc):
        assert links(office.get(f"/registers/machines?q={asked}")) == one
    assert "没有找到" in office.get("/registers/machines?q=xyz").text
    firm = [f"/registers/enterprises/{cast.works.id}"]
    assert firm[0] in links(office.get("/registers/enterprises?q=机械"))
    assert links(office.get(f"/registers/enterprises?q={cast.works.uscc}")) == firm


def test_a_person_is_found_by_numbers_that_stand_in_no_address(browser, county, cast):
    one = county.person("welder", identity=IDENTITY, phone=PHONE, name="周演示")
    paper = county.certificate(one, number="T9999")
    officer = browser(cast.officer)
    for asked in (IDENTITY, PHONE, one.login, "周演示"):
        page = officer.post("/registers/people", page="/registers/people", q=asked)
        assert links(page) == [f"/registers/people/{one.id}"]
        assert IDENTITY not in page.text and PHONE not in page.text
    page = officer.post("/registers/certificates", page="/registers/people", q="T9999")
    assert links(page) == [f"/registers/certificates/{paper.id}"]
    assert links(officer.get(f"/registers/people?q={one.login}"))  # an address is no search
    assert officer.post("/registers/people", q="").status_code == 400


def test_the_home_counts_what_waits_and_opens_to_each_what_is_theirs(browser, county, cast):
    county.person("welder", status="pending")
    page = browser(cast.office).get("/office").text
    assert "待审核的注册和证件" in page and '<span class="waits some">1</span>' in page
    officer = browser(cast.officer).get("/office").text
    assert "/registers/machines" in officer and "/registers/stock" not in officer
    assert browser(cast.welder).get("/office").status_code == 403


def test_an_account_that_is_shut_is_out_at_once_and_may_be_opened_again(browser, county, cast):
    welder, office = browser(cast.welder), browser(cast.office)
    path = f"/registers/people/{cast.welder.id}"
    assert welder.get("/certificates").status_code == 200
    assert office.post(f"{path}/status", page=path, what="block").status_code == 400
    assert office.post(f"{path}/status", page=path, what="block", reason="离职").location == path
    assert "离职" in office.get(path).text
    assert welder.get("/certificates").location.startswith("/login")
    mine = SignedInSession.person_id == cast.welder.id
    assert county.ask(lambda unit: unit.db.query(SignedInSession).filter(mine).count()) == 0
    assert office.post(f"{path}/status", page=path, what="open").status_code == 303
    assert county.ask(people.get, cast.welder.id).status == "active"
    own = f"/registers/people/{cast.office.id}/status"
    assert office.post(own, page=path, what="block", reason="试").status_code == 403
    assert browser(cast.officer).post(f"{path}/status", what="open").status_code == 403

    def told(unit):
        rows = unit.db.query(AuditRow).filter(AuditRow.subject == cast.welder.id)
        return [row.what for row in rows.order_by(AuditRow.seq)]

    assert county.ask(told)[-2:] == ["person-blocked", "person-approved"]


def test_a_certificate_that_was_revoked_ends_the_job_that_it_carries(browser, county, floor):
    welder, _watch = floor.working()
    held = county.ask(certificates.for_person, floor.cast.welder.id)[0]
    office, path = browser(floor.cast.office), f"/registers/certificates/{held.id}"
    assert "正常" in office.get(path).text
    assert office.post(f"{path}/status", page=path, status="lost").status_code == 400
    assert office.post(f"{path}/status", page=path, status="revoked").location == path
    outbox.deliver(county.ground, jobs.handlers())
    floor.exchange()
    assert floor.terminal.relay == 0
    assert welder.state(floor.code)["state"] == "ended"


@pytest.mark.parametrize("role", ["welder", "fire_watch"])
def test_who_is_blocked_in_the_middle_of_a_job_neither_welds_nor_watches_on(
    browser, county, floor, role
):
    floor.working()
    person = getattr(floor.cast, role)
    office, path = browser(floor.cast.office), f"/registers/people/{person.id}"
    assert office.post(f"{path}/status", page=path, what="block", reason="试").status_code == 303
    outbox.deliver(county.ground, jobs.handlers())
    floor.exchange()
    assert floor.terminal.relay == 0
    ended = county.ask(lambda unit: unit.db.query(Job).one())
    assert (ended.state, ended.end_reason) == ("ended", "account")


def test_a_module_goes_through_the_stock_and_its_terminal_is_revoked_in_the_end(
    browser, county, cast
):
    office, page = browser(cast.office), "/registers/stock"
    assert office.post("/registers/stock", page=page, chip="no").status_code == 400
    done = office.post("/registers/stock", page=page, chip="A4:CF:12:AB:CD:EF")
    path = done.location
    assert path == "/registers/stock/a4cf12abcdef"
    state = f"{path}/state"
    assert office.post(state, page=path, state="installed").status_code == 409
    assert office.post(state, page=path, state="flashed").status_code == 400

    def enrolled(unit):
        terminals.provision(unit, "HMA4CF12ABCDEF")
        stock.move(unit, "a4cf12abcdef", "flashed", "bench").device = "HMA4CF12ABCDEF"

    county.do(enrolled)
    days = {"sim_until": "2028-01-31", "insurance": "P-1", "insurance_until": "2027-12-31"}
    assert office.post(f"{path}/papers", page=path, **days).location == path
    assert office.post(f"{path}/papers", page=path, sim_until="soon").status_code == 400
    shown = office.get(path).text
    assert "2028-01-31" in shown and "P-1" in shown and "2027-12-31" in shown
    assert links(office.get("/registers/stock?state=flashed")) == [path]
    assert links(office.get("/registers/stock?q=HMA4CF12ABCDEF")) == [path]
    assert links(office.get("/registers/stock?state=returned")) == []
    terminal = "/registers/terminals/HMA4CF12ABCDEF"
    assert terminal in links(office.get("/registers/terminals?q=HMA4CF12ABCDEF"))
    county.do(terminals.flashed_as, "HMA4CF12ABCDEF", "thermal")
    assert "在用" in office.get(terminal).text and "温控回路" in office.get(terminal).text
    assert office.post(state, page=path, state="returned", note="坏了").location == path
    assert "坏了" in office.get(path).text
    assert "已吊销" in office.get(terminal).text
    assert county.ask(terminals.secret, "HMA4CF12ABCDEF") is None


def test_revoking_a_terminal_wants_a_tick_and_works_at_once(browser, county, cast):
    county.do(terminals.provision, "T1")
    office, path = browser(cast.office), "/registers/terminals/T1"
    assert cast.machine.name in office.get(path).text
    assert office.post(f"{path}/revoke", page=path).status_code == 400
    assert office.post(f"{path}/revoke", page=path, sure="1").location == path
    assert county.ask(terminals.secret, "T1") is None
    assert office.post("/registers/terminals/T9/revoke", page=path, sure="1").status_code == 404
    assert "吊销终端" in office.get(path).text


def test_a_terminal_with_the_numbers_of_another_one_names_it(browser, county, cast):
    for device in ("T1", "T2"):
        county.do(terminals.provision, device)
        said = StandIn(device, county.ask(terminals.secret, device), county.clock)
        assert county.do(intake.receive, device, said.login(imei="860000000000009")) == "login"
    office = browser(cast.office)
    page = office.get("/registers/terminals/T1")
    assert '"/registers/terminals/T2"' in page.text and "与 T2 相同" in page.text
    assert "与 T1 相同" in office.get("/registers/terminals/T2").text


@pytest.mark.sqlite
@pytest.mark.parametrize("kind", LISTS)
def test_a_filtered_page_follows_the_order_of_an_index(kind, browser, county, cast):
    office = browser(cast.office)
    with statements(county.ground.engine) as seen:
        assert office.get(f"/registers/{kind}?district=990101&trade=industry").status_code == 200
    turned = [one for one in seen if " LIMIT " in one[0] and "ORDER BY" in one[0]]
    sorts = [plan for plan in plans(county.ground.engine, turned) if "FOR ORDER BY" in plan]
    assert sorts == []


def test_the_page_of_somebody_who_was_forgotten_is_still_a_page(county, browser, cast):
    welder = county.person("welder", name="王独演示", phone="13812345678")
    county.do(lambda unit: erasing.erase(unit, people.known(unit, welder.id), "system"))
    page = browser(cast.office).get(f"/registers/people/{welder.id}")
    assert page.status_code == 200
    assert "已注销" in page.text and "王独" not in page.text


def test_a_name_that_many_have_is_found_page_by_page_with_the_login_of_that_name(
    either, monkeypatch
):
    county = County(either, HandClock())
    monkeypatch.setattr(registers, "PER_PAGE", 3)
    named = {county.person("welder", name="zhang").id for _ in range(6)}
    named.add(county.person("welder", login="zhang").id)
    county.person("welder", name="李雷")
    found, after = [], ""
    with either.read() as unit:
        for _page in range(3):
            page = registers.persons(unit, Sight("990101"), after, "zhang")
            found += [one.id for (one,) in page.rows]
            after = page.after
        assert registers.persons(unit, Sight("990202"), "", "zhang").rows == []
    assert (after, len(found), set(found)) == ("", 7, named)

"""Who is on-line, who is working, fresh without reload, in one's own district."""

import re

import pytest

from cloud.oversight.scope import EVERY
from cloud.registry import machines
from cloud.web.regulator import overview
from cloud.web.regulator.words import STATES


@pytest.fixture
def officer(browser, cast):
    return browser(cast.officer)


def status(user, **query):
    return user.get("/status.json", query_string=query).json


def listed(user, **query):
    return user.get("/machines.json", query_string=query).json


def test_four_numbers_and_the_machines(officer, floor):
    assert status(officer) == {
        "numbers": {"machines": 1, "online": 1, "working": 0, "attention": 0, "alarms": 0},
        "counted_at": None,
        "working": [],
        "alarms": [],
        "refused": [],
    }
    assert listed(officer) == {
        "machines": [
            {
                "code": floor.code,
                "name": "1号焊机",
                "enterprise": "演示机械厂",
                "online": True,
                "state": "idle",
                "welder": "",
                "amps": None,
                "since": None,
            }
        ],
        "page": 1,
        "pages": 1,
    }


def test_a_machine_at_work_shows_its_masked_welder_amps_and_since_when(officer, floor):
    floor.working()
    floor.up(floor.terminal.beat(amps=128))
    shown = status(officer)
    (row,) = shown["working"]
    assert listed(officer)["machines"] == [row]
    assert shown["numbers"]["working"] == 1
    assert (row["state"], row["welder"], row["amps"]) == ("on", "李**", 128)
    assert row["since"] == floor.county.clock.now
    text = officer.get("/").text
    assert "128 A" in text
    assert "李演示" not in text


def test_the_states_of_a_job_are_told_apart(officer, floor):
    def state():
        return listed(officer)["machines"][0]["state"]

    welder, _watch = floor.watched()
    assert state() == "preparing"
    welder.step(floor.code, "on")
    assert state() == "asked"
    floor.exchange()
    assert state() == "on"
    floor.terminal.restart()
    floor.up(floor.terminal.login())
    assert state() == "paused"
    welder.step(floor.code, "off")
    floor.exchange()
    assert state() == "idle"


def test_an_off_that_is_not_confirmed_comes_first_and_is_counted(officer, county, floor):
    county.machine(floor.cast.works, device=None, name="0号焊机")
    welder, _watch = floor.working()
    floor.terminal.deaf = True
    welder.step(floor.code, "off")
    assert status(officer)["numbers"]["attention"] == 0
    floor.later(31)
    shown = status(officer)
    assert shown["numbers"]["attention"] == 1
    for row in (shown["working"][0], listed(officer)["machines"][0]):
        assert (row["code"], row["state"]) == (floor.code, "off-unconfirmed")
    assert "关机未确认" in officer.get("/").text
    floor.terminal.deaf = False
    floor.terminal.restart()
    floor.up(floor.terminal.login())
    assert status(officer)["numbers"]["attention"] == 0


def test_a_silent_terminal_is_off_line_since_it_was_last_seen(officer, floor):
    floor.exchange()  # what its log-in brought about
    seen = floor.county.clock.now
    floor.later(3600)
    (row,) = listed(officer)["machines"]
    assert (row["online"], row["since"]) == (False, seen)
    assert status(officer)["numbers"]["online"] == 0
    assert "离线" in officer.get("/machines").text


@pytest.mark.parametrize("state", ["unsafe", "locked"])
def test_a_machine_out_of_use_says_so(officer, county, cast, state):
    county.do(lambda u: machines.set_status(u, machines.get(u, cast.machine.id), state))
    assert listed(officer)["machines"][0]["state"] == state


def test_a_scrapped_machine_is_gone_and_one_without_terminal_is_named(officer, county, cast):
    county.do(lambda u: machines.set_status(u, machines.get(u, cast.machine.id), "scrapped"))
    bare = county.machine(cast.works)
    assert status(officer)["numbers"]["machines"] == 1
    assert [(m["code"], m["state"]) for m in listed(officer)["machines"]] == [
        (bare.code, "unfitted")
    ]


def test_every_state_has_a_word_and_a_sign():
    named = {"off-unconfirmed", "on", "asked", "paused", "preparing", "idle", "unfitted"}
    assert named | set(machines.STATUSES) - {"usable"} == set(STATES)


def test_an_officer_sees_the_own_subtree_only_and_the_office_all(browser, county, cast):
    far = county.machine(cast.works, district="990202003")
    near = {m["code"] for m in listed(browser(cast.officer))["machines"]}
    assert near == {cast.code}
    assert {m["code"] for m in listed(browser(cast.far_officer))["machines"]} == {far.code}
    assert {m["code"] for m in listed(browser(cast.office))["machines"]} == {cast.code, far.code}
    town = county.person("officer", district="990101002", password="made-up-password")
    assert listed(browser(town))["machines"] == []
    assert "还没有登记电焊机" in browser(town).get("/machines").text


def test_a_machine_from_elsewhere_that_works_here_is_seen_here(browser, county, floor):
    from cloud.work import jobs

    with county.ground.write() as unit:
        machine = machines.by_code(unit, floor.code)
        place = {"district": "990202001"}
        jobs.apply(unit, floor.cast.welder, machine, "演示工地", "焊接", "1号票", **place)
    far = browser(floor.cast.far_officer)
    assert [m["code"] for m in listed(far)["machines"]] == [floor.code]
    assert status(far)["numbers"]["machines"] == 1
    assert browser(floor.cast.far_officer).get(f"/m/{floor.code}").status_code == 200


def test_the_numbers_are_not_sent_again_while_nothing_changes(officer, floor):
    first = officer.get("/status.json")
    tag = {"If-None-Match": first.headers["ETag"]}
    floor.county.clock.forward(5)
    again = officer.get("/status.json", headers=tag)
    assert (again.status_code, again.data) == (304, b"")
    floor.working()
    assert officer.get("/status.json", headers=tag).status_code == 200


def test_the_page_polls_its_changing_part_and_gets_nothing_while_nothing_changes(officer, floor):
    page = officer.get("/").text
    (etag,) = re.findall(r"data-etag='(\"[0-9a-f]+\")'", page)
    assert 'data-part="/status.part"' in page
    again = officer.get("/status.part", headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    floor.working()
    fresh = officer.get("/status.part", headers={"If-None-Match": etag})
    assert fresh.status_code == 200 and fresh.headers["ETag"] != etag
    assert floor.code in fresh.text.replace(" ", "")


def test_filters_narrow_and_stay_in_the_links_and_foreign_ones_are_passed_over(
    browser, county, cast
):
    county.machine(cast.works, district="990101002", industry="construction")
    officer = browser(cast.officer)
    assert status(officer)["numbers"]["machines"] == 2
    assert status(officer, district="990101002")["numbers"]["machines"] == 1
    assert status(officer, trade="construction")["numbers"]["machines"] == 1
    assert status(officer, district="990101001", trade="construction")["numbers"]["machines"] == 0
    page = officer.get("/", query_string={"district": "990101002", "trade": "construction"}).text
    assert "/machines?district=990101002&amp;trade=construction" in page
    for foreign in ("990202", "99", "nonsense", "' or 1=1"):
        assert status(officer, district=foreign)["numbers"]["machines"] == 2
    assert status(officer, trade="nonsense")["numbers"]["machines"] == 2


def test_a_refused_scan_is_shown_with_its_reason_where_it_happened(browser, county, floor):
    county.certificate(county.person("welder"))
    bad = county.person("welder", enterprise=floor.cast.works, password="made-up-password")
    refused = browser(bad).step(floor.code, "apply", site="演示车间", work="焊接", voucher="1号票")
    assert not refused["ok"]
    officer = browser(floor.cast.officer)
    (row,) = status(officer)["refused"]
    assert row["machine"] == floor.code and "certificate-missing" in row["codes"]
    assert "没有" in officer.get("/").text
    assert status(browser(floor.cast.far_officer))["refused"] == []


def test_an_alarm_is_taken_and_verified_in_place(officer, county, cast):
    from cloud.cases import alarms

    place = {"district": cast.machine.district, "machine_id": cast.machine.id}
    alarm = county.do(lambda unit: alarms.raise_alarm(unit, "TAMPER", "T1", **place))
    page = officer.get("/").text
    assert f'action="/alarms/{alarm.id}/take"' in page and "@csrf@" not in page
    (token,) = set(re.findall('name="csrf" value="([0-9a-f]{64})"', page))
    answer = officer.client.post(f"/alarms/{alarm.id}/take", data={"csrf": token})
    assert answer.status_code == 303
    page = officer.get("/").text
    assert f'action="/alarms/{alarm.id}/take"' not in page
    assert f'action="/alarms/{alarm.id}/verify"' in page


def test_a_long_list_is_turned_page_by_page(officer, county, cast, monkeypatch):
    monkeypatch.setattr(overview, "PER_PAGE", 2)
    codes = {cast.code} | {county.machine(cast.works).code for _ in range(4)}
    pages = [listed(officer, page=page) for page in (1, 2, 3, 9)]
    assert [len(p["machines"]) for p in pages] == [2, 2, 1, 1]
    assert {m["code"] for p in pages for m in p["machines"]} == codes
    assert pages[3]["page"] == pages[3]["pages"] == 3
    assert 'href="/machines?page=2"' in officer.get("/machines").text


def test_open_alarms_are_counted_where_they_are_seen(browser, cast, officer, county, floor):
    from cloud.cases import alarms

    raised = {"district": cast.machine.district, "machine_id": cast.machine.id}
    county.do(lambda unit: alarms.raise_alarm(unit, "TAMPER", "T1", **raised))
    county.do(lambda unit: alarms.raise_alarm(unit, "BYPASS", "T9", district=""))
    assert status(officer)["numbers"]["alarms"] == 1
    assert status(browser(cast.office))["numbers"]["alarms"] == 2
    assert status(browser(cast.far_officer))["numbers"]["alarms"] == 0
    county.do(lambda unit: alarms.cleared(unit, "TAMPER", "T1"))
    assert status(officer)["numbers"]["alarms"] == 0


def test_numbers_and_a_map_that_take_long_to_count_say_as_of_when_they_are(
    officer, floor, monkeypatch
):
    assert "截至" not in officer.get("/status.part").text
    monkeypatch.setattr("cloud.oversight.kept.Kept.slow", lambda self, key: True)
    figures = officer.client.application.extensions["hanma_figures"]
    figures.chart.get(EVERY)
    monkeypatch.setattr("cloud.oversight.kept.Kept.at_hand", lambda self, key: self.get(key))
    part = officer.get("/status.part")
    assert re.search(r"台数截至 \d\d:\d\d:\d\d。", part.text)
    assert re.fullmatch(r"\d\d:\d\d:\d\d", part.headers["Map-As-Of"])
    officer.post("/language", lang="en")
    assert re.search(r"on-line and working as of \d\d:", officer.get("/status.part").text)

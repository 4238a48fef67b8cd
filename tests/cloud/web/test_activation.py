"""The owner activates a machine that its maker coded (cloud/web/activation.py; CQ art. 7)."""

import random

import pytest

from cloud.base.ids import make_code
from cloud.registry import machines, maker_list

CODE = make_code("990101", random.Random(3))
TOLD = {"name": "新焊机", "district": "990101001", "industry": "industry"}


@pytest.fixture
def listed(county):
    line = {"code": CODE, "device": "HM-990101-000077", "maker": "演示焊机厂", "model": "ZX7"}
    county.do(maker_list.add_many, [line | {"serial": "7", "category": ""}])


def test_the_owner_s_first_scan_leads_to_the_form_and_makes_it_a_machine(
    browser, cast, county, listed
):
    owner = browser(cast.enterprise)
    scan = owner.get(f"/m/{CODE}")
    assert (scan.status_code, scan.location) == (303, f"/activate/{CODE}")
    assert "演示焊机厂 ZX7 7" in owner.get(scan.location).text
    done = owner.post(scan.location, page=scan.location, **TOLD)
    assert (done.status_code, done.location) == (303, f"/m/{CODE}")
    made = county.ask(machines.by_code, CODE)
    assert (made.enterprise_id, made.device) == (cast.works.id, "HM-990101-000077")
    assert owner.get(f"/m/{CODE}").status_code == 200
    again = owner.post(f"/activate/{CODE}", json=True, **TOLD)
    assert (again.status_code, again.json["refusals"][0]["code"]) == (404, "machine-unknown")


def test_a_welder_is_told_that_it_is_not_activated(browser, cast, listed):
    welder = browser(cast.welder)
    answer = welder.get(f"/m/{CODE}", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json["refusals"][0]["code"]) == (404, "not-activated")
    assert welder.get(f"/activate/{CODE}").status_code == 403


@pytest.mark.parametrize(
    "change", [{"name": ""}, {"district": "99"}, {"district": "here"}, {"industry": "farm"}]
)
def test_bad_input_gets_one_clear_sentence(browser, cast, listed, change):
    answer = browser(cast.enterprise).post(f"/activate/{CODE}", json=True, **TOLD | change)
    assert (answer.status_code, answer.json["refusals"][0]["code"]) == (400, "bad-input")


def test_a_terminal_that_sits_elsewhere_by_now_is_not_taken_over(browser, cast, county, listed):
    county.machine(cast.works, device="HM-990101-000077")
    answer = browser(cast.enterprise).post(f"/activate/{CODE}", json=True, **TOLD)
    assert answer.status_code == 400
    assert county.ask(maker_list.waiting, CODE) is not None

"""The office's page of exempt places (cloud/web/exempt.py)."""

import pytest

from cloud.registry import sites

PAGE = "/office/exempt"


def test_the_office_marks_and_takes_back(browser, cast):
    office = browser(cast.office)
    given = {"uscc": cast.works.uscc, "reason": "民爆场所"}
    assert office.post(PAGE, page=PAGE, **given).status_code == 303
    assert "民爆场所" in office.get(PAGE).text
    assert office.post(PAGE, page=PAGE, uscc=cast.works.uscc).status_code == 303
    assert "民爆场所" not in office.get(PAGE).text


def test_at_a_site_the_machines_are_named(browser, cast, county):
    def add(unit):
        return sites.add(unit, enterprise_id=cast.works.id, name="演示库", district="990101").name

    office, site = browser(cast.office), county.do(add)
    given = {"uscc": cast.works.uscc, "site": site, "reason": "涉密场所"}
    assert office.post(PAGE, page=PAGE, json=True, **given).status_code == 400
    code = cast.machine.code
    assert office.post(PAGE, page=PAGE, machines=f" {code}，{code} ", **given).status_code == 303
    assert code in office.get(PAGE).text
    assert office.post(PAGE, page=PAGE, uscc=cast.works.uscc, site=site).status_code == 303
    assert code not in office.get(PAGE).text


@pytest.mark.parametrize(
    "given",
    [
        {"uscc": "wrong"},
        {"uscc": ""},
        {"site": "没有的工地", "machines": "990101000001"},
        {"machines": "没有的焊机"},
        {"reason": "长" * 200},
    ],
)
def test_bad_input_gets_one_clear_sentence(browser, cast, given):
    whole = {"uscc": cast.works.uscc, "reason": "涉密"} | given
    answer = browser(cast.office).post(PAGE, page=PAGE, json=True, **whole)
    assert (answer.status_code, answer.json["refusals"][0]["code"]) == (400, "bad-input")

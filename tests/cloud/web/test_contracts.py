"""The page of contracts and briefings (cloud/web/contracts.py)."""

import io

import pytest

from cloud.registry import contracts
from tests.cloud.statements import statements

PAGE = "/contracts"
WHOLE = {
    "kind": "temporary",
    "starts_on": "2027-01-01",
    "ends_on": "2027-12-31",
    "digest": "0f" * 32,
}


@pytest.fixture
def outsider(county):
    from tests.cloud.web.conftest import PASSWORD

    person = county.person("welder", password=PASSWORD, name="孙演示", login="sun")
    county.certificate(person)
    return person


def test_from_contract_to_confirmed_briefing_without_script(browser, cast, floor, outsider):
    client, welder = browser(cast.enterprise), browser(outsider)
    refused = welder.step(cast.code, "apply", site="车间", work="支架", voucher="1号票")
    assert [one["code"] for one in refused["refusals"]] == ["contract-missing"]
    made = client.post(PAGE, page=PAGE, login="sun", **WHOLE)
    assert (made.status_code, made.location) == (303, PAGE)
    address = client.get(PAGE).text.split('action="/contracts/')[1].split("/")[0]
    early = welder.post(f"{PAGE}/{address}/confirm", page=PAGE)
    assert early.status_code == 400
    told = client.post(f"{PAGE}/{address}/brief", page=PAGE, login="sun", risks="上方有电缆")
    assert told.status_code == 303
    assert "上方有电缆" in welder.get(PAGE).text
    assert welder.post(f"{PAGE}/{address}/confirm", page=PAGE).status_code == 303
    assert "已确认" in client.get(PAGE).text
    assert welder.step(cast.code, "apply", site="车间", work="支架", voucher="1号票")["ok"]


def test_the_document_is_not_kept_only_its_digest(browser, cast, outsider):
    client = browser(cast.enterprise)
    given = {"kind": "labour", "starts_on": "2027-01-01", "ends_on": "2027-12-31", "login": "sun"}
    given |= {"csrf": client.token(PAGE), "file": (io.BytesIO(b"agreement"), "a.pdf")}
    answer = client.client.post(PAGE, data=given, content_type="multipart/form-data")
    assert answer.status_code == 303
    assert "46a81739c6ee" in client.get(PAGE).text


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "loan"},
        {"digest": "short"},
        {"digest": ""},
        {"ends_on": "2026-01-01"},
        {"login": "nobody"},
        {"login": ""},
        {"uscc": "wrong"},
        {"login": "p1"},
    ],
)
def test_a_contract_that_does_not_hold_gets_one_clear_sentence(browser, cast, outsider, change):
    answer = browser(cast.enterprise).post(
        PAGE, page=PAGE, json=True, **{"login": "sun"} | WHOLE | change
    )
    assert answer.status_code == 400
    assert answer.json["refusals"][0]["code"] == "bad-input"


def test_another_enterprise_neither_ends_nor_briefs(browser, county, cast, outsider):
    from tests.cloud.web.conftest import PASSWORD

    theirs = county.person(
        "enterprise", enterprise=county.enterprise("演示二厂"), password=PASSWORD
    )
    assert browser(cast.enterprise).post(PAGE, page=PAGE, login="sun", **WHOLE).status_code == 303
    address = browser(cast.enterprise).get(PAGE).text.split('action="/contracts/')[1].split("/")[0]
    other = browser(theirs)
    assert address not in other.get(PAGE).text
    assert other.post(f"{PAGE}/{address}/end", page=PAGE).status_code == 403
    told = other.post(f"{PAGE}/{address}/brief", page=PAGE, login="sun", risks="无")
    assert told.status_code == 403
    assert other.post(f"{PAGE}/nothing/end", page=PAGE).status_code == 404


def test_every_contract_can_be_reached_page_by_page(browser, county, cast):
    firms = [county.enterprise(f"演示承包{number}") for number in range(51)]
    given = {"client_id": cast.works.id} | WHOLE | {"kind": "project"}
    for firm in firms:
        county.do(contracts.add, contractor_id=firm.id, **given)
    client = browser(cast.enterprise)
    first, second = client.get(PAGE).text, client.get(f"{PAGE}?page=2").text
    assert (first.count("<h2>演示承包"), second.count("<h2>演示承包")) == (50, 1)
    assert "下一页" in first and "下一页" not in second


def test_a_longer_list_asks_the_database_no_more_often(browser, county, cast):
    client = browser(cast.enterprise)

    def asked(more):
        for _ in range(more):
            firm = county.enterprise()
            given = {"client_id": cast.works.id} | WHOLE | {"kind": "project"}
            one = county.do(contracts.add, contractor_id=firm.id, **given)
            welder = county.welder(firm)
            county.do(contracts.brief, one, welder, cast.enterprise, "上方有电缆")
        with statements(county.ground.engine) as seen:
            assert client.get(PAGE).status_code == 200
        return len(seen)

    assert asked(2) == asked(6)


def test_a_welder_with_more_contracts_asks_the_database_no_more_often(browser, county, cast):
    welder = browser(cast.welder)

    def asked(more):
        for _ in range(more):
            given = {"client_id": county.enterprise().id} | WHOLE
            one = county.do(contracts.add, person_id=cast.welder.id, **given)
            county.do(contracts.brief, one, cast.welder, cast.enterprise, "上方有电缆")
        with statements(county.ground.engine) as seen:
            assert welder.get(PAGE).text.count("上方有电缆") >= more
        return len(seen)

    assert asked(2) == asked(6)

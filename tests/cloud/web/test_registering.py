"""Registering oneself and one's certificates, and the office that looks at it."""

import pytest

from cloud.base.breaker import SourceDown
from cloud.base.formats import identity_check
from cloud.registry import certificates, people
from cloud.registry.issuers import Entry

BODY = "99010119900101001"
IDENTITY = BODY + identity_check(BODY)
FORM = {
    "name": "演示甲",
    "identity": IDENTITY,
    "phone": "13800000001",
    "role": "welder",
    "district": "990101001",
    "login": "jia",
    "password": "made-up-password",
}


@pytest.fixture
def office(browser, county):
    return browser(county.person("office", password="made-up-password"))


def waiting(county):
    (person,) = county.ask(people.waiting, 10)
    return person


def test_who_registers_waits_and_signs_in_once_the_office_said_yes(browser, county, office):
    new = browser()
    assert "等待平台审核" in new.post("/register", page="/register", **FORM).text
    person = waiting(county)
    assert new.sign_in(person).status_code == 403
    page = office.get("/office/registrations").text
    assert "演示甲" in page and IDENTITY not in page and "990101********" in page
    answer = office.post(f"/office/registrations/{person.id}", what="approve")
    assert (answer.status_code, answer.location) == (303, "/office/registrations")
    assert new.sign_in(person).status_code == 303
    assert "没有待审核的注册" in office.get("/office/registrations").text


def test_who_is_turned_down_is_told_so_at_the_log_in(browser, county, office):
    new = browser()
    new.post("/register", page="/register", json=True, **FORM)
    person = waiting(county)
    told = office.post(
        f"/office/registrations/{person.id}", json=True, what="refuse", reason="不清"
    )
    assert told.json == {"ok": True, "status": "refused"}
    assert "没有通过审核" in new.sign_in(person).text


def test_turning_down_wants_a_reason_and_a_person(browser, county, office):
    browser().post("/register", page="/register", **FORM)
    person = waiting(county)
    path = "/office/registrations/"
    assert office.post(f"{path}{person.id}", json=True, what="refuse").status_code == 400
    assert office.post(f"{path}nobody", json=True, what="approve").status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"identity": IDENTITY[:-1] + "?"},
        {"identity": ""},
        {"phone": "12"},
        {"role": "office"},
        {"district": "x"},
        {"uscc": "91990101MA0000001Y"},
        {"password": "short"},
        {"role": "enterprise"},
    ],
)
def test_a_wrong_field_is_one_clear_sentence_and_never_quotes_a_number(browser, county, wrong):
    answer = browser().post("/register", page="/register", json=True, **FORM | wrong)
    assert answer.status_code == 400
    words = answer.json["refusals"][0]["words"]
    assert words.endswith("。") and "990101" not in words
    assert county.ask(people.waiting, 10) == []


def test_a_number_that_is_registered_is_not_told_apart_from_a_login(browser, county):
    assert browser().post("/register", page="/register", **FORM).status_code == 200
    again = browser().post("/register", page="/register", json=True, **FORM | {"login": "yi"})
    taken = browser().post("/register", page="/register", json=True, **FORM)
    assert again.json == taken.json


def test_one_address_cannot_register_without_end(browser, county, settings):
    form = FORM | {"phone": "12"}
    codes = [
        browser().post("/register", page="/register", json=True, **form).status_code
        for _ in range(settings.throttle_failures + 1)
    ]
    assert codes == [400] * settings.throttle_failures + [429]


# --- certificates ---------------------------------------------------------------------------

PAPER = {
    "issuer": "emergency",
    "number": "T990101199001010",
    "category": "熔化焊接与热切割作业",
    "valid_from": "2026-01-05",
    "valid_to": "2032-01-04",
    "review_by": "2029-01-04",
}
APPLY = {"site": "演示车间", "work": "焊接支架", "voucher": "1号票"}


@pytest.fixture
def newcomer(browser, county, cast, floor):
    """A welder without any certificate, and a browser."""
    person = county.person("welder", enterprise=cast.works, password="made-up-password")
    return person, browser(person)


def codes(user, cast):
    return [one["code"] for one in user.step(cast.code, "apply", **APPLY)["refusals"]]


def test_a_certificate_that_a_welder_enters_counts_once_the_office_has_seen_it(
    newcomer, county, cast, office
):
    person, user = newcomer
    assert codes(user, cast) == ["certificate-missing"]
    assert user.post("/certificates", **PAPER).location == "/certificates"
    page = user.get("/certificates").text
    assert "待核验" in page and PAPER["number"] not in page
    assert codes(user, cast) == ["certificate-waiting"]
    (held,) = county.ask(certificates.for_person, person.id)
    assert "熔化焊接" in office.get("/office/registrations").text
    assert office.post(f"/office/certificates/{held.id}").status_code == 303
    assert office.post("/office/certificates/nobody").status_code == 404
    assert codes(user, cast) == []
    assert "已核验" in user.get("/certificates").text


@pytest.mark.parametrize(("known", "expected"), [(True, []), (False, ["certificate-unknown"])])
def test_where_the_issuer_can_be_asked_it_decides_at_once(newcomer, cast, ground, known, expected):
    entry = Entry(PAPER["category"], PAPER["valid_from"], PAPER["valid_to"])
    ground.issuers = {"emergency": lambda question: entry if known else None}
    _person, user = newcomer
    user.post("/certificates", **PAPER)
    assert codes(user, cast) == expected


def test_entering_one_while_the_issuer_is_down_is_no_error(newcomer, cast, ground):
    def down(question):
        raise SourceDown("made up")

    ground.issuers = {"emergency": down}
    _person, user = newcomer
    assert user.post("/certificates", **PAPER).status_code == 303
    assert codes(user, cast) == ["certificate-waiting"]


@pytest.mark.parametrize(
    "wrong", [{"number": " "}, {"valid_to": "soon"}, {"valid_to": "2020-01-01"}, {"issuer": "me"}]
)
def test_a_wrong_certificate_is_one_clear_sentence(newcomer, county, wrong):
    person, user = newcomer
    answer = user.post("/certificates", json=True, **PAPER | wrong)
    assert answer.status_code == 400
    assert county.ask(certificates.for_person, person.id) == []


def test_nobody_takes_over_the_certificate_of_another(newcomer, county, cast):
    county.certificate(cast.welder, number=PAPER["number"])
    person, user = newcomer
    assert user.post("/certificates", json=True, **PAPER).status_code == 400
    assert county.ask(certificates.for_person, person.id) == []

"""The pages of the first account and of codes by text message."""

import re
from dataclasses import replace

import pytest

from cloud.cases import first_start
from cloud.web.visitor import SESSION

PHONE = "13800138000"
NEW = {"name": "演示运维员", "login": "boss", "district": "99", "password": "made-up-password"}


@pytest.fixture
def texts(ground):
    texts = []
    ground.text = lambda number, words: texts.append(re.findall("[0-9]{6}", words)[0])
    return texts


def test_the_first_account_goes_on_to_its_second_factor(browser, county, settings):
    path, code = county.do(first_start.link).removeprefix(settings.base_url).split("#")
    user, new = browser(), NEW | {"code": code}
    assert path == "/first" and "第一个账号" in user.get(path).text
    assert user.post(path, page=path, **(new | {"password": "short"})).status_code == 400
    assert user.post(path, page=path, **(new | {"code": "another"})).status_code == 404
    for _ in range(settings.throttle_failures):  # a slip in a field is no guess at the link
        assert user.post(path, page=path, **(new | {"district": "x"})).status_code == 400
    made = user.post(path, page=path, **new)
    assert (made.status_code, made.location) == (303, "/account/factor")
    assert user.get("/").location == "/account/factor"
    assert "<svg" in user.get("/account/factor").text
    assert browser().post(path, page=path, **(new | {"login": "second"})).status_code == 404


def test_codes_of_the_first_start_are_not_found_by_trying(browser, county, ground):
    ground.settings = replace(ground.settings, throttle_failures=3)
    code = county.do(first_start.link).split("#")[1]
    user = browser()
    given = [*("x" * n for n in (1, 2, 3)), code]
    tried = [user.post("/first", page="/first", **NEW, code=one).status_code for one in given]
    assert tried == [404, 404, 404, 429]


def test_a_welder_signs_in_with_a_code_on_two_pages(browser, county, texts):
    county.person("welder", phone=PHONE)
    user = browser()
    asked = user.post("/login/phone", page="/login/phone", phone=PHONE)
    assert "短信已经发出" in asked.text
    wrong = user.post("/login/phone/code", page="/login", phone=PHONE, code="x")
    assert wrong.status_code == 400
    done = user.post("/login/phone/code", page="/login", phone=PHONE, code=texts[-1])
    assert (done.status_code, done.location) == (303, "/")
    assert user.client.get_cookie(SESSION) and user.get("/").status_code == 200


def test_known_and_unknown_numbers_are_answered_word_for_word_alike(browser, county, texts):
    county.person("welder", phone=PHONE, password="made-up-password")
    for path, to in (("/login/phone", "/login/phone/code"), ("/password", "/password/new")):
        user, pages, wrongs = browser(), [], []
        for number in (PHONE, "13900139000"):
            page = user.post(path, page=path, phone=number).text
            pages.append(page.replace(number, "number"))
            wrong = "000000" if texts[-1] != "000000" else "000001"
            given = {"phone": number, "code": wrong, "password": "another-password"}
            answer = user.post(to, page="/login", **given)
            wrongs.append((answer.status_code, answer.text))
        assert pages[0] == pages[1]
        assert wrongs[0] == wrongs[1]
        assert wrongs[0][0] == 401


def test_a_forgotten_password_is_set_anew(browser, county, texts):
    person = county.person("enterprise", phone=PHONE, password="made-up-password")
    user = browser()
    assert "新密码" in user.post("/password", page="/password", phone=PHONE).text
    given = {"phone": PHONE, "code": texts[-1], "password": "another-password"}
    assert user.post("/password/new", page="/login", **given).location == "/login"
    assert user.sign_in(person).status_code == 401
    assert user.sign_in(person, password="another-password").status_code == 303


def test_too_many_are_slowed_down_and_nonsense_is_bad_input(browser, texts, settings):
    user = browser()
    sent = [user.post("/password", page="/password", phone=PHONE) for _ in range(4)]
    assert [one.status_code for one in sent] == [200] * settings.sms_often + [429]
    assert user.post("/password", page="/password", phone="12").status_code == 400

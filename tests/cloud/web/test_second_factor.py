"""Signing in with a second factor, on the page and as a program."""

from cloud.registry import factors
from cloud.registry.people import get


def test_the_page_asks_for_the_code_only_when_it_is_wanted(county, cast, browser):
    nobody = browser()
    assert 'name="code"' not in nobody.get("/login").text
    county.do(lambda unit: factors.begin(unit, get(unit, cast.officer.id)))
    asked = nobody.sign_in(cast.officer)
    assert asked.status_code == 401 and 'name="code"' in asked.text
    wrong = nobody.sign_in(cast.officer, code="wrong!")
    assert wrong.status_code == 401 and "动态码不对" in wrong.text
    told = nobody.sign_in(cast.officer, json=True)
    assert told.json["refusals"][0]["code"] == "second-factor"

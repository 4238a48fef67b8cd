"""The second factor on pages: asked for at sign-in, compulsory for some, made from a QR code."""

import re

import pytest

from cloud.book import audit
from cloud.registry import factors
from cloud.registry.people import get
from simulator import authenticator

SECRET = re.compile(r'id="secret">([A-Z2-7]+)<')


def code(secret, clock, step=0):
    return authenticator.code(secret, clock.now // 30_000 + step)


def begun(user, clock):
    """The person at this browser scans the code and types what the authenticator shows."""
    secret = SECRET.search(user.get("/account/factor").text)[1]
    done = user.post("/account/factor", page="/account/factor", code=code(secret, clock))
    assert done.status_code == 200
    return secret, re.findall("<li>([a-z2-9]{5} [a-z2-9]{5})</li>", done.text)


def test_the_page_asks_for_the_code_only_when_it_is_wanted(county, cast, browser):
    nobody = browser()
    assert 'name="code"' not in nobody.get("/login").text
    county.do(lambda unit: factors.begin(unit, get(unit, cast.officer.id)))
    asked = nobody.sign_in(cast.officer)
    assert asked.status_code == 401 and 'name="code"' in asked.text
    assert f'value="{cast.officer.login}"' in asked.text
    wrong = nobody.sign_in(cast.officer, code="wrong!")
    assert wrong.status_code == 401 and "动态码不对" in wrong.text
    told = nobody.sign_in(cast.officer, json=True)
    assert told.json["refusals"][0]["code"] == "second-factor"


@pytest.mark.parametrize("role", ["officer", "office"])
def test_an_officer_makes_it_at_the_first_sign_in_and_only_then_goes_on(
    cast, browser, clock, role
):
    person, user = getattr(cast, role), browser()
    user.sign_in(person)
    assert user.get("/").location == "/account/factor"
    page = user.get("/account/factor").text
    assert "<svg" in page and "otpauth" not in page
    assert SECRET.search(page)[1] == SECRET.search(user.get("/account/factor").text)[1]
    wrong = user.post("/account/factor", page="/account/factor", code="000000", json=True)
    assert wrong.json["refusals"][0]["code"] == "second-factor-wrong"
    secret, recovery = begun(user, clock)
    assert len(set(recovery)) == factors.RECOVERY_CODES
    assert user.get("/").status_code == 200
    assert SECRET.search(user.get("/account/factor").text) is None
    other = browser()
    assert other.sign_in(person).status_code == 401
    assert other.sign_in(person, code=code(secret, clock)).status_code == 401  # used to begin
    assert other.sign_in(person, code=code(secret, clock, 1)).status_code == 303
    assert other.get("/").status_code == 200


def test_whoever_knew_the_password_alone_is_out_once_the_factor_is_in_force(cast, browser, clock):
    thief, owner = browser(), browser()
    thief.sign_in(cast.officer)
    owner.sign_in(cast.officer)
    before = owner.client.get_cookie("hanma_session").value
    begun(owner, clock)
    assert owner.client.get_cookie("hanma_session").value != before
    assert thief.get("/").location.startswith("/login")


def test_a_recovery_code_is_good_once_in_place_of_a_code(cast, browser, clock):
    user = browser()
    user.sign_in(cast.officer)
    _secret, (first, second, *_) = begun(user, clock)
    assert browser().sign_in(cast.officer, code=first.upper()).status_code == 303
    assert browser().sign_in(cast.officer, code=first).status_code == 401
    assert browser().sign_in(cast.officer, code=second.replace(" ", "")).status_code == 303


def test_it_is_given_up_only_with_one_more_code_and_made_anew(cast, browser, clock):
    user = browser()
    user.sign_in(cast.officer)
    secret, _ = begun(user, clock)
    page = "/account/factor"
    assert user.post(f"{page}/end", page=page, code="000000").status_code == 401
    done = user.post(f"{page}/end", page=page, code=code(secret, clock, 1))
    assert done.location == page and user.get("/").location == page
    assert begun(user, clock)[0] != secret


def test_a_welder_may_have_one_and_need_not(cast, browser, clock):
    user = browser(cast.welder)
    assert user.get("/").status_code == 200
    begun(user, clock)
    assert browser().sign_in(cast.welder).status_code == 401


def test_guesses_at_the_first_code_are_counted(cast, browser, clock, settings):
    user = browser()
    user.sign_in(cast.officer)
    secret = SECRET.search(user.get("/account/factor").text)[1]
    for _ in range(settings.throttle_failures):
        user.post("/account/factor", page="/account/factor", code="wrong!")
    late = user.post("/account/factor", page="/account/factor", code=code(secret, clock))
    assert late.status_code == 401


def test_signing_in_and_being_turned_away_stand_in_the_audit_trail(county, cast, browser, clock):
    user = browser()
    user.sign_in(cast.officer, password="not-the-password")
    user.post("/login", page="/login", login="canary", password="not-the-password")
    user.sign_in(cast.officer)
    begun(user, clock)

    def rows(unit):
        return [(r.district, r.what, r.details) for r in unit.db.query(audit.AuditRow)]

    told = county.ask(rows)
    mine = [(what, details) for district, what, details in told if district == "990101"]
    assert mine == [
        ("sign-in-refused", {"why": "wrong"}),
        ("signed-in", {}),
        ("second-factor-begun", {}),
    ]
    assert ("unknown", "sign-in-refused", {"why": "wrong"}) in told
    assert "canary" not in str(told)

"""Signing in and out at the door of the web edge."""

import pytest

from cloud.web.visitor import SESSION, VISIT, local_path

PASSWORD = "made-up-password"


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ("/", "/"),
        ("/m/X?a=1", "/m/X?a=1"),
        ("", "/"),
        ("m/X", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/\n/evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("///evil.example", "/"),
    ],
)
def test_after_log_in_nobody_is_sent_to_another_site(wanted, given):
    assert local_path(wanted) == given


def test_a_person_signs_in_and_lands_where_they_wanted(browser, cast):
    user = browser()
    answer = user.sign_in(cast.welder, next=f"/m/{cast.code}")
    assert (answer.status_code, answer.location) == (303, f"/m/{cast.code}")
    assert "李**" in user.get("/").text
    assert "李演示" not in user.get("/").text


def test_who_is_signed_in_already_passes_the_log_in_page_by(browser, cast):
    assert browser(cast.welder).get("/login?next=/m/x").location == "/m/x"


def test_a_program_signs_in_with_json(browser, cast):
    answer = browser().sign_in(cast.welder, json=True)
    assert answer.json == {"ok": True, "next": "/"}


def test_a_wrong_password_and_an_unknown_name_read_the_same(browser, cast):
    wrong = browser().sign_in(cast.welder, password="not-the-password")
    unknown = browser().post("/login", page="/login", login="nobody", password="x" * 10)
    assert wrong.status_code == unknown.status_code == 401
    assert "账号或密码不对" in wrong.text
    assert "账号或密码不对" in unknown.text
    assert SESSION not in str(wrong.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize(("status", "words"), [("pending", "审核"), ("blocked", "停用")])
def test_an_account_that_is_not_active_is_told_so(browser, county, status, words):
    person = county.person("welder", password=PASSWORD, status=status)
    answer = browser().sign_in(person)
    assert answer.status_code == 403
    assert words in answer.text


def test_too_many_guesses_are_slowed_down(browser, cast, settings):
    user = browser()
    for _ in range(settings.throttle_failures):
        user.sign_in(cast.welder, password="guess-guess")
    answer = user.sign_in(cast.welder)
    assert answer.status_code == 429
    assert f"{settings.throttle_s // 60} 分钟" in answer.text


def test_log_in_gives_a_fresh_session_and_forgets_the_visitor(browser, cast):
    user = browser()
    user.client.set_cookie(SESSION, "planted-by-somebody-else")
    answer = user.sign_in(cast.welder)
    cookies = answer.headers.getlist("Set-Cookie")
    (session,) = [c for c in cookies if c.startswith(f"{SESSION}=")]
    assert "planted" not in session
    assert {"HttpOnly", "SameSite=Lax"} <= set(session.split("; "))
    assert any(c.startswith(f"{VISIT}=;") for c in cookies)


def test_log_out_ends_the_session_on_the_server(browser, cast):
    user = browser(cast.welder)
    stolen = user.client.get_cookie(SESSION).value
    assert user.post("/logout").location == "/login"
    assert user.client.get_cookie(SESSION) is None
    user.client.set_cookie(SESSION, stolen)
    assert user.get("/").location == "/login?next=/"


def test_a_session_ends_by_itself(browser, cast, clock, settings):
    user = browser(cast.welder)
    clock.forward(settings.session_s)
    assert user.get("/").status_code == 303


def test_passwords_and_names_are_never_logged(browser, cast, caplog):
    caplog.set_level("DEBUG")
    browser().sign_in(cast.welder, password="canary-password")
    browser(cast.welder).get("/")
    assert "canary" not in caplog.text
    assert "演示" not in caplog.text

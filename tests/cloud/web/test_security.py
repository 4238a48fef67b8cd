"""What every answer carries, and what a request must carry to move anything."""

import dataclasses
import logging
import re
from pathlib import Path

import pytest

from cloud.base.unit import Ground
from cloud.web import create_app
from cloud.web.visitor import SESSION, VISIT

PAGES = ["/login", "/", "/m/{code}", "/no-such-page", "/healthz", "/static/hanma.css"]


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_carries_the_protecting_headers(client, cast, path):
    headers = client.get(path.format(code=cast.code), buffered=True).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_pages_are_not_kept_and_files_are(client, cast):
    assert client.get(f"/m/{cast.code}").headers["Cache-Control"] == "no-store"
    assert "max-age" in client.get("/static/hanma.css", buffered=True).headers["Cache-Control"]


def test_over_https_cookies_are_secure_and_http_is_forgotten(ground, cast):
    ground.settings = dataclasses.replace(ground.settings, base_url="https://weld.example")
    answer = create_app(ground).test_client().get("/login")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "Strict-Transport-Security" in answer.headers


def test_no_page_has_script_or_style_inside_or_asks_another_host(browser, floor):
    welder, watch = floor.working()
    pages = [welder, watch, browser(floor.cast.officer), browser()]
    for text in [p.get(f"/m/{floor.code}").text for p in pages] + [pages[2].get("/").text]:
        assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=|javascript:", text)
        assert not re.search(r'(?:src|href|action)="(?!/|#)', text)


@pytest.mark.parametrize("given", [None, "", "0" * 64, "é", "x" * 5000])
@pytest.mark.parametrize("path", ["/login", "/language"])
def test_a_post_without_this_visitors_token_moves_nothing(client, given, path):
    client.get("/login")
    data = {"login": "a", "password": "b" * 9, "lang": "en"} | ({"csrf": given} if given else {})
    answer = client.post(path, data=data)
    assert answer.status_code == 403
    assert "过期" in answer.text
    assert client.get_cookie("lang") is None


def test_another_sessions_token_is_no_good(browser, cast):
    mine, theirs = browser(cast.welder), browser(cast.fire_watch)
    answer = mine.post(f"/m/{cast.code}/speak", json=True, csrf=theirs.token("/"))
    assert answer.status_code == 403
    assert answer.json["refusals"][0]["code"] == "csrf"


def test_the_token_of_before_the_log_in_is_no_good_after_it(browser, cast):
    user = browser()
    before = user.token()
    user.sign_in(cast.welder)
    assert user.post("/logout", csrf=before).status_code == 403


def test_the_token_may_come_as_a_header(browser, cast):
    user = browser(cast.welder)
    headers = {"X-CSRF-Token": user.token("/")}
    assert user.client.post("/logout", headers=headers).status_code == 303


def test_a_made_up_visitor_number_is_replaced(client):
    client.set_cookie(VISIT, "1" * 31 + "\u0131")
    client.get("/login")
    assert re.fullmatch("[0-9a-f]{32}", client.get_cookie(VISIT).value)


@pytest.mark.parametrize("token", ["x", "x" * 4000, "%00", "' OR 1=1 --"])
def test_a_made_up_session_is_nobody(client, token):
    client.set_cookie(SESSION, token)
    assert client.get("/").status_code == 303


def test_a_fault_is_told_plainly_and_logged_without_what_it_said(app, client, cast, caplog):
    name = cast.welder.name
    app.view_functions["accounts.healthz"] = lambda: {}[name]
    with caplog.at_level(logging.ERROR):
        answer = client.get("/healthz")
    assert answer.status_code == 500
    assert "平台出了故障" in answer.text
    assert "Traceback" not in answer.text
    number = re.search("编号 ([0-9a-f]{6})", answer.text)[1]
    assert number in caplog.text
    assert "KeyError" in caplog.text
    assert name not in caplog.text


def test_an_unknown_address_and_a_wrong_method_are_told_plainly(client):
    assert "没有这一页" in client.get("/no-such-page").text
    answer = client.get("/language")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_the_sign_of_life_tells_nothing_else(client):
    assert client.get("/healthz").json == {"ok": True}


def test_without_its_database_every_page_says_so_and_the_log_in_one_line(settings, caplog):
    away = dataclasses.replace(settings, database="postgresql+psycopg://demo@127.0.0.1:1/away")
    ground = Ground.open(away)
    try:
        with caplog.at_level(logging.ERROR):
            client = create_app(ground).test_client()
            client.set_cookie(SESSION, "x")
            answers = [client.get(path) for path in ("/healthz", "/", "/m/1", "/alarms")]
            program = client.get("/", headers={"Accept": "application/json"})
    finally:
        ground.close()
    assert {(one.status_code, one.headers["Retry-After"]) for one in answers} == {(503, "10")}
    assert all("数据库暂时没有回答" in one.text for one in answers)
    assert program.json["refusals"][0]["code"] == "database-away"
    (line,) = caplog.messages
    assert line == "database-away: 1 refused, OperationalError"
    assert not any("127.0.0.1" in one.text for one in answers)


@pytest.mark.sqlite
@pytest.mark.parametrize("other", [False, True])
def test_a_database_file_that_is_gone_or_replaced_is_told_though_it_still_answers(
    client, ground, other
):
    assert client.get("/healthz").status_code == 200
    file = Path(ground.engine.url.database)
    kept = file.rename(file.with_suffix(".kept"))
    if other:
        file.write_bytes(b"")
    try:
        answer = client.get("/healthz")
    finally:
        kept.rename(file)
    assert (answer.status_code, answer.json["database"]) == (503, "gone")
    assert client.get("/healthz").status_code == 200

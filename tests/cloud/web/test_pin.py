"""The PIN on the pages: wanted at ON and at the fire watch's step, set right after signing in."""

import pytest

from cloud.book.audit import AuditRow
from cloud.link.commands import Command
from tests.cloud.web.conftest import CHECKS, PIN

PAGE = "/account/pin"


def codes(answer):
    return [one["code"] for one in answer["refusals"]]


def switches(county):
    return county.ask(lambda unit: unit.db.query(Command).filter_by(name="switch").count())


def put(user, pin, again=None):
    return user.post(PAGE, page=PAGE, pin=pin, again=again or pin)


def test_on_wants_the_pin_and_the_field_goes_while_it_holds(floor):
    welder, _watch = floor.watched()
    page = f"/m/{floor.code}"
    assert 'name="pin"' in welder.get(page).text
    for typed, code in (("", "pin"), ("999990", "pin-wrong")):
        assert codes(welder.step(floor.code, "on", pin=typed)) == [code]
    assert switches(floor.county) == 0
    assert "还可以试 4 次" in welder.get(page).text  # without script as well
    assert welder.step(floor.code, "on")["ok"]
    floor.exchange()
    assert floor.terminal.relay == 1


def test_the_pin_holds_for_five_minutes_on_this_phone(floor, browser):
    welder, _watch = floor.watched()
    welder.step(floor.code, "on")
    floor.exchange()
    floor.terminal.restart()
    floor.up(floor.terminal.login())
    assert welder.state(floor.code)["step"] == "resume"
    assert welder.step(floor.code, "on", pin="")["ok"]  # one press goes on
    floor.exchange()
    assert floor.terminal.relay == 1


def test_the_fire_watch_types_their_own(floor):
    welder, watch = floor.applied(), floor.browser(floor.cast.fire_watch)
    typed = floor.spoken(welder)
    assert 'name="pin"' not in welder.get(f"/m/{floor.code}").text
    assert welder.step(floor.code, "check", code=typed, ticks=CHECKS, ten="1")["ok"]
    watch.picture(floor.code)
    typed = floor.spoken(watch)
    form = {"code": typed, "ticks": ["site", "stay"]}
    assert codes(watch.step(floor.code, "watch", pin="", **form)) == ["pin"]
    assert codes(watch.step(floor.code, "watch", pin="999990", **form)) == ["pin-wrong"]
    assert watch.step(floor.code, "watch", **form)["ok"]  # the spoken code was not used up


def test_guessing_ends_after_five_tries_and_another_one_is_set_after_signing_in(floor):
    welder, _watch = floor.watched()
    for _ in range(4):
        assert codes(welder.step(floor.code, "on", pin="999990")) == ["pin-wrong"]
    assert codes(welder.step(floor.code, "on", pin="999990")) == ["pin-spent"]
    assert codes(welder.step(floor.code, "on", pin=PIN)) == ["pin-spent"]
    assert 'href="/account/pin?next=/m/' in welder.get(f"/m/{floor.code}").text
    floor.county.clock.forward(400)
    assert "重新登录" in welder.get(PAGE).text
    assert welder.post(PAGE, page=PAGE, pin="806231", again="806231").status_code == 403
    out = welder.post("/logout", page=PAGE, next=f"{PAGE}?next=/m/{floor.code}")
    assert out.location.startswith("/login?next=/account/pin")
    welder.sign_in(floor.cast.welder)
    answer = welder.post(PAGE, page=PAGE, pin="806231", again="806231", next=f"/m/{floor.code}")
    assert answer.location == f"/m/{floor.code}"
    assert welder.step(floor.code, "on", pin="")["ok"]  # it was typed just now


@pytest.mark.parametrize(
    ("pin", "again", "words"),
    [
        ("123456", "123456", "太容易猜到"),
        ("806231", "806232", "不一样"),
        ("8062", "8062", "应是 6 位数字"),
    ],
)
def test_a_bad_one_is_told_plainly_and_changes_nothing(browser, cast, pin, again, words):
    user = browser(cast.welder)
    answer = put(user, pin, again)
    assert answer.status_code == 400
    assert words in answer.text


def test_who_has_none_is_led_to_the_page_and_it_stands_in_the_trail(browser, county, cast):
    fresh = county.person("welder", enterprise=cast.works, password="made-up-password")
    user = browser(fresh)
    assert "已设置" not in user.get(PAGE).text
    assert put(user, "８０６２３１").status_code == 303  # as a Chinese keyboard types it
    assert "已设置" in user.get(PAGE).text

    def rows(unit):
        return unit.db.query(AuditRow).filter(AuditRow.what == "pin-set").all()

    assert [(row.actor, row.details) for row in county.ask(rows)] == [(fresh.id, {})]


def test_a_ticket_to_take_along_wants_it_too(floor):
    welder, watch = floor.watched()
    form = {"act": "on", "job": welder.state(floor.code)["job"]}
    assert watch.post(f"/m/{floor.code}/along", json=True, job=form["job"]).json["ok"]
    path = f"/m/{floor.code}/ticket"
    assert codes(welder.post(path, json=True, **form).json) == ["pin"]
    assert codes(welder.post(path, json=True, pin="999990", **form).json) == ["pin-wrong"]
    assert welder.post(path, json=True, pin=PIN, **form).json["ticket"]


def test_the_pin_is_in_no_log_and_no_address(floor, caplog):
    caplog.set_level("DEBUG")
    welder, _watch = floor.watched()
    welder.step(floor.code, "on")
    assert PIN not in caplog.text


# --- an older phone is told ----------------------------------------------------------------------


def test_a_welders_older_phone_is_told_and_has_ended(browser, cast, floor):
    older = browser(cast.welder)
    assert "另一部手机" not in older.get("/").text
    newer = browser(cast.welder)
    page = older.get(f"/m/{cast.code}").text
    assert "您的账号在另一部手机上登录了（" in page and "登录后使用这台焊机" in page
    assert older.get(f"/m/{cast.code}/state").status_code == 401
    assert "另一部手机" not in newer.get("/").text
    assert newer.get("/account/sessions").text.count("本机") == 1
    older.sign_in(cast.welder)
    assert "另一部手机" not in older.get("/").text
    assert "另一部手机" in newer.get("/login").text


def test_anybody_elses_older_phone_is_told_until_its_owner_has_looked(browser, cast):
    older = browser(cast.fire_watch)
    browser(cast.fire_watch)
    assert "另一部手机" in older.get("/").text
    assert older.get("/account/sessions").status_code == 200
    assert "另一部手机" not in older.get("/").text

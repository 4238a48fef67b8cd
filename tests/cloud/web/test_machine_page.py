"""The page of a scanned machine: exactly one thing to do next, for each viewer."""

import random
from dataclasses import replace

import pytest

from cloud.base.ids import make_code
from cloud.registry import labels, machines, maker_list
from cloud.web.welder.words import STEPS


def heading(text):
    return text.split("<h1")[1].split(">", 1)[1].split("</h1>")[0]


def test_a_scan_without_log_in_shows_the_machine_and_the_form(client, cast):
    text = client.get(f"/m/{cast.code}").text
    assert "1号焊机" in text
    assert 'name="password"' in text
    assert f'name="next" value="/m/{cast.code}"' in text


@pytest.mark.parametrize("spoil", [str.lower, lambda c: f"{c[:6]} {c[6:]}", lambda c: f"-{c}-"])
def test_a_code_is_read_as_people_and_cameras_give_it(browser, cast, spoil):
    user = browser(cast.welder)
    assert user.get("/find", query_string={"code": spoil(cast.code)}).location == f"/m/{cast.code}"
    assert user.get(f"/m/{spoil(cast.code)}").status_code == 200


def other_check(code):
    return code[:-1] + ("0" if code[-1] != "0" else "1")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (other_check, "读错了"),
        (lambda c: c[:-1], "14 位"),
        (lambda c: c + "0", "14 位"),
        (lambda c: "x" * 10_000, "14 位"),
        (lambda c: c[:-1] + "U", "没有 I、L、O、U"),
        (lambda c: "焊" * 14, "没有 I、L、O、U"),
        (lambda c: "", "14 位"),
        (lambda c: "\x00" * 14, "没有 I、L、O、U"),
    ],
)
def test_a_misread_code_is_a_404_that_says_so(browser, cast, spoil, words):
    answer = browser(cast.welder).get("/find", query_string={"code": spoil(cast.code)})
    assert answer.status_code == 404
    assert words in answer.text


def test_a_replaced_code_says_so_and_the_fresh_one_opens_the_machine(browser, county, cast):
    with county.ground.write() as unit:
        machine = machines.by_code(unit, cast.code)
        fresh = labels.replace(unit, machine, why="copied", by="office", rng=random.Random(1))
    answer = browser(cast.welder).get(f"/m/{cast.code}")
    assert answer.status_code == 404 and "这张二维码已经更换" in answer.text
    assert browser(cast.welder).get(f"/m/{fresh}").status_code == 200


def test_an_unknown_machine_is_a_404_in_plain_words(browser, county, cast):
    gone = county.machine(cast.works)
    with county.ground.write() as unit:
        unit.db.delete(machines.get(unit, gone.id))
    for user in (browser(), browser(cast.welder)):
        answer = user.get(f"/m/{gone.code}")
        assert answer.status_code == 404
        assert "没有登记这台电焊机" in answer.text


def test_whoever_is_no_regulator_opens_the_start_page_and_may_type_a_code(browser, cast):
    for person in (cast.welder, cast.fire_watch, cast.technician):
        assert "设备码" in browser(person).get("/", follow_redirects=True).text
    manager = browser(cast.enterprise)
    assert manager.get("/").location == "/enterprise"
    assert "设备码" in manager.get("/scan").text


def test_every_step_of_the_room_has_its_words(floor):
    from cloud.work.view import JobView

    named = JobView.__doc__.split("one of")[1].split(". `part`")[0]
    steps = {word.strip() for word in named.replace("\n", " ").split(",")} - {"sign-in"}
    assert steps <= set(STEPS)


def test_each_viewer_sees_their_own_next_step_through_a_whole_job(browser, floor):
    code = floor.code
    officer, other = browser(floor.cast.officer), browser(floor.cast.other_welder)
    watch = browser(floor.cast.fire_watch)

    def seen(*users):
        return [heading(user.get(f"/m/{code}").text) for user in users]

    welder = browser(floor.cast.welder)
    assert seen(welder, watch, officer) == ["申请作业", "现在没有作业", "现在没有作业"]
    welder = floor.applied()
    assert seen(welder, watch, other) == ["检查现场", "等焊工检查现场", "这台焊机有人在用"]
    typed = floor.spoken(welder)
    ticks = ["combustibles", "extinguishers", "briefing", "exits"]
    welder.step(code, "check", code=typed, ticks=ticks, ten="1")
    assert seen(welder, watch, officer) == ["等监护人到现场核验", "核验现场", "准备中"]
    watch.picture(code)
    watch.step(code, "watch", code=floor.spoken(watch), ticks=["site", "stay"])
    assert seen(welder, watch) == ["可以开机", "核验完成，等焊工开机"]
    welder.step(code, "on")
    assert seen(welder, watch) == ["正在等焊机应答", "核验完成，等焊工开机"]
    floor.exchange()
    assert seen(welder, watch, officer, other) == [
        *("作业中", "作业中，请守在现场", "作业中", "这台焊机有人在用")
    ]
    floor.terminal.restart()
    floor.up(floor.terminal.login())
    assert seen(welder, watch, officer) == ["已暂停，焊机已断电"] * 3
    welder.step(code, "off")
    assert seen(welder, watch) == ["收工确认", "收工确认"]
    floor.exchange()
    welder.step(code, "clear", ticks=["power", "site"])
    assert seen(welder, watch) == ["申请作业", "现在没有作业"]


def test_names_of_others_are_masked_on_every_page(browser, floor):
    welder, watch = floor.working()
    mine, theirs = welder.get(f"/m/{floor.code}").text, watch.get(f"/m/{floor.code}").text
    officers = browser(floor.cast.officer).get(f"/m/{floor.code}").text
    assert "李演示" in mine
    assert "赵演示" not in mine + officers
    assert "李演示" not in theirs + officers
    assert "李**" in officers


def test_what_is_written_by_people_is_shown_as_text(browser, cast):
    welder = browser(cast.welder)
    evil = "<script>alert(1)</script>\"'"
    welder.step(cast.code, "apply", site=evil, work=evil)
    text = welder.get(f"/m/{cast.code}").text
    assert "<script>alert" not in text


def test_a_locked_machine_says_so(browser, county, cast):
    county.do(lambda u: machines.set_status(u, machines.get(u, cast.machine.id), "locked"))
    assert "已被锁定" in browser(cast.welder).get(f"/m/{cast.code}").text


def test_waiting_pages_load_themselves_again_without_script(floor):
    welder, _watch = floor.watched()
    reload = '<noscript><meta http-equiv="refresh"'
    assert reload not in welder.get(f"/m/{floor.code}").text
    welder.step(floor.code, "on")
    assert reload in welder.get(f"/m/{floor.code}").text


def test_after_twenty_seconds_without_an_answer_the_page_says_what_to_do(floor):
    welder, _watch = floor.watched()
    floor.terminal.deaf = True
    welder.step(floor.code, "on")
    late = "这一页稍后会让您再按一次"
    hidden = "data-show-at"
    page = welder.get(f"/m/{floor.code}").text
    assert " hidden>" in page.split(hidden)[1].split(late)[0]
    floor.county.clock.forward(21)
    page = welder.get(f"/m/{floor.code}").text
    assert " hidden>" not in page.split(hidden)[1].split(late)[0]
    floor.later(0)
    page = welder.get(f"/m/{floor.code}").text
    assert heading(page) == "可以开机"
    assert "终端没有应答" in page


def test_an_off_that_is_not_confirmed_tells_the_welder_to_pull_the_switch(floor):
    welder, _watch = floor.working()
    floor.terminal.deaf = True
    welder.step(floor.code, "off")
    floor.later(31)
    alarm = welder.get(f"/m/{floor.code}").text.split("请立即拉下电源开关")[0]
    assert " hidden>" not in alarm.split("data-show-at")[1]


# --- the state as JSON --------------------------------------------------------------------------


def test_the_state_has_one_shape(floor):
    welder, _watch = floor.working()
    state = welder.state(floor.code)
    assert state["voucher"] == "1号票"
    assert set(state) == {
        *("machine", "machine_name", "machine_status", "online", "relay", "step", "part", "job"),
        *("state", "site", "work", "voucher", "welder", "fire_watch", "wants_code"),
        "end_reason",
        *(
            "missed",
            "review",
            "cylinder",
            "pictures",
            "wants_picture",
            "wants_pin",
            "pictures_wanted",
        ),
        *("off_confirmed", "profile", "permit", "ticks", "ten_rules", "times", "refusals"),
        *("poll_ms", "contracts", "approval", "extendable", "along", "face", "watches"),
        *("may_hand_over", "offer", "taken_from", "taken_by", "device", "before_on"),
    }
    assert (state["step"], state["state"], state["relay"]) == ("off", "on", 1)


def test_the_state_is_not_sent_again_while_nothing_changes(floor):
    welder, _watch = floor.watched()
    path = f"/m/{floor.code}/state"
    first = welder.get(path)
    tag = {"If-None-Match": first.headers["ETag"]}
    floor.county.clock.forward(3)
    again = welder.get(path, headers=tag)
    assert (again.status_code, again.data) == (304, b"")
    welder.step(floor.code, "on")
    assert welder.get(path, headers=tag).status_code == 200


def test_the_page_carries_the_tag_of_what_it_shows(floor):
    welder, _watch = floor.watched()
    tag = welder.get(f"/m/{floor.code}/state").headers["ETag"]
    assert f"data-etag='{tag}'" in welder.get(f"/m/{floor.code}").text


def test_the_page_asks_every_second_only_while_the_machine_is_to_answer(floor):
    welder, _watch = floor.watched()
    assert welder.state(floor.code)["poll_ms"] == 5000
    assert welder.step(floor.code, "on")["state"]["poll_ms"] == 1000
    floor.exchange()
    assert welder.state(floor.code)["poll_ms"] == 5000
    assert welder.step(floor.code, "off")["state"]["poll_ms"] == 1000
    floor.exchange()
    assert welder.state(floor.code)["poll_ms"] == 5000


def test_the_state_speaks_the_viewers_language(browser, floor):
    welder = floor.applied()
    welder.post("/language", lang="en", next="/")
    assert welder.state(floor.code)["ticks"][1]["words"] == "Fire extinguishers are at hand"


def test_the_time_left_for_a_spoken_code_is_told(floor):
    welder = floor.applied()
    assert "code_until" not in welder.state(floor.code)["times"]
    floor.spoken(welder)
    now = floor.county.clock.now
    assert welder.state(floor.code)["times"]["code_until"] == now + 60_000
    floor.county.clock.forward(60)
    assert "code_until" not in welder.state(floor.code)["times"]


@pytest.mark.parametrize("at", ["/m/{}", "/find?code={}"])
def test_nor_by_trying_with_an_account(browser, cast, ground, at):
    ground.settings = replace(ground.settings, throttle_failures=1)
    welder = browser(cast.welder)
    tried = [welder.get(at.format(f"{number:014}")).status_code for number in range(12)]
    assert tried == [404] * 10 + [429] * 2
    assert welder.get(at.format(cast.code)).status_code == 429
    assert browser(cast.fire_watch).get(at.format(cast.code)).status_code in (200, 303)


def test_a_label_that_was_replaced_or_is_not_activated_is_read_and_no_guess(
    browser, cast, ground, county
):
    ground.settings = replace(ground.settings, throttle_failures=1)
    chance = random.Random(3)
    made = make_code("990101", chance)
    line = {"code": made, "device": "HM-990101-000077", "maker": "演示焊机厂", "model": "ZX7"}
    county.do(maker_list.add_many, [line | {"serial": "7", "category": ""}])
    machine = county.ask(machines.by_code, cast.code)

    def anew(unit):
        labels.replace(unit, unit.db.merge(machine), why="丢失", by="x", rng=chance)

    county.do(anew)
    site = browser()
    tried = {site.get(f"/m/{one}").status_code for one in (made, cast.code) for _ in range(11)}
    assert tried == {404}
    assert site.get(f"/m/{county.ask(machines.get, machine.id).code}").status_code == 200


def test_codes_are_not_found_by_trying_and_who_is_signed_in_goes_on(browser, cast, ground, clock):
    ground.settings = replace(ground.settings, throttle_failures=1)
    stranger, page = browser(), f"/m/{cast.code}"
    tried = [stranger.get(f"/m/{number:014}").status_code for number in range(12)]
    assert tried == [404] * 10 + [429] * 2
    assert stranger.get(page).status_code == 429
    assert browser(cast.welder).get(page).status_code == 200
    clock.forward(ground.settings.throttle_s + 1)
    assert [stranger.get(page).status_code for _ in range(12)] == [200] * 12

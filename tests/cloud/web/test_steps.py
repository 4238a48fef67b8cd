"""Pressing: one form, one act, one answer; refusals are told, nothing happens twice."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from cloud.base.breaker import SourceDown
from cloud.book.audit import AuditRow
from cloud.link.commands import Command
from cloud.web.once import number
from cloud.web.shown import form_time
from cloud.work.job import Job

CHECKS = ["combustibles", "extinguishers", "briefing", "exits"]
APPLY = {"site": "演示车间", "work": "焊接支架", "voucher": "1号票"}


def rows(county, table, *where):
    count = select(func.count()).select_from(table).where(*where)
    return county.ask(lambda unit: unit.db.scalar(count))


def test_a_press_without_script_goes_back_to_the_page(browser, cast, floor):
    welder = browser(cast.welder)
    answer = welder.post(f"/m/{cast.code}/apply", **APPLY)
    assert (answer.status_code, answer.location) == (303, f"/m/{cast.code}")
    assert "检查现场" in welder.get(answer.location).text


def test_a_press_of_the_script_gets_the_new_state(browser, cast, floor):
    answer = browser(cast.welder).step(cast.code, "apply", **APPLY)
    assert answer["refusals"] == []
    assert answer["state"]["step"] == "check"


def test_a_refusal_says_what_is_wrong_what_to_do_and_why(browser, county, cast, floor):
    late = county.person("welder", enterprise=cast.works, password="made-up-password")
    county.certificate(late, valid_to=county.day(-1), review_by="")
    user = browser(late)
    answer = user.step(cast.code, "apply", **APPLY)
    assert not answer["ok"]
    (refusal,) = [one for one in answer["refusals"] if one["code"] == "certificate-expired"]
    assert set(refusal) == {"code", "words", "todo", "source", "status"}
    assert refusal["status"] == "draft"
    text = user.get(f"/m/{cast.code}").text
    assert refusal["words"] in text
    assert refusal["todo"] in text
    assert f'<details><summary>依据</summary><p class="small">{refusal["source"]}' in text
    assert "征求意见稿，尚未生效" in text
    user.post("/language", lang="en", next="/")
    assert "consultation draft" in user.get(f"/m/{cast.code}").text


def test_all_refusals_come_at_once(browser, county, cast):
    nobody = county.person("welder", enterprise=cast.works, password="made-up-password")
    codes = {r["code"] for r in browser(nobody).step(cast.code, "apply", **APPLY)["refusals"]}
    assert {"certificate-missing", "terminal-missing"} <= codes


def test_refusals_are_shown_to_whom_they_were_given(browser, floor):
    welder = floor.applied()
    welder.step(floor.code, "check", code="0000", ticks=CHECKS, ten="1")
    assert "不能继续" in welder.get(f"/m/{floor.code}").text
    assert "不能继续" not in browser(floor.cast.fire_watch).get(f"/m/{floor.code}").text


def test_a_double_click_applies_once(browser, county, cast, floor):
    welder = browser(cast.welder)
    form = APPLY | {"once": number(), "csrf": welder.token("/")}

    def press(_):
        other = welder.client.application.test_client()
        other.set_cookie("hanma_session", welder.client.get_cookie("hanma_session").value)
        return other.post(f"/m/{cast.code}/apply", data=form).status_code

    with ThreadPoolExecutor(4) as many:
        assert set(many.map(press, range(4))) == {303}
    assert rows(county, Job) == 1


def test_a_refused_form_sent_again_is_not_judged_again(browser, county, cast, floor):
    late = county.person("welder", enterprise=cast.works, password="made-up-password")
    user = browser(late)
    once = number()
    first = user.step(cast.code, "apply", once=once, **APPLY)
    second = user.step(cast.code, "apply", once=once, **APPLY)
    assert first["refusals"] == second["refusals"]
    assert rows(county, AuditRow, AuditRow.actor == late.id, AuditRow.what != "signed-in") == 1


def test_a_double_click_on_speak_speaks_once_and_a_fresh_form_again(floor):
    welder = floor.applied()
    once = number()
    for _ in range(2):
        welder.step(floor.code, "speak", once=once)
    floor.exchange()
    assert len(floor.terminal.spoken) == 1
    welder.step(floor.code, "speak", once=number())
    floor.exchange()
    assert len(floor.terminal.spoken) == 2


def test_two_presses_of_on_are_one_command(floor):
    welder, _watch = floor.watched()
    for _ in range(2):
        assert welder.step(floor.code, "on")["ok"]
    assert rows(floor.county, Command, Command.name == "switch") == 1


def test_of_two_welders_at_once_exactly_one_gets_the_machine(browser, county, cast, floor):
    one, two = browser(cast.welder), browser(cast.other_welder)
    forms = [(user, APPLY | {"csrf": user.token("/")}) for user in (one, two)]

    def press(pair):
        user, form = pair
        headers = {"Accept": "application/json"}
        return user.client.post(f"/m/{cast.code}/apply", data=form, headers=headers).status_code

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(press, forms)) == [200, 409]


def test_a_form_left_open_does_not_end_the_next_job(browser, floor):
    welder, watch = floor.working()
    old = welder.state(floor.code)["job"]
    welder.step(floor.code, "off")
    floor.exchange()
    welder.step(floor.code, "clear", ticks=["power", "site"])
    welder.step(floor.code, "apply", **APPLY)
    answer = watch.step(floor.code, "off", job=old)
    assert [one["code"] for one in answer["refusals"]] == ["job-closed"]
    assert welder.state(floor.code)["step"] == "check"


@pytest.mark.parametrize("step", ["speak", "check", "on", "off", "clear", "cancel"])
def test_a_press_without_a_job_is_refused(browser, cast, floor, step):
    answer = browser(cast.welder).step(cast.code, step)
    assert [one["code"] for one in answer["refusals"]] == ["wrong-step"]


def test_a_step_out_of_order_is_refused(floor):
    welder = floor.applied()
    codes = {one["code"] for one in welder.step(floor.code, "on")["refusals"]}
    assert {"checklist", "fire-watch-missing"} <= codes
    floor.exchange()
    assert floor.terminal.relay == 0


def test_missing_ticks_are_refused_by_the_rule_not_by_the_form(floor):
    welder = floor.applied()
    typed = floor.spoken(welder)
    answer = welder.step(floor.code, "check", code=typed, ticks=CHECKS[:2])
    assert {one["code"] for one in answer["refusals"]} == {"checklist", "ten-rules"}


def test_the_welder_cannot_be_the_fire_watch_too(browser, county, floor):
    both = county.person(
        "welder", "fire_watch", enterprise=floor.cast.works, password="made-up-password"
    )
    county.certificate(both)
    floor.cast.welder = both
    welder = floor.applied()
    typed = floor.spoken(welder)
    welder.step(floor.code, "check", code=typed, ticks=CHECKS, ten="1")
    assert welder.state(floor.code)["step"] == "wait-watch"
    answer = welder.step(floor.code, "watch", code="0000", ticks=["site", "stay"])
    assert "fire-watch-same-person" in {one["code"] for one in answer["refusals"]}


def test_an_officer_gives_a_reason_for_off_and_never_presses_on(browser, floor):
    welder, _watch = floor.working()
    officer = browser(floor.cast.officer)
    assert officer.post(f"/m/{floor.code}/on", json=True).status_code == 403
    assert officer.post(f"/m/{floor.code}/off", json=True).status_code == 400
    assert officer.step(floor.code, "off", reason="现场无人监护")["ok"]
    floor.exchange()
    assert floor.terminal.relay == 0
    assert welder.state(floor.code)["step"] == "clear"
    assert "停止原因：现场无人监护" in welder.get(f"/m/{floor.code}").text


def test_another_welder_cannot_switch_a_job_off(browser, floor):
    floor.working()
    answer = browser(floor.cast.other_welder).step(floor.code, "off")
    assert [one["code"] for one in answer["refusals"]] == ["not-your-job"]


def test_the_fire_watch_stops_the_job(floor):
    welder, watch = floor.working()
    assert watch.step(floor.code, "off")["ok"]
    assert "监护人停止了作业" in welder.get(f"/m/{floor.code}").text
    floor.exchange()
    assert floor.terminal.relay == 0


def test_the_fire_watch_may_close_the_site_as_well(floor):
    _welder, watch = floor.working()
    watch.step(floor.code, "off")
    floor.exchange()
    assert watch.state(floor.code)["step"] == "clear"
    assert watch.step(floor.code, "clear", ticks=["power", "site"])["ok"]


def test_a_job_is_given_up_before_it_began(floor):
    welder = floor.applied()
    assert welder.step(floor.code, "cancel")["state"]["step"] == "apply"


def test_without_script_the_ticks_survive_the_spoken_code(floor):
    welder = floor.applied()
    welder.post(f"/m/{floor.code}/speak", ticks=CHECKS[:2], ten="1")
    text = welder.get(f"/m/{floor.code}").text
    ticked = [tick for tick in CHECKS if f'value="{tick}" required checked' in text]
    assert ticked == CHECKS[:2]
    assert 'name="ten" value="1" required checked' in text


def test_ticks_before_the_code_confirm_nothing(floor):
    welder = floor.applied()
    welder.step(floor.code, "speak", ticks=CHECKS, ten="1")
    floor.exchange()
    assert rows(floor.county, Job, Job.ten_rules_read) == 0


def test_a_register_that_is_down_is_a_refusal_and_never_an_error_page(
    browser, county, cast, floor, ground
):
    def down(question):
        raise SourceDown("made up")

    ground.issuers = {"emergency": down}
    welder = browser(cast.welder)
    answer = welder.step(cast.code, "apply", **APPLY)
    assert [one["code"] for one in answer["refusals"]] == ["certificate-unchecked"]
    assert answer["refusals"][0]["words"] in welder.get(f"/m/{cast.code}").text
    ground.issuers = {}
    assert welder.step(cast.code, "apply", **APPLY)["ok"]


def test_the_fire_watch_checks_in_by_one_press(floor):
    _welder, watch = floor.working()
    page = watch.get(f"/m/{floor.code}").text
    assert "签到：我在现场" in page and f'action="/m/{floor.code}/check-in"' in page
    assert watch.post(f"/m/{floor.code}/check-in").status_code == 303
    assert watch.post(f"/m/{floor.code}/check-in", job="0" * 32, json=True).status_code == 409
    floor.later(3600)
    assert "没有按时签到" in watch.get(f"/m/{floor.code}").text
    assert watch.step(floor.code, "check-in")["state"]["missed"] == 0


def test_the_planned_time_is_asked_for_and_shown(browser, county, cast, floor):
    welder, now = browser(cast.welder), county.clock.now
    asked = {"site": "演示车间", "work": "焊接支架", "voucher": "1号票"}
    page = welder.get(f"/m/{cast.code}").text
    assert 'name="from"' in page and "最多提前 2 小时申请" in page
    wrong = welder.post(f"/m/{cast.code}/apply", **asked, **{"from": "morgen"})
    assert wrong.status_code == 400 and "“计划开始”不对。" in wrong.text
    late = welder.step(cast.code, "apply", **asked, **{"from": form_time(now + 3 * 3_600_000)})
    assert [one["code"] for one in late["refusals"]] == ["planned-time"]
    good = {"from": form_time(now + 3_600_000), "until": form_time(now + 7_200_000)}
    state = welder.step(cast.code, "apply", **asked, **good)["state"]
    assert 0 <= now + 3_600_000 - state["times"]["planned_from"] < 60_000
    assert "计划时间" in welder.get("/jobs").text
    assert "计划时间" in browser(cast.officer).get(f"/m/{cast.code}/card").text
    assert "计划时间" in browser(cast.enterprise).get("/enterprise/jobs").text

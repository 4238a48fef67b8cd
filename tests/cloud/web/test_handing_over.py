"""A job changes hands on two welders' phones (cloud/web/welder/steps.py: hand-over, take-over)."""

import pytest

from tests.cloud.web.conftest import CHECKS


def handed_over(floor, cast):
    """(first's browser, fire watch's, second's) after the first gave the job away."""
    welder, watch = floor.working()
    assert welder.step(cast.code, "hand-over", job=welder.state(cast.code)["job"])["ok"]
    floor.exchange()
    return welder, watch, floor.browser(cast.other_welder)


def test_a_job_is_handed_over_from_phone_to_phone(floor, cast):
    welder, watch, second = handed_over(floor, cast)
    assert floor.terminal.relay == 0
    assert "等另一位焊工扫码接手" in welder.get(f"/m/{cast.code}").text
    assert "等另一位焊工扫码接手" in watch.get(f"/m/{cast.code}").text
    offer = second.state(cast.code)["offer"]
    page = second.get(f"/m/{cast.code}").text
    assert "李** 交出了这台焊机上的作业" in page and "演示车间" in page
    assert second.step(cast.code, "take-over", before=offer["job"])["ok"]
    assert "接手自" in second.get(f"/m/{cast.code}").text
    assert second.picture(cast.code).status_code == 200
    typed = floor.spoken(second)
    assert second.step(cast.code, "check", code=typed, ticks=CHECKS, ten="1")["ok"]
    assert watch.picture(cast.code).status_code == 200
    typed = floor.spoken(watch)
    assert watch.step(cast.code, "watch", code=typed, ticks=["site", "stay"])["ok"]
    assert second.step(cast.code, "on")["ok"]
    floor.exchange()
    assert floor.terminal.relay == 1
    text = welder.get("/jobs").text
    assert "交给" in text and "王**" in text and "已收工" in text
    assert "接手自" in second.get("/jobs").text
    boss, officer = floor.browser(cast.enterprise), floor.browser(cast.officer)
    assert f"接手自 {cast.welder.name}" in boss.get("/enterprise/jobs").text
    card = officer.get(f"/m/{cast.code}/card").text
    assert "接手自 李**" in card and "交给 王**" in card


def test_the_first_page_offers_it_only_to_the_welder_of_a_running_job(floor, cast):
    welder, watch = floor.watched()
    assert "断电并交接" not in welder.get(f"/m/{cast.code}").text
    welder.step(cast.code, "on")
    floor.exchange()
    assert "断电并交接" in welder.get(f"/m/{cast.code}").text
    assert "断电并交接" not in watch.get(f"/m/{cast.code}").text


def test_what_is_offered_may_be_left_and_another_job_applied_for(floor, cast):
    _welder, _watch, second = handed_over(floor, cast)
    answer = second.step(cast.code, "apply", site="别处", work="别的", voucher="9号票")
    assert answer["ok"] and answer["state"]["taken_from"] == ""


def test_an_old_page_takes_nothing_over(floor, cast):
    welder, _watch, second = handed_over(floor, cast)
    offer = second.state(cast.code)["offer"]
    assert welder.step(cast.code, "clear", ticks=["power", "site"])["ok"]
    answer = second.step(cast.code, "take-over", before=offer["job"])
    assert [one["code"] for one in answer["refusals"]] == ["handover-over"]
    assert answer["state"]["offer"] is None


@pytest.mark.parametrize("before", ["", "x" * 40])
def test_a_form_without_the_job_is_told_so(floor, cast, before):
    _welder, _watch, second = handed_over(floor, cast)
    path = f"/m/{cast.code}/take-over"
    assert second.post(path, json=True, before=before).status_code == 400

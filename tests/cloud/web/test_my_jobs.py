"""My jobs (cloud/web/welder/my_jobs.py)."""

import pytest

from cloud.work import opening
from tests.cloud.statements import statements
from tests.cloud.web.conftest import PASSWORD

PAGE = "/jobs"


def test_whoever_has_none_is_told_how_to_begin(browser, cast):
    assert "还没有作业" in browser(cast.other_welder).get(PAGE).text


def test_a_job_stands_with_its_end_and_what_is_still_to_be_done(browser, cast, floor):
    welder, watch = floor.working()
    assert "现在：作业中" in welder.get(PAGE).text
    assert "现在：作业中，请守在现场" in watch.get(PAGE).text
    watch.step(cast.code, "off")
    text = welder.get(PAGE).text
    assert "监护人停止了作业" in text and "还没有收工确认" in text
    assert "焊机没有确认断电" in text
    floor.exchange()
    assert "焊机没有确认断电" not in welder.get(PAGE).text


def test_the_site_is_cleared_here_though_somebody_else_works_at_the_machine(
    browser, county, cast, floor
):
    welder, _watch = floor.working()
    job = welder.state(cast.code)["job"]
    welder.step(cast.code, "off")
    floor.exchange()
    other = browser(cast.other_welder)
    assert other.step(cast.code, "apply", site="一", work="二", voucher="2号票")["ok"]
    path = f"{PAGE}/{job}/clear"
    part = welder.post(path, page=PAGE, json=True, ticks=["power"])
    assert (part.status_code, part.json["refusals"][0]["code"]) == (422, "clear-checklist")
    assert welder.post(path, page=PAGE, ticks=["power", "site"]).location == PAGE
    assert "已收工" in welder.get(PAGE).text
    assert other.post(path, page=PAGE, ticks=["power", "site"]).status_code == 403
    assert welder.post(f"{PAGE}/0/clear", page=PAGE, ticks=["power"]).status_code == 404
    assert welder.post(path, page=PAGE, ticks=["other"]).status_code == 400


@pytest.mark.parametrize(
    ("days", "told"), [(-1, "不能再开机"), (0, "还有 0 天"), (7, "还有 7 天"), (90, "还有 90 天")]
)
def test_a_welder_reads_that_the_certificate_ends(browser, county, cast, days, told):
    welder = county.person("welder", enterprise=cast.works, password=PASSWORD)
    county.certificate(welder, valid_to=county.day(days), review_by="")
    user = browser(welder)
    assert told in user.get(PAGE).text and told in user.get("/certificates").text
    far = browser(cast.other_welder)
    assert "到期或应复审" not in far.get(PAGE).text + far.get("/certificates").text


def test_a_refused_try_says_why(browser, county, cast, floor):
    bare = county.person("welder", enterprise=cast.works, password=PASSWORD)
    user = browser(bare)
    user.step(cast.code, "apply", site="车间", work="支架", voucher="1号票")
    text = user.get(PAGE).text
    assert "被拒" in text and "未通过" in text


def test_a_longer_list_asks_the_database_no_more_often(browser, county, cast):
    bare = county.person("welder", enterprise=cast.works, password=PASSWORD)
    user = browser(bare)

    def asked(more):
        for _ in range(more):
            machine = county.machine(cast.works)
            county.do(lambda u, at=machine: opening.apply(u, bare, at, "车间", "支架", "1号票"))
        with statements(county.ground.engine) as seen:
            assert user.get(PAGE).text.count("车间") >= more
        return len(seen)

    assert asked(2) == asked(6)

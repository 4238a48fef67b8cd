"""The fire watch checks in while the machine works (cloud/work/checkins.py)."""

from typing import Any

import pytest

from cloud.work import jobs, profiles

HOUR_S = 3600


def check_in(site: Any, job: Any, person: Any = None) -> Any:
    return site.county.do(jobs.check_in, job, person or site.fire_watch)


def away(site: Any) -> int:
    return len(site.events("watch-away"))


def test_who_checks_in_every_hour_is_asked_nothing(site: Any) -> None:
    job = site.working()
    spoken = len(site.terminal.spoken)
    for _ in range(3):
        site.later(HOUR_S - 1)
        assert check_in(site, job).missed == 0
    site.exchange()
    assert (len(site.terminal.spoken), away(site)) == (spoken, 0)


def test_a_late_check_in_is_asked_for_aloud_and_the_second_is_told(site: Any) -> None:
    job = site.working()
    site.later(HOUR_S)
    site.exchange()
    assert site.terminal.spoken[-1] == "请监护人在手机上签到。"
    assert (site.job(job).missed, away(site)) == (1, 0)
    site.later(HOUR_S)
    assert (site.job(job).missed, away(site), site.state(job)) == (2, 1, "on")
    site.later(HOUR_S)
    assert away(site) == 1
    assert site.view(site.fire_watch).missed == 2
    assert check_in(site, job).missed == 0
    assert len(site.events("watch-back")) == 1
    site.later(HOUR_S)
    assert site.job(job).missed == 1


def test_a_check_in_between_two_misses_ends_the_row(site: Any) -> None:
    job = site.working()
    for _ in range(3):
        site.later(HOUR_S)
        assert site.job(job).missed == 1
        check_in(site, job)
    assert (away(site), len(site.events("watch-back"))) == (0, 0)


def test_only_the_fire_watch_of_the_job_checks_in_and_only_while_it_is_on(site: Any) -> None:
    job = site.watched()
    assert check_in(site, job).codes == ["wrong-step"]
    site.on(job)
    site.exchange()
    assert check_in(site, job, site.welder).codes == ["not-your-job"]
    assert check_in(site, job, site.county.fire_watch(site.enterprise)).codes == ["not-your-job"]
    site.off(job)
    assert check_in(site, job).codes == ["job-closed"]


def test_while_it_is_paused_nobody_need_check_in_and_the_hour_begins_again(site: Any) -> None:
    job = site.working()
    site.later(HOUR_S - 100)
    site.terminal.restart()
    site.login()
    assert site.state(job) == "paused"
    site.later(200)
    assert site.job(job).missed == 0
    site.on(job)
    site.exchange()
    site.later(HOUR_S - 1)
    assert site.job(job).missed == 0


def test_the_page_says_by_when(site: Any) -> None:
    site.working()
    assert site.view(site.fire_watch).times["check_in_until"] == site.clock.now + HOUR_S * 1000


@pytest.mark.parametrize(
    ("profile", "minutes"),
    [("chongqing", 60), ("dalad", 60), ("wuyi", 0), ("wuyi@key-zone", 60), ("wuyi@exempt", 0)],
)
def test_how_often_is_a_matter_of_the_profile(profile: str, minutes: int) -> None:
    held = profiles.load(profile)
    assert held.check_in_min == minutes


@pytest.mark.parametrize("profile", profiles.names())
def test_where_work_is_only_counted_no_picture_and_no_check_in_is_asked_for(profile: str) -> None:
    held = profiles.load(f"{profile}@exempt")
    assert (held.site_pictures, held.joint_photo, held.check_in_min) == (0, False, 0)
    assert not held.asks_check

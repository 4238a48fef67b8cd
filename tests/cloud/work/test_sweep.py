"""What happens by itself when its time has come (cloud/work/sweep.py)."""

from typing import Any

import pytest

from cloud.work import jobs


def test_a_watched_job_that_is_not_begun_goes_back_and_frees_the_fire_watch(site: Any) -> None:
    job = site.watched()
    site.later(599)
    assert site.state(job) == "watched"
    site.later(1)
    job = site.job(job)
    assert (job.state, job.fire_watch_id, job.watched_at) == ("checked", None, None)
    assert not job.fire_watch_present
    assert site.on(job).codes == ["fire-watch-missing"]
    site.watch(job)
    site.on(job)
    site.exchange()
    assert site.state(job) == "on"


def test_an_on_under_way_keeps_the_fire_watchs_word_alive(site: Any) -> None:
    job = site.watched()
    site.clock.forward(595)
    site.beat()
    site.on(job)
    answers = site.down()
    site.clock.forward(10)
    site.sweep()
    assert site.state(job) == "watched"
    site.up(answers[-1])
    site.deliver()
    assert site.state(job) == "on"


@pytest.mark.parametrize("step", ["apply", "checked"])
def test_a_job_never_begun_expires_after_two_hours(site: Any, step: str) -> None:
    job = getattr(site, step)()
    site.later(7199)
    assert site.state(job) == job.state
    site.later(1)
    assert site.state(job) == "expired"
    assert site.apply().id != job.id


def test_a_lease_that_is_over_ends_the_job_and_switches_off(site: Any) -> None:
    job = site.working()
    site.terminal.deaf = False
    site.clock.forward(43_200)
    site.sweep()
    assert (site.state(job), site.job(job).end_reason) == ("ended", "lease")
    site.exchange()
    assert site.terminal.relay == 0


def test_a_pause_longer_than_half_an_hour_is_an_end(site: Any) -> None:
    job = site.working()
    site.terminal.restart()
    site.login()
    site.later(1799)
    assert site.state(job) == "paused"
    site.later(1)
    assert (site.state(job), site.job(job).end_reason) == ("ended", "not-resumed")
    assert site.on(job).codes == ["job-closed"]


def test_an_off_that_is_not_confirmed_in_thirty_seconds_is_told_once(site: Any) -> None:
    job = site.working()
    site.off(job)
    site.leaving()
    site.later(29, beating=False)
    assert site.events("off-unconfirmed") == []
    for _ in range(3):
        site.later(1, beating=False)
    told = site.events("off-unconfirmed")
    assert [(one.subject, one.details["machine"]) for one in told] == [(job.id, site.machine.id)]
    assert site.audit().count("off-unconfirmed") == 1


def test_an_off_that_is_confirmed_in_time_alarms_nobody(site: Any) -> None:
    job = site.working()
    site.off(job)
    site.exchange()
    site.later(60)
    assert site.events("off-unconfirmed") == []
    assert site.job(job).off_alarm_at is None


def test_an_off_unconfirmed_is_told_even_if_the_site_was_cleared_meanwhile(site: Any) -> None:
    job = site.working()
    site.off(job)
    site.leaving()
    site.clear(job)
    site.later(30, beating=False)
    assert [one.subject for one in site.events("off-unconfirmed")] == [job.id]


def test_a_site_not_cleared_in_thirty_minutes_is_told_once(site: Any) -> None:
    job = site.working()
    site.off(job)
    site.exchange()
    site.later(1799)
    assert site.events("not-cleared") == []
    for _ in range(3):
        site.later(1)
    assert [one.subject for one in site.events("not-cleared")] == [job.id]
    assert site.clear(job).state == "cleared"


def test_a_cleared_site_alarms_nobody(site: Any) -> None:
    job = site.working()
    site.off(job)
    site.exchange()
    site.clear(job)
    site.later(3600)
    assert site.events("not-cleared", "off-unconfirmed") == []
    assert site.job(job).due_at is None


def test_an_on_about_which_no_word_ever_came_can_be_pressed_again(site: Any) -> None:
    job = site.on(site.watched())
    site.leaving()
    site.clock.forward(40)
    site.county.do(jobs.sweep)
    assert site.job(job).asked_on_at is None
    assert site.job(job).refusals == ["terminal-timeout"]


def test_two_sweepers_do_everything_once(site: Any) -> None:
    job = site.working()
    site.off(job)
    site.leaving()
    site.clock.forward(31)
    for _ in range(2):
        site.county.do(jobs.sweep)
    assert site.audit().count("off-unconfirmed") == 1
    assert site.job(job).off_alarm_at == site.clock.now


def test_nothing_is_due_when_nothing_is_open(site: Any) -> None:
    assert site.county.do(jobs.sweep) == 0

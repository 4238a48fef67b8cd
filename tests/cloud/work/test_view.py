"""What a page shows to whom (cloud/work/view.py)."""

from dataclasses import replace
from typing import Any

import pytest

from cloud.work import jobs


def steps(site: Any) -> tuple[str, ...]:
    """What welder, fire watch, another welder and somebody not signed in see."""
    other = site.county.person("welder")
    viewers = (site.welder, site.fire_watch, other, None)
    return tuple(site.view(viewer).step for viewer in viewers)


def test_each_sees_at_each_step_what_is_theirs_to_do(site: Any) -> None:
    assert steps(site) == ("apply", "look", "apply", "sign-in")
    job = site.apply()
    assert steps(site) == ("check", "wait-check", "busy", "sign-in")
    site.check(job)
    assert steps(site) == ("wait-watch", "watch", "busy", "sign-in")
    site.watch(job)
    assert steps(site) == ("on", "wait-on", "busy", "sign-in")
    site.on(job)
    assert steps(site) == ("asked", "wait-on", "busy", "sign-in")
    site.exchange()
    assert steps(site) == ("off", "stop", "busy", "sign-in")
    site.terminal.restart()
    site.login()
    assert steps(site) == ("resume", "stop", "busy", "sign-in")
    site.off(job)
    assert steps(site) == ("clear", "clear", "apply", "sign-in")
    site.clear(job)
    assert steps(site) == ("apply", "look", "apply", "sign-in")


def test_names_of_others_are_masked(site: Any) -> None:
    site.watched()
    mine, theirs = site.view(site.welder), site.view(site.fire_watch)
    assert (mine.welder, theirs.fire_watch) == (site.welder.name, site.fire_watch.name)
    assert "*" in mine.fire_watch
    assert "*" in theirs.welder
    assert "*" in site.view(None).welder


def test_a_code_is_wanted_from_whom_it_is_wanted(site: Any) -> None:
    job = site.apply()
    assert site.view(site.welder).wants_code
    assert not site.view(site.fire_watch).wants_code
    site.check(job)
    assert not site.view(site.welder).wants_code
    assert site.view(site.fire_watch).wants_code


def test_times_are_told_as_far_as_they_are_known(site: Any) -> None:
    site.watched()
    times = site.view(site.welder).times
    assert times["watch_until"] == times["watched_at"] + 600_000
    assert "on_at" not in times
    assert "lease_until" not in times


def test_the_refusals_of_the_last_try_are_shown_to_whom_they_concern(site: Any) -> None:
    job = site.apply()
    site.check(job, "0000")
    assert site.view(site.welder).refusals.codes == ["presence-expired"]
    assert site.view(site.fire_watch).refusals == []
    site.check(job)
    assert site.view(site.welder).refusals == []


def test_a_refused_scan_is_shown_with_its_words_and_the_way_to_try_again(site: Any) -> None:
    welder = site.county.welder(site.enterprise, valid_to=site.county.day(-1), review_by="")
    refused = site.apply(welder)
    shown = site.view(welder)
    assert (shown.step, shown.state) == ("apply", "refused")
    assert shown.refusals == refused
    site.clock.forward(1800)
    assert site.view(welder).refusals == []


def test_the_machine_is_shown_as_it_is(site: Any) -> None:
    shown = site.view(site.welder)
    assert (shown.machine, shown.online, shown.relay) == (site.machine.code, True, 0)
    site.up(site.terminal.leave())
    assert not site.view(site.welder).online


def test_looking_changes_nothing(site: Any) -> None:
    site.watched()
    before = site.audit()
    for _ in range(3):
        site.view(site.welder)
    assert site.audit() == before


def test_where_nothing_is_asked_for_the_first_step_is_on(site: Any) -> None:
    ground = site.county.ground
    ground.settings = replace(ground.settings, profile="wuyi")
    site.apply()
    assert site.view(site.welder).step == "on"


@pytest.mark.parametrize("who", ["welder", "fire_watch"])
def test_an_ended_job_waits_for_its_clearing_however_long(site: Any, who: str) -> None:
    job = site.working()
    site.off(job)
    site.clock.forward(86_400)
    assert site.view(getattr(site, who)).step == "clear"
    assert isinstance(job, jobs.Job)

"""The check and the fire watch (cloud/work/preparing.py)."""

from typing import Any

import pytest

from cloud.registry import people
from cloud.work import jobs

ALL = {"combustibles", "extinguishers", "briefing", "exits", "site", "stay"}


# --- check --------------------------------------------------------------------------------------


def test_a_complete_check_moves_the_job(site: Any) -> None:
    job = site.checked()
    assert (job.state, job.welder_present, job.ten_rules_read) == ("checked", True, True)
    assert job.ticks == ["briefing", "combustibles", "exits", "extinguishers"]


def test_a_tick_that_no_list_knows_is_not_kept(site: Any) -> None:
    job = site.check(site.apply(), ticks=ALL | {"<script>"})
    assert "<script>" not in job.ticks


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ({"ticks": ALL - {"combustibles"}}, ["checklist"]),
        ({"ten_rules_read": False}, ["ten-rules"]),
        ({"ticks": set(), "ten_rules_read": False}, ["checklist", "ten-rules"]),
    ],
)
def test_an_incomplete_check_is_refused_and_costs_no_try_at_the_code(
    site: Any, given: dict, codes: list[str]
) -> None:
    job = site.apply()
    code = site.code(job, site.welder)
    assert site.check(job, code, **given).codes == codes
    assert site.state(job) == "permitted"
    assert site.check(job, code).state == "checked"


def test_a_wrong_code_is_refused(site: Any) -> None:
    job = site.apply()
    code = site.code(job, site.welder)
    wrong = f"{(int(code) + 1) % 10_000:04}"
    assert site.check(job, wrong).codes == ["presence-wrong"]
    assert site.check(job, code).state == "checked"


def test_without_a_spoken_code_there_is_no_check(site: Any) -> None:
    assert site.check(site.apply(), "0000").codes == ["presence-expired"]


def test_somebody_elses_job_is_not_checked(site: Any) -> None:
    job = site.apply()
    other = site.county.welder(site.enterprise)
    refused = site.county.do(jobs.check, job, other, "0000", ALL, True)
    assert refused.codes == ["not-your-job"]


def test_a_check_done_again_changes_nothing(site: Any) -> None:
    job = site.checked()
    before = site.audit()
    site.clock.forward(5)
    assert site.check(job, "").checked_at == job.checked_at
    assert site.audit() == before


def test_a_closed_job_is_not_checked(site: Any) -> None:
    job = site.apply()
    site.county.do(jobs.cancel, job, site.welder)
    assert site.check(job, "").codes == ["job-closed"]


# --- watch --------------------------------------------------------------------------------------


def test_the_fire_watch_confirms_on_site(site: Any) -> None:
    job = site.watched()
    assert (job.state, job.fire_watch_id) == ("watched", site.fire_watch.id)
    assert job.watch_ticks == ["site", "stay"]
    assert job.fire_watch_present


def refused_watch(site: Any, job: Any, person: Any, ticks: set[str] = frozenset(ALL)) -> list[str]:
    codes = site.county.do(jobs.watch, job, person, "0000", ticks, site.proof).codes
    assert "joint-photo" in codes
    return [code for code in codes if code != "joint-photo"]


def test_the_welder_is_not_the_fire_watch(site: Any) -> None:
    both = site.county.person("welder", "fire_watch", enterprise=site.enterprise)
    site.county.certificate(both)
    site.welder = both
    job = site.checked()
    assert refused_watch(site, job, both) == ["fire-watch-same-person"]


def test_the_same_phone_is_the_same_person(site: Any) -> None:
    phone = "13800000001"
    site.welder = site.county.person("welder", enterprise=site.enterprise, phone=phone)
    site.county.certificate(site.welder)
    second = site.county.person("fire_watch", enterprise=site.enterprise, phone=phone)
    assert refused_watch(site, site.checked(), second) == ["fire-watch-same-person"]


@pytest.mark.parametrize(
    ("who", "code"),
    [
        ("no role", "fire-watch-role"),
        ("blocked", "fire-watch-inactive"),
        ("other enterprise", "fire-watch-enterprise"),
        ("no enterprise", "fire-watch-enterprise"),
        ("welds elsewhere", "fire-watch-busy"),
        ("watches elsewhere", "fire-watch-busy"),
    ],
)
def test_who_may_not_watch(site: Any, other_site: Any, who: str, code: str) -> None:
    county, firm = site.county, site.enterprise
    job = site.checked()
    if who == "no role":
        person = county.person("welder", enterprise=firm)
    elif who == "blocked":
        person = county.person("fire_watch", enterprise=firm, status="blocked")
    elif who == "other enterprise":
        person = other_site.fire_watch
    elif who == "no enterprise":
        person = county.fire_watch()
    elif who == "welds elsewhere":
        person = county.person("welder", "fire_watch", enterprise=firm)
        county.certificate(person)
        other_site.hire(person)
        other_site.apply(person)
    else:
        person = county.fire_watch(firm)
        elsewhere = other_site.checked()
        move = {"state": "watched", "fire_watch_id": person.id, "watched_at": site.clock.now}
        county.do(lambda unit: jobs_move(unit, elsewhere, move))
    assert refused_watch(site, job, person) == [code]
    assert site.state(job) == "checked"


def jobs_move(unit: Any, job: Any, change: dict) -> None:
    from cloud.work import job as table

    table.move(unit, table.locked(unit, job), "job-watched", **change)


def test_an_incomplete_confirmation_is_refused(site: Any) -> None:
    assert refused_watch(site, site.checked(), site.fire_watch, {"site"}) == ["watch-checklist"]


def test_a_wrong_code_of_the_fire_watch_is_refused(site: Any) -> None:
    job = site.checked()
    code = site.code(job, site.fire_watch)
    assert site.watch(job, f"{(int(code) + 1) % 10_000:04}").codes == ["presence-wrong"]
    assert site.watch(job, code).state == "watched"


def test_the_fire_watch_does_not_come_before_the_check(site: Any) -> None:
    refused = site.county.do(jobs.watch, site.apply(), site.fire_watch, "0000", ALL)
    assert refused.codes == ["wrong-step"]


def test_a_second_fire_watch_does_not_take_over(site: Any) -> None:
    job = site.watched()
    second = site.county.fire_watch(site.enterprise)
    assert site.county.do(jobs.watch, job, second, "0000", ALL).codes == ["wrong-step"]
    assert site.job(job).fire_watch_id == site.fire_watch.id


def test_a_confirmation_done_again_does_not_make_it_younger(site: Any) -> None:
    job = site.watched()
    site.clock.forward(300)
    assert site.watch(job, "").watched_at == job.watched_at


def test_the_index_keeps_a_fire_watch_to_one_job(
    site: Any, other_site: Any, monkeypatch: Any
) -> None:
    """Two jobs take the same fire watch in the same moment, as PostgreSQL allows."""
    from cloud.work import job as table

    other_site.enterprise = site.enterprise
    site.watched()
    other_site.county.do(
        lambda unit: setattr(
            unit.db.get(people.Person, site.fire_watch.id),
            "enterprise_id",
            other_site.machine.enterprise_id,
        )
    )
    job = other_site.checked()
    monkeypatch.setattr(table, "open_touching", lambda *asked: [])
    code = other_site.code(job, site.fire_watch)
    refused = other_site.watch(job, code, site.fire_watch)
    assert refused.codes == ["fire-watch-busy"]
    assert other_site.state(job) == "checked"

"""Lists of jobs (cloud/work/listing.py)."""

from typing import Any

from cloud.work import jobs, listing
from cloud.work.job import Job


def mine(site: Any, person: Any, limit: int = 10, offset: int = 0) -> list[str]:
    found = site.county.ask(listing.of_person, person.id, limit, offset)
    return [one.id for one in found]


def test_ones_own_jobs_as_welder_and_as_fire_watch_the_newest_first(site: Any) -> None:
    first = site.working()
    site.off(first)
    site.clock.forward(60)
    second = site.apply(voucher="")
    assert isinstance(second, list)  # refused: kept as a job of its own all the same
    both = mine(site, site.welder)
    assert len(both) == 2
    assert both[1] == first.id
    assert mine(site, site.fire_watch) == [first.id]
    assert mine(site, site.welder, 1, 1) == [first.id]
    assert mine(site, site.welder, 1, 2) == []


def test_what_is_still_to_be_done(site: Any) -> None:
    def steps(job: Any) -> tuple[str, str]:
        now = site.job(job)
        who = (site.welder, site.fire_watch)
        welder, watch = (listing.to_do(now, one.id) for one in who)
        return welder, watch

    job = site.apply()
    assert listing.to_do(site.job(job), site.welder.id) == "check"
    site.check(job)
    assert listing.to_do(site.job(job), site.welder.id) == "wait-watch"
    site.watch(job)
    assert steps(job) == ("on", "wait-on")
    site.on(job)
    site.exchange()
    assert steps(job) == ("off", "stop")
    site.off(job)
    assert steps(job) == ("clear", "clear")
    site.clear(job)
    assert steps(job) == ("", "")


def apply_naming(site: Any) -> Any:
    """An application that names the fire watch, as where a profile asks for it."""
    job = site.apply()

    def name(unit: Any) -> None:
        unit.db.get_one(Job, job.id).named_watch_id = site.fire_watch.id

    site.county.do(name)
    return job


def test_the_one_who_is_named_as_the_fire_watch_finds_the_job_before_it_is_confirmed(
    site: Any,
) -> None:
    job = apply_naming(site)
    assert mine(site, site.fire_watch) == [job.id]
    assert listing.to_do(site.job(job), site.fire_watch.id) == "wait-check"
    site.check(job)
    assert listing.to_do(site.job(job), site.fire_watch.id) == "watch"
    site.watch(job)
    assert mine(site, site.fire_watch) == [job.id]
    assert listing.to_do(site.job(job), site.fire_watch.id) == "wait-on"


def test_a_job_that_came_to_nothing_is_not_the_named_ones(site: Any) -> None:
    job = apply_naming(site)
    site.county.do(jobs.cancel, job, site.welder)
    assert mine(site, site.fire_watch) == []
    assert mine(site, site.welder) == [job.id]


def test_an_enterprise_sees_open_jobs_on_its_machines_and_those_done_for_it(
    site: Any, other_site: Any
) -> None:
    def of(firm: Any) -> set[str]:
        rows = site.county.ask(lambda unit: list(unit.db.scalars(listing.open_for(firm.id))))
        return set(rows)

    contract = site.hire(other_site.welder)
    own = site.apply()
    theirs = other_site.apply(contract=contract.id)
    assert of(site.enterprise) == {own.id, theirs.id}
    assert of(other_site.enterprise) == {theirs.id}
    site.off(own)
    assert of(site.enterprise) == {theirs.id}

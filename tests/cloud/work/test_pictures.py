"""Pictures of a job: who brings which, when, and who sees them (cloud/work/pictures.py)."""

from typing import Any

import pytest

from cloud.book import media
from cloud.work import jobs, pictures
from simulator.phone import fresh_picture

ALL = {"combustibles", "extinguishers", "briefing", "exits", "site", "stay"}


def confirmed(site: Any, job: Any, code: str) -> Any:
    """The fire watch confirms, whatever pictures there are."""
    return site.county.do(jobs.watch, job, site.fire_watch, code, ALL, site.proof)


def seen(site: Any, job: Any, person: Any) -> bool:
    return site.county.ask(lambda unit: pictures.seen_by(unit, site.job(job), person))


def test_without_a_picture_of_the_site_there_is_no_check(site: Any) -> None:
    job = site.apply()
    code = site.code(job, site.welder)
    refused = site.county.do(jobs.check, job, site.welder, code, ALL, True)
    assert refused.codes == ["site-pictures"]
    site.picture(job, site.welder)
    assert site.county.do(jobs.check, job, site.welder, code, ALL, True).state == "checked"


def test_without_a_joint_photo_of_their_own_nobody_confirms(site: Any) -> None:
    job = site.checked()
    code = site.code(job, site.fire_watch)
    other = site.county.fire_watch(site.enterprise)
    site.picture(job, other)  # somebody else's
    assert confirmed(site, job, code).codes == ["joint-photo"]
    site.picture(job, site.fire_watch)
    assert confirmed(site, job, code).state == "watched"


def test_a_confirmation_that_lapsed_wants_a_new_photo(site: Any) -> None:
    job = site.watched()
    site.later(601)
    assert site.state(job) == "checked"
    assert site.view(site.fire_watch).pictures_wanted == 1
    code = site.code(job, site.fire_watch)
    assert confirmed(site, job, code).codes == ["joint-photo"]


def test_the_same_picture_again_is_the_same_and_serves_nobody_else(
    site: Any, other_site: Any
) -> None:
    raw = fresh_picture()
    job, elsewhere = site.apply(), other_site.apply()
    first = site.picture(job, site.welder, raw)
    assert site.picture(job, site.welder, raw).id == first.id
    assert other_site.picture(elsewhere, other_site.welder, raw).codes == ["picture-known"]
    assert len(site.county.ask(pictures.of_job, job.id)) == 1
    site.check(job)
    assert site.picture(job, site.fire_watch, raw).codes == ["picture-known"]


def test_pictures_are_taken_at_their_step_by_whom_they_are_asked_of(site: Any) -> None:
    job = site.apply()
    assert site.picture(job, site.fire_watch).codes == ["wrong-step"]
    assert site.picture(job, site.county.welder(site.enterprise)).codes == ["wrong-step"]
    site.check(job)
    assert site.picture(job, site.welder).codes == ["wrong-step"]
    stranger = site.county.fire_watch(site.county.enterprise("演示二厂"))
    assert site.picture(job, stranger).codes == ["fire-watch-enterprise"]
    site.watch(job)
    assert site.picture(job, site.fire_watch).codes == ["wrong-step"]
    site.off(job)
    assert site.picture(job, site.welder).codes == ["job-closed"]


def test_there_is_an_end_to_pictures(site: Any) -> None:
    job = site.apply()
    for _ in range(9):
        assert not isinstance(site.picture(job, site.welder), jobs.Refusals)
    assert site.picture(job, site.welder).codes == ["picture-many"]


def test_pictures_are_seen_by_whom_the_job_is_to_be_seen_by(site: Any) -> None:
    county, firm = site.county, site.enterprise
    job = site.apply()
    site.picture(job, site.welder)
    elsewhere = county.enterprise("演示二厂")
    watching = county.fire_watch(firm)
    may = [site.welder, county.person("enterprise", enterprise=firm), county.person("office")]
    may.append(county.person("officer", district="990101"))
    may_not = [
        *(county.welder(firm), watching, county.fire_watch(elsewhere)),
        county.person("enterprise", enterprise=elsewhere),
        county.person("officer", district="990202"),
        county.person("officer", district="990101", status="blocked"),
        county.person("technician", enterprise=firm),
        county.person("platform", enterprise=firm),
    ]
    assert [seen(site, job, one) for one in may] == [True] * len(may)
    assert [seen(site, job, one) for one in may_not] == [False] * len(may_not)
    site.check(job)
    assert seen(site, job, watching)
    assert not seen(site, job, county.fire_watch(elsewhere))
    site.watch(job)
    assert not seen(site, job, watching)


@pytest.mark.parametrize("profile", ["wuyi"])
def test_where_none_is_asked_for_none_is_taken(site: Any, profile: str, monkeypatch: Any) -> None:
    object.__setattr__(site.county.ground.settings, "profile", profile)
    job = site.apply()
    assert site.view(site.welder).wants_picture == ""
    assert site.picture(job, site.welder).codes == ["wrong-step"]


def test_a_picture_that_was_refused_leaves_no_file(site: Any) -> None:
    job = site.apply()
    site.picture(job, site.fire_watch)
    assert not list((site.county.ground.settings.data_dir / "media").rglob("*"))
    assert isinstance(media.ready(fresh_picture(), "site"), media.Ready)

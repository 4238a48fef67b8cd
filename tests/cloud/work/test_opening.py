"""A job is opened (cloud/work/opening.py)."""

import threading
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from cloud.book.audit import AuditRow
from cloud.registry import certificates, machines, sites
from cloud.work import job as table
from cloud.work import jobs, permits
from cloud.work.job import Job


def all_jobs(site: Any) -> list[Job]:
    rows = select(Job).order_by(Job.applied_at)
    return site.county.ask(lambda unit: list(unit.db.scalars(rows)))


def test_a_good_scan_opens_a_job(site: Any) -> None:
    job = site.apply()
    assert (job.state, job.welder_id, job.machine_id) == (
        "permitted",
        site.welder.id,
        site.machine.id,
    )
    assert (job.site, job.work, job.voucher) == ("演示车间", "焊接支架", "动火票 1 号")
    assert (job.profile, job.district) == ("chongqing", site.machine.district)
    assert site.audit() == ["job-permitted"]
    with site.county.ground.read() as unit:
        assert unit.db.scalars(select(AuditRow)).one().details["voucher"] is True


def test_applying_twice_is_applying_once(site: Any) -> None:
    assert site.apply().id == site.apply().id
    assert len(all_jobs(site)) == 1
    assert site.audit() == ["job-permitted"]


def test_the_job_has_the_district_of_the_site_if_one_is_named(site: Any) -> None:
    assert site.apply(district="990102").district == "990102"


def test_the_planned_time_is_kept_and_the_job_waits_for_it(site: Any) -> None:
    now = site.clock.now
    assert "planned-time" in site.apply(planned=(now + 7_200_001, None)).codes
    job = site.apply(planned=(now + 7_200_000, now + 9_000_000))
    assert (job.planned_from, job.planned_until) == (now + 7_200_000, now + 9_000_000)
    site.later(7_300, beating=False)
    assert site.state(job) == "permitted"
    site.later(7_200, beating=False)
    assert site.state(job) == "expired"


def test_a_begin_in_the_past_is_now(site: Any) -> None:
    job = site.apply(planned=(0, site.clock.now + 1000))
    assert (job.planned_from, job.planned_until) == (site.clock.now, site.clock.now + 1000)


def test_a_registered_site_of_that_name_tells_its_district(site: Any) -> None:
    other = site.county.enterprise("演示二厂").id
    for enterprise_id, name, district in (
        (other, "演示车间", "990103"),  # somebody else's
        (site.enterprise.id, "演示仓库", "990104"),
        (site.enterprise.id, "演示车间", "990102"),
    ):
        given = {"enterprise_id": enterprise_id, "name": name, "district": district}
        site.county.do(sites.add, **given)
    assert site.apply().district == "990102"


def test_a_permit_that_covers_the_machine_is_taken(site: Any) -> None:
    boss = site.county.person("enterprise", enterprise=site.enterprise)
    window = {"window_from": site.clock.now, "window_to": site.clock.now + 3_600_000}
    permit = site.county.do(
        permits.ask, site.welder, enterprise_id=site.enterprise.id, grade="first", **window
    )
    site.county.do(permits.approve, permit, boss)
    assert site.apply(voucher="").permit_id == permit.id


def test_a_refused_scan_is_kept_with_its_reasons_and_opens_nothing(site: Any) -> None:
    welder = site.county.welder(site.enterprise, valid_to=site.county.day(-1), review_by="")
    refused = site.apply(welder)
    assert isinstance(refused, jobs.Refusals)
    assert refused.codes == ["certificate-expired"]
    assert site.county.day(-1) in refused[0].words.zh
    kept = all_jobs(site)[0]
    assert (kept.state, kept.refusals) == ("refused", ["certificate-expired"])
    assert site.audit() == ["job-refused"]
    assert site.apply().state == "permitted"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ("no permit", "permit"),
        ("not a welder", "not-welder"),
        ("no certificate", "certificate-missing"),
        ("no review", "certificate-review"),
        ("revoked", "certificate-status"),
        ("other field", "certificate-category"),
        ("unsafe machine", "machine-unusable"),
        ("no terminal", "terminal-missing"),
        ("blocked", "registered"),
    ],
)
def test_each_way_to_be_refused_at_the_scan(site: Any, wrong: str, code: str) -> None:
    county, given = site.county, {}
    if wrong == "no permit":
        given["voucher"] = ""
    elif wrong == "not a welder":
        given["welder"] = county.person("officer", enterprise=site.enterprise)
        county.certificate(given["welder"])
    elif wrong == "no certificate":
        given["welder"] = county.person("welder", enterprise=site.enterprise)
    elif wrong == "no review":
        given["welder"] = county.welder(site.enterprise, review_by=county.day(-1))
    elif wrong == "revoked":
        given["welder"] = county.welder(site.enterprise, status="revoked")
    elif wrong == "other field":
        given["welder"] = county.welder(site.enterprise, issuer="housing", category="建筑焊工")
    elif wrong == "unsafe machine":
        county.do(lambda unit: machines.set_status(unit, unit.db.merge(site.machine), "unsafe"))
    elif wrong == "no terminal":
        county.do(lambda unit: machines.fit(unit, unit.db.merge(site.machine), None))
    elif wrong == "blocked":
        given["welder"] = county.person("welder", enterprise=site.enterprise, status="blocked")
        county.certificate(given["welder"])
    assert site.apply(**given).codes == [code]


def test_a_second_welder_is_refused_while_a_job_is_open_on_the_machine(site: Any) -> None:
    site.apply()
    assert site.apply(site.county.welder(site.enterprise)).codes == ["machine-busy"]


def test_a_welder_with_an_open_job_is_refused_on_another_machine(
    site: Any, other_site: Any
) -> None:
    site.apply()
    other_site.hire(site.welder)
    assert other_site.apply(site.welder).codes == ["welder-busy"]


def test_who_watches_a_job_does_not_weld_another(site: Any, other_site: Any) -> None:
    both = site.county.person("welder", "fire_watch", enterprise=site.enterprise)
    site.county.certificate(both)
    site.watch(site.checked(), person=both)
    other_site.hire(both)
    assert other_site.apply(both).codes == ["welder-busy"]


def test_a_handover_is_an_end_and_a_new_job(site: Any) -> None:
    job = site.working()
    successor = site.county.welder(site.enterprise)
    assert site.apply(successor).codes == ["machine-busy"]
    site.off(job)
    assert site.apply(successor).state == "permitted"


@pytest.mark.parametrize("column", ["machine_id", "welder_id", "fire_watch_id"])
def test_the_database_itself_allows_one_open_job(site: Any, other_site: Any, column: str) -> None:
    one = site.watched()
    other = {
        "machine_id": other_site.machine.id,
        "device": None,
        "enterprise_id": site.enterprise.id,
        "district": "990101",
        "welder_id": other_site.welder.id,
        "fire_watch_id": None,
        "site": "",
        "work": "",
        "voucher": "",
        "permit_id": None,
    }
    with pytest.raises(IntegrityError):
        site.county.do(table.opened, "applied", **other | {column: getattr(one, column)})
    site.county.do(table.opened, "refused", **other | {column: getattr(one, column)})


def test_of_many_welders_at_once_on_one_machine_exactly_one_wins(site: Any) -> None:
    crowd = [site.county.welder(site.enterprise) for _ in range(8)]
    barrier, results = threading.Barrier(len(crowd)), []

    def scan(welder: Any) -> None:
        barrier.wait()
        results.append(site.apply(welder))

    threads = [threading.Thread(target=scan, args=(welder,)) for welder in crowd]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [one for one in results if isinstance(one, Job)]
    lost = [one for one in results if isinstance(one, jobs.Refusals)]
    assert len(won) == 1
    assert [refused.codes for refused in lost] == [["machine-busy"]] * 7


def test_where_two_writers_truly_overlap_the_index_decides(site: Any, monkeypatch: Any) -> None:
    """The other's row appears between the look and the insert, as PostgreSQL allows."""
    rival = site.county.welder(site.enterprise)
    site.apply(rival)
    honest, looks = table.open_touching, []

    def blind_once(*asked: Any) -> Any:
        looks.append(asked)
        return honest(*asked) if len(looks) > 1 else []

    monkeypatch.setattr(table, "open_touching", blind_once)
    assert site.apply().codes == ["machine-busy"]
    assert [one.state for one in all_jobs(site)] == ["permitted", "refused"]


def test_no_personal_data_is_written_into_the_book(site: Any) -> None:
    site.working()
    rows = site.county.ask(lambda unit: list(unit.db.scalars(select(AuditRow))))
    for row in rows:
        text = f"{row.details}{row.what}{row.subject}"
        assert site.welder.name not in text
        assert site.fire_watch.name not in text


def test_a_welder_whose_certificate_was_just_mended_gets_in(site: Any) -> None:
    welder = site.county.person("welder", enterprise=site.enterprise)
    row = site.county.certificate(welder, status="suspended")
    assert site.apply(welder).codes == ["certificate-status"]
    site.county.do(lambda unit: certificates.set_status(unit, unit.db.merge(row), "normal"))
    assert site.apply(welder).state == "permitted"

"""Somebody is forgotten: nothing tells who it was, and that the work was done stays."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from cloud.base.database import Base
from cloud.base.formats import identity_check
from cloud.book import audit, commitments, inspection, media
from cloud.book.audit import AuditRow
from cloud.book.media import Media
from cloud.cases import erasing, looks
from cloud.cases.erasing import Erased, NotNow
from cloud.oversight import evidence
from cloud.registry import certificates, people, training
from tests.cloud.work.conftest import make_site

NAME, LOGIN, PHONE = "王独演示", "wang-alone", "13812345678"
IDENTITY = "99010119900307003" + identity_check("99010119900307003")
WHY = "王独演示打电话来问"
YEARS_S = 1096 * 86_400


@pytest.fixture
def site(either: Any, county: Any, clock: Any, sent: list) -> Any:
    either.send = lambda *out: sent.append(out)
    return make_site(type(county)(either, clock), sent, "HM-990101-000001")


@pytest.fixture
def welder(site: Any) -> Any:
    """A welder with everything by which a welder is known."""
    given = {"name": NAME, "login": LOGIN, "phone": PHONE, "identity": IDENTITY}
    person = site.county.person("welder", enterprise=site.enterprise, password="p" * 12, **given)
    site.county.certificate(person)
    office = site.county.person("office")
    row = training.training_row(person.id, kind="exam", held_on="2026-11-01", passed=True)
    site.county.do(training.add_trainings, [row])
    site.county.do(looks.field, person, "phone", office, WHY)
    told = site.county.do(commitments.commit, person.id, {"name": NAME})
    site.county.do(audit.write, person.district, "system", "registered", person.id, told)
    return person


def erase(site: Any, person: Any) -> Erased | NotNow:
    return site.county.do(
        lambda unit: erasing.erase(unit, people.known(unit, person.id), "system")
    )


def worked(site: Any, welder: Any) -> Any:
    """A whole job of this welder."""
    site.welder = welder
    job = site.working()
    site.off(job)
    site.exchange()
    site.clear(job)
    return job


def everything(site: Any) -> str:
    """Whatever the database holds, as one text."""

    def told(unit: Any) -> str:
        tables = Base.metadata.sorted_tables
        return "\n".join(str(row) for table in tables for row in unit.db.execute(select(table)))

    return str(site.county.ask(told))


def test_nothing_in_the_database_tells_any_more_who_it_was(
    site: Any, welder: Any, tmp_path: Path
) -> None:
    job = worked(site, welder)
    blinds = [welder.phone_blind, welder.identity_blind]
    sealed = [welder.phone_sealed, welder.identity_sealed]
    site.clock.forward(YEARS_S)
    before = everything(site)
    assert all(text in before for text in (NAME, LOGIN, *blinds, *sealed))
    done = erase(site, welder)
    assert done == Erased(certificates=1, trainings=1, pictures=2, pictures_held=0, looks=1)
    after = everything(site)
    assert not [text for text in (NAME, LOGIN, PHONE, *blinds, *sealed) if text in after]
    assert site.job(job).welder_id == welder.id  # somebody did the work
    site.county.ask(lambda unit: evidence.write(unit, site.job(job), tmp_path / "job.evidence"))
    assert site.county.ask(lambda unit: inspection.inspect(unit).findings) == []


def test_the_trail_matches_no_name_and_no_reason_any_more(site: Any, welder: Any) -> None:
    def matches(unit: Any) -> list[bool]:
        rows = unit.db.scalars(select(AuditRow).where(AuditRow.subject == welder.id))
        told = {name: value for row in rows for name, value in row.details.items()}
        holds = commitments.holds
        return [
            holds(unit, welder.id, n, c, told[n]) for n, c in (("name", NAME), ("reason", WHY))
        ]

    assert site.county.ask(matches) == [True, True]
    assert isinstance(erase(site, welder), Erased)  # never worked: at once
    assert site.county.ask(matches) == [False, False]
    assert [one["why"] for one in site.county.ask(looks.at, welder.id)] == [""]


def test_pictures_that_an_alarm_or_export_holds_stay(site: Any, welder: Any) -> None:
    worked(site, welder)
    kept = site.county.ask(lambda unit: unit.db.scalars(select(Media.digest)).first())
    site.county.do(media.hold, [kept], "alarm:1")
    site.clock.forward(YEARS_S)
    done = erase(site, welder)
    assert isinstance(done, Erased) and (done.pictures, done.pictures_held) == (1, 1)
    assert site.county.ask(media.opened, kept)


def test_it_waits_for_the_open_job_and_for_the_time_of_the_record(site: Any, welder: Any) -> None:
    site.welder = welder
    job = site.working()
    assert erase(site, welder) == NotNow("job", job=job.id)
    assert erase(site, site.fire_watch) == NotNow("job", job=job.id)
    site.off(job)
    site.exchange()
    site.clear(job)
    against = erase(site, welder)
    assert isinstance(against, NotNow) and against.reason == "kept"
    site.clock.now = against.until - 1
    assert erase(site, welder) == against
    site.clock.now = against.until
    assert isinstance(erase(site, welder), Erased)
    assert erase(site, welder) == NotNow("erased")


def test_who_decides_over_others_stays_named(site: Any) -> None:
    for role in ("officer", "office"):
        assert erase(site, site.county.person(role)) == NotNow("supervises")


def test_whoever_was_forgotten_may_register_again(site: Any, welder: Any) -> None:
    assert isinstance(erase(site, welder), Erased)
    given = {"name": NAME, "login": LOGIN, "phone": PHONE, "identity": IDENTITY}
    again = site.county.person("welder", **given)
    assert again.id != welder.id
    assert site.county.ask(certificates.for_person, again.id) == []

"""`hanma bench decide`: what it makes up is right, and the figures are all there."""

import json

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from cloud.app import handlers
from cloud.base.formats import read_identity, read_uscc
from cloud.base.ids import read_code
from cloud.base.unit import Ground
from cloud.bench import county
from cloud.bench.played import Site
from cloud.book import outbox
from cloud.cli import main
from cloud.registry import people
from cloud.registry.enterprises import Enterprise
from cloud.registry.machines import Machine
from cloud.work import jobs, proving

SIZE = county.Size(machines=20, welders=30)


def test_what_is_made_up_has_right_check_digits(ground: Ground) -> None:
    found = county.seed(ground, SIZE, "s", 5)
    assert len(found) == 5
    with ground.read() as unit:
        machines = list(unit.db.scalars(select(Machine)))
        assert len(machines) == 20
        assert all(read_code(one.code) == one.code for one in machines)
        assert all(read_uscc(code) == code for code in unit.db.scalars(select(Enterprise.uscc)))
        welder = people.get(unit, found[0].welder)
        assert welder is not None
        assert read_identity(people.identity(unit, welder))


def test_a_light_terminal_is_taken_through_a_whole_job(ground: Ground) -> None:
    (place,) = county.seed(ground, SIZE, "s", 1)
    site = Site.of(ground, place, "s")
    ground.send = lambda device, body, light=False: site.down(body)
    job_id = site.to_watched()
    with ground.write() as unit:
        job, welder = jobs.by_id(unit, job_id), people.get(unit, place.welder)
        assert job is not None and welder is not None
        jobs.switch_on(unit, job, welder, proving.later(unit))
    outbox.deliver(ground, handlers())
    site.off(job_id)
    outbox.deliver(ground, handlers())
    assert site.terminal.moved == [(job_id, 1), (job_id, 0)]
    assert site.terminal.oddities == 0
    with ground.read() as unit:
        job = jobs.by_id(unit, job_id)
        assert job is not None and (job.state, job.off_confirmed_at is None) == ("ended", False)


def test_a_light_terminals_journal_is_stored_and_forgotten(ground: Ground) -> None:
    (place,) = county.seed(ground, SIZE, "s", 1)
    site = Site.of(ground, place, "s")
    ground.send = lambda device, body, light=False: site.down(body)
    body = site.terminal.entries()
    assert body is not None and site.up(body) == "journal"
    assert site.terminal.journal == [] and site.terminal.oddities == 0


@pytest.mark.slow
def test_the_last_line_has_the_figures_beside_their_limit() -> None:
    given = ["--machines", "100", "--welders", "100", "--times", "20"]
    done = CliRunner().invoke(main, ["bench", "decide", *given])
    told = json.loads(done.stdout.splitlines()[-1])
    assert {"ok", "median_ms", "p99_ms", "machines", "welders", "limit_median_ms"} <= set(told)
    assert told["with_viewers"]["times"] == 10
    assert (told["machines"], told["welders"], told["times"]) == (100, 100, 20)
    assert "/office/registrations office" in done.stderr
    assert "/registers/people [m7] officer" in done.stderr
    assert "/alarms?district=990100&trade=special officer" in done.stderr
    assert "worst page: /" in done.stderr

"""Our own jobs reach the superior platform: once, in order, whatever happens on the way."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import Client

from cloud.app import handlers, wsgi
from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.book import media, outbox
from cloud.book.audit import AuditRow
from cloud.cases import alarms, reports
from cloud.platform.courier import Courier
from cloud.registry import people, platforms
from cloud.work import reported
from cloud.work.reported import ReportedJob
from tests.cloud.conftest import County, HandClock
from tests.cloud.platform import pair as two
from tests.cloud.platform.pair import DEVICE, WELDER
from tests.cloud.work.conftest import Site, make_site


class Below(Site):
    """A site whose news goes to all rooms."""

    def deliver(self) -> None:
        while outbox.deliver(self.county.ground, handlers()):
            pass


@dataclass
class Pair:
    """Two platforms: `site` works below, `above` is reported to; `line` is what lies between."""

    site: Site
    above: County
    courier: Courier
    down: str = ""

    client: Any = None

    def exchange(self, method: str, address: str, headers: dict[str, str], body: bytes) -> Any:
        if self.down == "away":
            raise OSError("away")
        path = address.removeprefix("http://above.test")
        answer = self.client.open(path, method=method, headers=headers, data=body)
        if self.down == "deaf":  # it arrived, and the answer was lost
            raise OSError("lost")
        if self.down == "proxy":
            return 502, {}, b"<html>bad gateway</html>"
        return answer.status_code, dict(answer.headers), answer.data

    def send(self) -> None:
        self.site.deliver()
        while self.courier.send_one():
            pass

    def later(self, seconds: float) -> None:
        self.site.clock.forward(seconds)
        if self.above.clock is not self.site.clock:
            self.above.clock.forward(seconds)

    def unsent(self) -> list[tuple[str, str]]:
        rows = self.site.county.ask(reports.unsent)
        return [(one.part, one.trouble) for one in rows]

    def jobs(self) -> list[ReportedJob]:
        rows = select(ReportedJob).order_by(ReportedJob.applied_at)
        return self.above.ask(lambda unit: list(unit.db.scalars(rows)))

    def drain(self) -> None:
        for _ in range(40):
            self.send()
            self.later(601)


def _ground(folder: Path, blank: Any, clock: Any, send: Any = None, **given: Any) -> Ground:
    folder.mkdir()
    blank(folder)
    settings = Settings(data_dir=folder, argon2_kib=8, argon2_rounds=1, **given)
    return Ground.open(settings, clock, send) if send else Ground.open(settings, clock)


@pytest.fixture
def make_pair(tmp_path: Path, blank: Any) -> Iterator[Callable[..., Pair]]:
    grounds = []

    def make(ahead_s: float = 0) -> Pair:
        clock, sent = HandClock(), []
        theirs = replace(clock, now=clock.now + int(ahead_s * 1000)) if ahead_s else clock
        above = County(_ground(tmp_path / "above", blank, theirs), theirs)
        grounds.append(above.ground)
        key, secret = two.above(above)
        told = {"superior_url": "http://above.test", "superior_key": key}
        ground = _ground(
            tmp_path / "below",
            blank,
            clock,
            lambda device, body, light=False: sent.append((device, body)),
            superior_secret=secret,
            **told,
        )
        grounds.append(ground)
        site = Below(**vars(make_site(County(ground, clock), sent, DEVICE)))
        site.login()
        two.below(site)
        pair = Pair(site, above, None, client=Client(wsgi(above.ground)))  # type: ignore[arg-type]
        pair.courier = Courier(ground, pair.exchange)
        return pair

    yield make
    for ground in grounds:
        ground.close()


@pytest.fixture
def pair(make_pair: Any) -> Pair:
    return make_pair()


def _whole_job(pair: Pair) -> Any:
    job = pair.site.working()
    pair.later(60)
    pair.site.off(job)
    pair.site.exchange()
    return job


def test_a_whole_job_arrives_with_its_three_parts(pair: Pair) -> None:
    job = _whole_job(pair)
    pair.send()
    (kept,) = pair.jobs()
    assert (kept.number, kept.state) == (job.id, "ended")
    assert kept.application["site"] == "演示车间" and kept.watch["site_safe"]
    assert kept.result["ended_at"] - kept.result["started_at"] == 60_000
    for digest in (*kept.application["pictures"], kept.watch["joint_photo"]):
        assert pair.above.ask(media.opened, digest).startswith(b"\xff\xd8")
    assert kept.application["pictures"] and kept.findings == []
    assert pair.unsent() == []
    status = pair.above.ask(lambda unit: unit.db.get_one(reported.ReportedStatus, DEVICE))
    assert (status.online, status.relay) == (True, 0)


def test_the_time_that_the_application_names_is_told_as_it_was_named(pair: Pair) -> None:
    now = pair.site.clock.now
    pair.site.check(pair.site.apply(planned=(now + 600_000, now + 4_200_000)))
    pair.send()
    (kept,) = pair.jobs()
    planned = (kept.application["planned_from"], kept.application["planned_until"])
    assert planned == (now + 600_000, now + 4_200_000) and kept.findings == []


def test_each_part_is_told_when_it_happens(pair: Pair) -> None:
    site = pair.site
    job = site.checked()
    pair.send()
    assert [one.state for one in pair.jobs()] == ["applied"]
    site.watch(job)
    pair.send()
    assert [one.state for one in pair.jobs()] == ["watched"]


def test_a_job_that_never_began_is_closed_above(pair: Pair) -> None:
    job = pair.site.checked()
    pair.site.off(job)
    pair.send()
    assert [one.state for one in pair.jobs()] == ["cancelled"]


@pytest.mark.parametrize("down", ["away", "deaf", "proxy"])
def test_an_outage_loses_nothing_and_doubles_nothing(pair: Pair, down: str) -> None:
    pair.down = down
    _whole_job(pair)
    for _ in range(5):
        pair.send()
        pair.later(61)
    assert len(pair.unsent()) == 4
    pair.down = ""
    pair.drain()
    assert [one.state for one in pair.jobs()] == ["ended"] and pair.unsent() == []
    assert pair.jobs()[0].findings.count("watch-missing") == 0


def test_while_nobody_answers_only_one_is_tried_after_each_pause(pair: Pair) -> None:
    pair.down = "away"
    _whole_job(pair)
    pair.send()
    tried = [one.tries for one in pair.site.county.ask(reports.unsent)]
    assert sorted(tried) == [0, 0, 0, 1]
    pair.send()
    assert sum(one.tries for one in pair.site.county.ask(reports.unsent)) == 1


@pytest.mark.parametrize("ahead_s", [-7200, 7200])
def test_a_clock_that_is_off_is_set_right_by_the_superiors(make_pair: Any, ahead_s: int) -> None:
    pair = make_pair(ahead_s)
    _whole_job(pair)
    pair.drain()
    assert [one.state for one in pair.jobs()] == ["ended"] and pair.unsent() == []
    assert pair.courier.superior.offset_ms == ahead_s * 1000


def test_a_sender_that_died_after_sending_is_followed_by_another(pair: Pair) -> None:
    job = pair.site.checked()
    pair.down = "deaf"
    pair.send()
    pair.down = ""
    pair.courier = Courier(pair.site.county.ground, pair.exchange)
    pair.later(reports.HELD_S + 1)
    pair.drain()
    assert [one.number for one in pair.jobs()] == [job.id] and pair.unsent() == []


def test_somebody_the_superior_does_not_know_holds_the_job_until_registered(
    pair: Pair,
) -> None:
    stranger = pair.above.ask(lambda unit: people.by_identity(unit, WELDER))
    blind = stranger.identity_blind
    pair.above.do(_blind, stranger.id, None)
    _whole_job(pair)
    pair.send()
    assert ("application", "unknown-person") in pair.unsent()
    assert ("watch", "") in pair.unsent() and pair.jobs() == []
    pair.above.do(_blind, stranger.id, blind)
    pair.drain()
    assert [one.state for one in pair.jobs()] == ["ended"]


def _blind(unit: Any, person_id: str, blind: str | None) -> None:
    people.get(unit, person_id).identity_blind = blind


def test_what_is_refused_for_good_is_parked_raises_an_alarm_and_can_be_tried_again(
    pair: Pair,
) -> None:
    number = pair.above.ask(lambda unit: people.by_identity(unit, WELDER)).id
    job = pair.site.checked()
    pair.above.do(_taken_number, job.id, pair, number)
    pair.drain()
    assert pair.unsent() == [("application", "number-taken")]
    county = pair.site.county
    county.do(reports.sweep)
    assert county.ask(alarms.latest, "superior", "SUPERIOR_BEHIND").closed_at is None
    pair.above.do(_drop, job.id)
    assert county.do(reports.retry) == 1
    pair.drain()
    county.do(reports.sweep)
    assert county.ask(alarms.latest, "superior", "SUPERIOR_BEHIND").closed_at is not None
    assert len(pair.jobs()) == 1 and pair.unsent() == []


def _taken_number(unit: Any, job_id: str, pair: Pair, welder: str) -> None:
    """Somebody used the same number for another job with this key."""
    ((platform, _keys),) = platforms.every(unit)
    from cloud.registry import machines

    told = {"number": job_id, "device": DEVICE, "welders": [{"id": welder}]}
    told |= {"planned_from": unit.now, "planned_until": unit.now, "proof": None, "pictures": []}
    machine = machines.by_device(unit, DEVICE)
    reported.applied(unit, platform.id, machine, job_id, told, [])


def _drop(unit: Any, job_id: str) -> None:
    row = unit.db.scalar(select(ReportedJob).where(ReportedJob.number == job_id))
    unit.db.delete(row)


def test_a_backlog_is_an_alarm_and_a_figure_until_it_is_gone(pair: Pair) -> None:
    from cloud.oversight import figures

    pair.down = "away"
    pair.site.checked()
    pair.send()
    county = pair.site.county
    county.do(reports.sweep)
    assert county.ask(alarms.latest, "superior", "SUPERIOR_BEHIND") is None
    pair.later(3601)
    county.do(reports.sweep)
    assert county.ask(alarms.latest, "superior", "SUPERIOR_BEHIND").level == 2
    told = county.ask(lambda unit: figures.text(figures.figures(unit)))
    assert "hanma_reports_waiting 2" in told and "hanma_reports_oldest_seconds 3601" in told


def test_an_identity_number_is_told_once_and_the_trail_says_so(pair: Pair) -> None:
    _whole_job(pair)
    pair.send()
    _whole_job(pair)
    pair.send()
    assert len(pair.jobs()) == 2
    rows = select(AuditRow.subject).where(AuditRow.what == "identity-told")
    told = pair.site.county.ask(lambda unit: list(unit.db.scalars(rows)))
    assert sorted(told) == sorted([pair.site.welder.id, pair.site.fire_watch.id])


def test_without_a_superior_nothing_is_queued(county: Any, sent: Any) -> None:
    site = make_site(county, sent, DEVICE)
    site.checked()
    assert site.events("job-moved") == []
    assert site.county.ask(reports.backlog)[0] == 0
    assert not Courier(site.county.ground).send_one()

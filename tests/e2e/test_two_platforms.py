"""Two HanMa's: one reports its jobs to the other, another process that dies and comes back."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from cloud.app import handlers
from cloud.base.clock import now_ms
from cloud.base.database import migrate
from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.book import outbox
from cloud.cases import reports
from cloud.platform.courier import Courier
from cloud.work.reported import ReportedJob
from simulator.demo import free_address
from tests import databases
from tests.cloud.conftest import County, HandClock
from tests.cloud.platform import pair
from tests.cloud.work.conftest import Site, make_site
from tests.e2e.conftest import ROOT

PATIENCE_S = 150


@dataclass
class Superior:
    """`hanma serve` on its own data, started and killed at will."""

    data: Path
    web: str
    process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        given = databases.told(self.data) | {"HANMA_LISTEN": self.web}
        given |= {"HANMA_MQTT_LISTEN": "127.0.0.1:0"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cloud", "serve"],
            cwd=ROOT,
            env=os.environ | given,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout and self.process.stdout.readline().startswith("{")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


class Below(Site):
    """A site whose news goes to all rooms."""

    def deliver(self) -> None:
        while outbox.deliver(self.county.ground, handlers()):
            pass


@dataclass
class Two:
    site: Site
    above: County
    superior: Superior
    courier: Courier
    jobs: list[str] = field(default_factory=list)

    def work(self) -> None:
        """One whole job below."""
        job = self.site.working()
        self.site.clock.forward(60)
        self.site.off(job)
        self.site.exchange()
        self.site.clear(job)
        self.jobs.append(job.id)

    def until_told(self) -> None:
        """Everything that waits, whatever pauses that takes of the clock below."""
        until = time.monotonic() + PATIENCE_S
        while self.site.county.ask(reports.backlog)[0]:
            assert time.monotonic() < until, self.site.county.ask(reports.unsent)
            if not self.courier.send_one():
                self.site.clock.forward(30)
                time.sleep(0.05)

    def told(self) -> list[tuple[str, str]]:
        rows = select(ReportedJob).order_by(ReportedJob.applied_at, ReportedJob.id)
        found = self.above.ask(lambda unit: list(unit.db.scalars(rows)))
        return [(one.number, one.state) for one in found]


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    """The clock below is two hours ahead, and runs on its own."""
    here = HandClock(now_ms())
    above = County(Ground.open(Settings(data_dir=tmp_path / "above"), here), here)
    migrate(above.ground.engine)
    key, secret = pair.above(above)
    host, port = free_address()
    superior = Superior(tmp_path / "above", f"{host}:{port}")
    clock, sent = HandClock(now_ms() + 7_200_000), []
    settings = Settings(
        data_dir=tmp_path / "below",
        superior_url=f"http://{superior.web}",
        superior_key=key,
        superior_secret=secret,
    )
    ground = Ground.open(
        settings, clock, lambda device, body, light=False: sent.append((device, body))
    )
    migrate(ground.engine)
    site = Below(**vars(make_site(County(ground, clock), sent, pair.DEVICE)))
    pair.below(site)
    try:
        yield Two(site, above, superior, Courier(ground))
    finally:
        superior.kill()
        above.ground.close()
        ground.close()


@pytest.mark.slow
def test_one_hanma_reports_to_another_through_outages_duplicates_and_a_clock_that_is_off(
    two: Two,
) -> None:
    two.work()
    assert two.courier.send_one()  # nobody there
    two.superior.start()
    two.until_told()
    two.superior.kill()  # without a word
    two.work()
    two.site.clock.forward(600)
    assert two.courier.send_one()
    two.superior.start()
    _twice(two)
    two.until_told()
    assert two.told() == [(job, "ended") for job in two.jobs]
    assert abs(two.courier.superior.offset_ms) > 3_600_000


def _twice(two: Two) -> None:
    """The next answer is lost: what was taken is sent again."""
    over_http: Any = two.courier.superior._exchange
    lost = []

    def exchange(*words: Any) -> Any:
        answer = over_http(*words)
        if "job-applications" in words[1] and not lost:
            lost.append(answer)
            raise OSError("the answer was lost")
        return answer

    two.courier.superior._exchange = exchange

"""Machine, terminal, people and a job on either database; everything crosses and is handled."""

from typing import Any

import pytest
from sqlalchemy import select

from cloud.app import handlers
from cloud.base.formats import identity_check
from cloud.book import outbox
from cloud.cases import alarms, life, observed
from cloud.cases.alarms import Alarm
from cloud.link import commands, intake, terminals
from cloud.work import jobs
from tests.cloud.stand_in import StandIn
from tests.cloud.work.conftest import Site

_BODY = "99010119900101001"
IDENTITY = _BODY + identity_check(_BODY)


class Desk(Site):
    """A site whose news reach the cases as well."""

    def deliver(self) -> None:
        while outbox.deliver(self.county.ground, handlers()):
            pass

    def later(self, seconds: float) -> None:
        """Time passes without a word from the terminal; every sweep looks once."""
        self.clock.forward(seconds)
        for sweep in (commands.sweep, intake.off_line, jobs.sweep, observed.sweep, life.sweep):
            self.county.do(sweep)
            self.deliver()

    def raised(self, kind: str = "TAMPER", subject: str = "X1", **given: Any) -> Alarm:
        """An alarm about this machine, laid before whom it belongs to."""
        where = {"district": self.machine.district, "machine_id": self.machine.id} | given
        alarm = self.county.do(alarms.raise_alarm, kind, subject, **where)
        self.deliver()
        return self.now(alarm)

    def now(self, alarm: Alarm) -> Alarm:
        return self.county.ask(lambda unit: unit.db.get_one(Alarm, alarm.id))

    def kinds(self) -> list[str]:
        """The kinds of the open alarms."""
        rows = select(Alarm.kind).where(alarms.IS_OPEN).order_by(Alarm.kind)
        return list(self.county.ask(lambda unit: list(unit.db.scalars(rows))))


@pytest.fixture
def desk(either: Any, county: Any, clock: Any) -> Desk:
    sent: list[tuple[str, bytes]] = []
    either.send = lambda device, body: sent.append((device, body))
    here = type(county)(either, clock)
    works = here.enterprise()
    terminal = StandIn("T1", here.do(terminals.provision, "T1"), clock)
    machine = here.machine(works, device="T1")
    site = Desk(here, sent, works, machine, here.welder(works), here.fire_watch(works), terminal)
    site.login()
    site.exchange()
    return site


@pytest.fixture
def here(county: Any, either: Any) -> Any:
    """The county on either database, without a site."""
    county.ground = either
    return county

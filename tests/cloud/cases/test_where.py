"""An alarm about a machine is laid where its open job is (cloud/cases/where.py)."""

from typing import Any

import pytest
from sqlalchemy import select

from cloud.cases import where
from cloud.cases.alarms import Alarm
from cloud.cases.module_ends import ModuleEnds
from cloud.link import intake, stock, terminals
from cloud.registry import machines, sites
from tests.cloud.cases.conftest import Desk
from tests.cloud.stand_in import StandIn

ELSEWHERE = "990102001"
LOG = "aa" * 8
IMEI = "860000000000009"


@pytest.fixture
def away(desk: Desk) -> Desk:
    """The welder works with the machine at a site of its enterprise in another district."""
    given = {"enterprise_id": desk.enterprise.id, "name": "演示车间", "district": ELSEWHERE}
    desk.county.do(sites.add, **given)
    job = desk.apply()
    assert job.district == ELSEWHERE != desk.machine.district
    return desk


def laid(desk: Desk, kind: str) -> list[str]:
    rows = select(Alarm.district).where(Alarm.kind == kind)
    return list(desk.county.ask(lambda unit: list(unit.db.scalars(rows))))


def test_what_its_terminal_reports(away: Desk) -> None:
    told = {"log": LOG, "seq": 1, "boot": 1, "up": 1000, "at": away.clock.now}
    told |= {"kind": "alarm", "alarm": "TAMPER", "level": 3}
    away.up(away.terminal.entries(LOG, told))
    away.deliver()
    assert laid(away, "TAMPER") == [ELSEWHERE]


def test_what_a_terminal_reports_that_was_taken_off(desk: Desk) -> None:
    def taken_off(unit: Any) -> dict[str, Any]:
        machines.fit(unit, machines.get(unit, desk.machine.id), None)
        return where.of(unit, None, desk.terminal.device)

    assert desk.county.do(taken_off) == {"district": desk.machine.district}
    assert desk.county.ask(where.of, None, "T-never-fitted") == {"district": ""}


def test_a_number_that_another_terminal_tells_as_well(away: Desk) -> None:
    twin = StandIn("T2", away.county.do(terminals.provision, "T2"), away.clock)
    away.county.do(intake.receive, "T2", twin.login(imei=IMEI))
    away.deliver()
    away.up(away.terminal.login(imei=IMEI))
    away.deliver()
    assert laid(away, "NUMBER_TWICE") == [ELSEWHERE]


def test_papers_of_its_module_that_end(away: Desk) -> None:
    def put(unit: Any) -> None:
        row = stock.move(unit, "a4cf12abcdef", "flashed", "bench")
        row.device = away.terminal.device
        papers = dict.fromkeys(("insurance", "insurance_until"), "")
        stock.set_papers(unit, row, sim_until=away.county.day(5), **papers)

    away.county.do(put)
    away.county.do(ModuleEnds().sweep)
    assert laid(away, "SIM_NEAR_END") == [ELSEWHERE]

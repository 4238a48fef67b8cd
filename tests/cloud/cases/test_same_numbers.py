"""Two terminals with the same IMEI or SIM (cloud/cases/same_numbers.py)."""

from typing import Any

import pytest
from sqlalchemy import select

from cloud.app import handlers
from cloud.book import outbox
from cloud.cases.alarms import Alarm
from cloud.link import intake, terminals
from tests.cloud.stand_in import StandIn

IMEI, ICCID = "860000000000009", "89860000000000000009"


def made(county: Any, device: str) -> StandIn:
    return StandIn(device, county.do(terminals.provision, device), county.clock)


def login(county: Any, one: StandIn, **told: str) -> list[str]:
    """Of which terminals the alarm is open afterwards."""
    assert county.do(intake.receive, one.device, one.login(**told)) == "login"
    return alarmed(county)


def alarmed(county: Any) -> list[str]:
    while outbox.deliver(county.ground, handlers()):
        pass
    rows = select(Alarm.subject).where(Alarm.kind == "NUMBER_TWICE", Alarm.closed_at.is_(None))
    return list(county.ask(lambda unit: sorted(unit.db.scalars(rows))))


@pytest.mark.parametrize("told", [{"imei": IMEI}, {"iccid": ICCID}])
def test_the_second_one_that_tells_a_number_is_an_alarm_until_it_differs(
    county: Any, told: dict[str, str]
) -> None:
    first, second = made(county, "T1"), made(county, "T2")
    assert login(county, first, **told) == []
    assert login(county, second, **told) == ["T2"]
    assert login(county, second, **told) == ["T2"]  # told again: the same word
    assert login(county, second, imei="860000000000017", iccid="89860000000000000017") == []


def test_it_is_over_as_well_when_the_other_one_changes_or_is_revoked(county: Any) -> None:
    first, second, third = (made(county, name) for name in ("T1", "T2", "T3"))
    login(county, first, iccid=ICCID)
    assert login(county, second, iccid=ICCID) == ["T2"]
    assert login(county, first, iccid="89860000000000000017") == []
    assert login(county, third, iccid=ICCID) == ["T3"]
    county.do(terminals.revoke, "T2")
    assert alarmed(county) == []


def test_the_terminal_works_on_and_what_was_never_told_is_not_the_same(county: Any) -> None:
    first, second = made(county, "T1"), made(county, "T2")
    login(county, first, imei="", iccid="")
    assert login(county, second, imei="", iccid="") == []
    login(county, first, iccid=ICCID)
    login(county, second, iccid=ICCID)
    assert county.ask(terminals.get, "T2").online
    assert county.ask(terminals.with_its_numbers, "T1") == ["T2"]


def test_a_machine_with_the_alarm_is_named_to_its_district(county: Any) -> None:
    machine = county.machine(device="T2")
    login(county, made(county, "T1"), imei=IMEI)
    login(county, made(county, "T2"), imei=IMEI)
    alarm = county.ask(lambda unit: unit.db.scalar(select(Alarm)))
    assert (alarm.machine_id, alarm.district) == (machine.id, machine.district)

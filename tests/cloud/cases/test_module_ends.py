"""SIM and insurance of a fitted terminal near their end (cloud/cases/module_ends.py)."""

from typing import Any

from sqlalchemy import select

from cloud.cases.alarms import Alarm
from cloud.cases.module_ends import ModuleEnds
from cloud.link import stock

CHIP = "a4cf12abcdef"
DAY_S = 86_400


def fitted(county: Any, **papers: str) -> None:
    county.machine(device="T1")

    def put(unit: Any) -> None:
        row = stock.move(unit, CHIP, "flashed", "bench")
        row.device = "T1"
        blank = dict.fromkeys(("sim_until", "insurance", "insurance_until"), "")
        stock.set_papers(unit, row, **blank | papers)

    county.do(put)


def renew(county: Any, **papers: str) -> None:
    blank = dict.fromkeys(("sim_until", "insurance", "insurance_until"), "")
    county.do(lambda unit: stock.set_papers(unit, stock.get(unit, CHIP), **blank | papers))


def swept(county: Any) -> list[tuple[str, int, bool]]:
    """Kind, level and whether it is open of every alarm, after a sweep of a fresh process."""
    county.do(ModuleEnds().sweep)
    rows = select(Alarm).order_by(Alarm.raised_at, Alarm.kind)
    found = county.ask(lambda unit: list(unit.db.scalars(rows)))
    return [(one.kind, one.level, one.closed_at is None) for one in found]


def test_what_ends_within_thirty_days_is_an_alarm_until_it_is_renewed(county: Any) -> None:
    fitted(county, sim_until=county.day(31), insurance_until=county.day(29))
    assert swept(county) == [("INSURANCE_NEAR_END", 1, True)]
    county.clock.forward(2 * DAY_S)
    both = [("INSURANCE_NEAR_END", 1, True), ("SIM_NEAR_END", 1, True)]
    assert swept(county) == both
    assert swept(county) == both
    renew(county, sim_until=county.day(400))
    assert swept(county) == [("INSURANCE_NEAR_END", 1, True), ("SIM_NEAR_END", 1, False)]


def test_one_that_a_person_closed_is_said_again_after_a_month(county: Any) -> None:
    fitted(county, sim_until=county.day(5))
    assert swept(county) == [("SIM_NEAR_END", 1, True)]

    def close(unit: Any) -> None:
        row = unit.db.scalar(select(Alarm))
        row.closed_at = unit.now

    county.do(close)
    assert swept(county) == [("SIM_NEAR_END", 1, False)]
    county.clock.forward(31 * DAY_S)
    assert swept(county) == [("SIM_NEAR_END", 1, False), ("SIM_NEAR_END", 1, True)]


def test_a_module_in_the_store_or_scrapped_troubles_nobody(county: Any) -> None:
    fitted(county, sim_until=county.day(5))
    county.do(stock.move, CHIP, "scrapped", "office")
    county.do(lambda unit: stock.move(unit, "a4cf12abcd00", "received", "x"))
    assert swept(county) == []


def test_one_process_looks_every_ten_minutes(county: Any) -> None:
    ends = ModuleEnds()
    assert county.do(ends.sweep) == 0
    fitted(county, sim_until=county.day(5))
    assert county.do(ends.sweep) == 0
    county.clock.forward(601)
    assert county.do(ends.sweep) == 1

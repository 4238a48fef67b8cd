"""Campaigns go out in waves by share and district, and stop when too many fail."""

from typing import Any

import pytest
from sqlalchemy import select

from cloud.link import campaigns, packages, terminals, upgrades
from cloud.link.terminals import Terminal
from cloud.link.upgrades import Upgrade
from tests.cloud.link.test_upgrades import GOOD, HW


class Fleet:
    """Ten terminals that the package fits, on either database."""

    def __init__(self, county: Any) -> None:
        self.county = county
        works = county.enterprise()
        for place in range(10):
            device = f"D{place}"
            county.do(terminals.provision, device)
            county.machine(works, device=device, district="990101" if place < 4 else "990202")
        with county.ground.write() as unit:
            for row in unit.db.scalars(select(Terminal)):
                row.hw, row.status = HW, "active"
        county.do(packages.add, GOOD)

    def start(self, waves: Any = (20, 50, 100), stop: int = 30, **more: Any) -> str:
        def begin(unit: Any) -> str:
            return campaigns.start(unit, packages.newest(unit), list(waves), stop, **more).id

        return self.county.do(begin)

    def sweep(self) -> int:
        return self.county.do(campaigns.sweep)

    def end(self, count: int, state: str) -> None:
        """So many open upgrades end like this."""
        with self.county.ground.write() as unit:
            rows = select(Upgrade).where(Upgrade.state.in_(upgrades.OPEN)).order_by(Upgrade.device)
            for row in unit.db.scalars(rows.limit(count)).all():
                upgrades._end(unit, row, state, 0 if state == "done" else 6, "")

    def told(self, id: str) -> tuple[str, int, int]:
        told = self.county.do(lambda unit: campaigns.report(unit, campaigns.get(unit, id)))
        return told["state"], told["wave"], told["begun"]

    def act(self, act: Any, id: str) -> None:
        self.county.do(lambda unit: act(unit, campaigns.get(unit, id)))


@pytest.fixture
def fleet(either: Any, county: Any, clock: Any) -> Fleet:
    return Fleet(type(county)(either, clock))


def test_a_wave_follows_when_the_one_before_went_well(fleet: Fleet) -> None:
    id = fleet.start()
    assert fleet.told(id) == ("running", 0, 0)
    assert (fleet.sweep(), fleet.told(id)) == (1, ("running", 1, 2))
    assert (fleet.sweep(), fleet.told(id)) == (0, ("running", 1, 2))
    fleet.end(2, "done")
    assert (fleet.sweep(), fleet.told(id)) == (1, ("running", 2, 5))
    fleet.end(3, "done")
    fleet.sweep()
    assert fleet.told(id) == ("running", 3, 10)
    fleet.end(4, "done")
    assert fleet.sweep() == 0
    fleet.end(1, "done")
    fleet.sweep()
    assert fleet.told(id) == ("done", 3, 10)


def test_too_many_failures_stop_it_and_take_back_what_nobody_heard_of(fleet: Fleet) -> None:
    id = fleet.start(waves=(50, 100))
    fleet.sweep()
    fleet.end(2, "failed")
    fleet.end(1, "done")
    fleet.sweep()
    assert fleet.told(id) == ("stopped", 1, 3)
    assert fleet.sweep() == 0
    fleet.act(campaigns.resume, id)
    fleet.sweep()
    assert fleet.told(id) == ("running", 1, 5)


def test_few_failures_do_not(fleet: Fleet) -> None:
    id = fleet.start(waves=(50, 100))
    fleet.sweep()
    fleet.end(1, "failed")
    fleet.end(4, "done")
    fleet.sweep()
    assert fleet.told(id) == ("running", 2, 10)


def test_a_paused_one_begins_nothing_until_it_is_resumed(fleet: Fleet) -> None:
    id = fleet.start()
    fleet.sweep()
    fleet.act(campaigns.pause, id)
    assert (fleet.sweep(), fleet.told(id)) == (0, ("paused", 1, 0))
    fleet.act(campaigns.resume, id)
    fleet.sweep()
    assert fleet.told(id) == ("running", 1, 2)


def test_a_district_keeps_it_inside(fleet: Fleet) -> None:
    fleet.start(waves=(100,), district="990101")
    fleet.sweep()
    rows = select(Upgrade.device).order_by(Upgrade.device)
    devices = fleet.county.ask(lambda unit: list(unit.db.scalars(rows)))
    assert devices == ["D0", "D1", "D2", "D3"]


@pytest.mark.parametrize("waves", [(), (50,), (100, 50), (0, 100), (50, 50, 100), (100, 200)])
def test_waves_rise_to_the_whole(fleet: Fleet, waves: Any) -> None:
    with pytest.raises(campaigns.BadCampaign):
        fleet.start(waves=waves)
    for bad in ({"stop": 101}, {"district": "9"}):
        with pytest.raises(campaigns.BadCampaign):
            fleet.start(**bad)

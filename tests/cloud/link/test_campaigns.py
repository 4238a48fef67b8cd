"""Campaigns go out in waves by share and district, and stop when too many fail."""

from typing import Any

import pytest
from sqlalchemy import select

from cloud.link import campaigns, packages, terminals, upgrades
from cloud.link.campaigns import Wave
from cloud.link.commands import Command
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

    def start(self, waves: str = "20,50,100", stop: int = 30, **more: Any) -> str:
        def begin(unit: Any) -> str:
            each = Wave.each(waves)
            return campaigns.start(unit, packages.newest(unit), each, stop, **more).id

        return self.county.do(begin)

    def sweep(self) -> int:
        return self.county.do(campaigns.sweep)

    def end(self, count: int, state: str) -> None:
        """So many open upgrades end like this."""
        with self.county.ground.write() as unit:
            rows = select(Upgrade).where(Upgrade.state.in_(upgrades.OPEN)).order_by(Upgrade.device)
            for row in unit.db.scalars(rows.limit(count)).all():
                upgrades._end(unit, row, state, 0 if state == "done" else 6, "")

    def report(self, id: str) -> dict[str, Any]:
        return self.county.do(lambda unit: campaigns.report(unit, campaigns.get(unit, id)))

    def told(self, id: str) -> tuple[str, int, int]:
        told = self.report(id)
        return told["state"], told["wave"], told["begun"]

    def asked(self) -> list[str]:
        """Who has an open upgrade, in order."""
        rows = select(Upgrade.device).where(upgrades.IS_OPEN).order_by(Upgrade.device)
        return self.county.ask(lambda unit: list(unit.db.scalars(rows)))

    def orders(self) -> list[Command]:
        """The upgrade orders in the book of commands."""
        rows = select(Command).where(Command.name == "upgrade")
        return self.county.ask(lambda unit: list(unit.db.scalars(rows)))

    def act(self, act: Any, id: str) -> None:
        self.county.do(lambda unit: act(unit, campaigns.get(unit, id)))


def counts(**some: int) -> dict[str, int]:
    return dict.fromkeys(("begun", "done", "failed", "timed_out", "lost", "open"), 0) | some


def begins_to_load(unit: Any, device: str) -> None:
    told = {"result_code": 0, "progress": 1}
    upgrades.progress_reported(unit, terminals.get(unit, device), told)


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
    id = fleet.start(waves="50,100")
    fleet.sweep()
    fleet.end(2, "failed")
    fleet.end(1, "done")
    fleet.sweep()
    assert fleet.told(id) == ("stopped", 1, 3)
    assert fleet.sweep() == 0
    states = [row.state for row in fleet.orders()]
    assert sorted(states) == ["done", "refused", "refused", "replaced", "replaced"]
    fleet.act(campaigns.resume, id)
    fleet.sweep()
    assert fleet.told(id) == ("running", 1, 5)


def test_few_failures_do_not(fleet: Fleet) -> None:
    id = fleet.start(waves="50,100")
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
    id = fleet.start(waves="100", district="990101")
    fleet.sweep()
    assert fleet.asked() == ["D0", "D1", "D2", "D3"]
    assert fleet.report(id)["total"] == 4


def test_waves_go_by_share_and_district_one_after_the_other(fleet: Fleet) -> None:
    id = fleet.start(waves="990202:25,990202:100,9901:50,100")
    asked = []
    for _ in range(4):
        fleet.sweep()
        asked.append(fleet.asked())
        fleet.end(10, "done")
    assert asked == [["D4", "D5"], ["D6", "D7", "D8", "D9"], ["D0", "D1"], ["D2", "D3"]]
    fleet.sweep()
    assert fleet.told(id) == ("done", 4, 10)


def test_the_report_tells_each_wave_and_each_county(fleet: Fleet) -> None:
    id = fleet.start(waves="990202:50,990101:100,100", stop=50)
    fleet.sweep()
    fleet.end(1, "failed")
    fleet.end(2, "done")
    fleet.sweep()
    told = fleet.report(id)
    names = ("district", "share", "meant", "begun", "done", "failed", "open")
    assert [tuple(one[name] for name in names) for one in told["waves"]] == [
        ("990202", 50, 3, 3, 2, 1, 0),
        ("990101", 100, 4, 4, 0, 0, 4),
        ("", 100, 0, 0, 0, 0, 0),
    ]
    assert told["districts"] == [
        {"district": "990101", **counts(begun=4, open=4)},
        {"district": "990202", **counts(begun=3, done=2, failed=1)},
    ]
    assert (told["failed"], told["reasons"]) == (1, {"6": 1})


def test_whoever_is_silent_for_a_week_holds_up_no_campaign(fleet: Fleet, clock: Any) -> None:
    id = fleet.start(waves="50,100")
    fleet.sweep()
    fleet.end(2, "done")
    for _ in range(2):
        clock.forward(5 * 86_400)
        fleet.county.do(upgrades.sweep)
    assert fleet.report(id)["waves"][0]["timed_out"] == 3
    fleet.sweep()
    assert fleet.told(id) == ("running", 2, 10)
    fleet.act(campaigns.pause, id)  # nobody hears of it any more, those neither
    assert fleet.told(id) == ("paused", 2, 2)
    fleet.act(campaigns.resume, id)
    fleet.sweep()
    assert fleet.told(id) == ("running", 1, 5)
    fleet.end(3, "done")
    fleet.sweep()
    assert fleet.told(id) == ("running", 2, 10)


def test_whoever_begins_and_falls_silent_has_failed(fleet: Fleet, clock: Any) -> None:
    """A release that kills the modem says nothing of it, and goes no further."""
    id = fleet.start(waves="50,100")
    fleet.sweep()
    fleet.end(1, "done")
    for device in fleet.asked()[:3]:
        fleet.county.do(begins_to_load, device)
    for _ in range(2):
        clock.forward(5 * 86_400)
        fleet.county.do(upgrades.sweep)
    fleet.sweep()
    assert fleet.told(id) == ("stopped", 1, 4)  # who was never heard of is taken back
    assert fleet.report(id)["waves"][0]["lost"] == 3
    fleet.act(campaigns.resume, id)
    fleet.sweep()
    fleet.end(1, "done")
    fleet.sweep()
    assert fleet.told(id) == ("running", 2, 10)


def test_no_wave_follows_one_in_which_it_went_well_with_nobody(fleet: Fleet, clock: Any) -> None:
    id = fleet.start(waves="50,100")
    fleet.sweep()
    for _ in range(2):
        clock.forward(5 * 86_400)
        fleet.county.do(upgrades.sweep)
    fleet.sweep()
    assert fleet.told(id) == ("stopped", 1, 0)


def test_a_bad_place_does_not_hide_behind_the_good_waves_before_it(fleet: Fleet) -> None:
    id = fleet.start(waves="990202:100,100", stop=40)
    fleet.sweep()
    fleet.end(6, "done")
    fleet.sweep()
    fleet.end(2, "failed")
    fleet.end(1, "done")
    fleet.sweep()  # three of nine failed in all, but two of three here
    assert fleet.told(id)[0] == "stopped"


def test_a_great_wave_goes_out_in_pieces(fleet: Fleet, monkeypatch: Any, clock: Any) -> None:
    monkeypatch.setattr(campaigns, "PIECE", 4)
    id = fleet.start(waves="100")
    assert (fleet.sweep(), fleet.told(id)) == (1, ("running", 1, 4))
    assert (fleet.sweep(), fleet.told(id)) == (0, ("running", 1, 4))
    clock.forward(1)
    assert (fleet.sweep(), fleet.told(id)) == (1, ("running", 1, 8))
    with fleet.county.ground.write() as unit:  # one has come to it by cable meanwhile
        unit.db.get(Terminal, "D9").fw = packages.newest(unit).version
    fleet.sweep()
    assert (fleet.told(id), fleet.report(id)["waves"][0]["meant"]) == (("running", 1, 9), 9)


def test_a_terminal_that_is_under_way_to_it_is_not_begun_twice(fleet: Fleet) -> None:
    fleet.county.do(lambda unit: upgrades.start(unit, "D0", packages.newest(unit)))
    id = fleet.start(waves="100")
    fleet.sweep()
    assert fleet.told(id) == ("running", 1, 9)
    fleet.end(10, "done")
    fleet.sweep()
    assert fleet.told(id)[0] == "done"


@pytest.mark.parametrize(
    ("waves", "code"),
    [
        ("", "wave"),
        ("50;100", "wave"),
        ("990101:", "wave"),
        ("50", "last"),
        ("100,990101:50", "last"),
        (",".join(f"{990100 + n}:100" for n in range(51)), "last"),
        ("100,50", "rising"),
        ("0,100", "rising"),
        ("50,50,100", "rising"),
        ("100,200", "rising"),
        ("990101:50,990101:20,100", "rising"),
        ("9901013:50,100", "district"),
    ],
)
def test_waves_are_districts_and_shares_that_rise_to_the_whole(
    fleet: Fleet, waves: str, code: str
) -> None:
    with pytest.raises(campaigns.BadCampaign) as caught:
        fleet.start(waves=waves)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"stop": 101}, "limit"),
        ({"district": "9"}, "district"),
        ({"district": "990101", "waves": "990202:50,100"}, "outside"),
    ],
)
def test_its_limit_is_a_percentage_and_its_waves_lie_inside_it(
    fleet: Fleet, more: Any, code: str
) -> None:
    with pytest.raises(campaigns.BadCampaign) as caught:
        fleet.start(**more)
    assert caught.value.code == code

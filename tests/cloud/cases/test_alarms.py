"""Alarms are raised once, counted, tied to the journal, and closed (cloud/cases)."""

import json
import threading
from typing import Any

import pytest
from sqlalchemy import select

from cloud.book import outbox
from cloud.book.audit import AuditRow
from cloud.cases import alarms, from_terminals
from cloud.cases.alarms import Alarm
from cloud.link import intake, terminals
from cloud.work import jobs
from tests.cloud.stand_in import StandIn

LOG = "aa" * 8
DEVICE = "T1"


class Place:
    """A machine with a terminal; what the terminal says goes through to the cases."""

    def __init__(self, county: Any) -> None:
        self.county = county
        self.works = county.enterprise()
        self.terminal = StandIn(DEVICE, county.do(terminals.provision, DEVICE), county.clock)
        self.machine = county.machine(self.works, device=DEVICE)
        self.up(self.terminal.login())

    def up(self, payload: bytes) -> None:
        self.county.do(intake.receive, DEVICE, payload)
        every = outbox.together(jobs.handlers(), from_terminals.handlers())
        while outbox.deliver(self.county.ground, every):
            pass

    def e0(self, kind: str = "TAMPER", **more: Any) -> None:
        content = {"alarm": kind, "level": 3, "seq": 7} | more
        self.up(json.dumps({"actionCode": "E0", "content": content}).encode())

    def wrote(self, seq: int, kind: str, **more: Any) -> None:
        entry = {"log": LOG, "seq": seq, "boot": 1, "up": seq, "kind": kind} | more
        self.up(self.terminal.entries(LOG, entry))

    def every(self) -> list[Alarm]:
        rows = select(Alarm).order_by(Alarm.raised_at, Alarm.id)
        return list(self.county.ask(lambda unit: list(unit.db.scalars(rows))))

    def open(self) -> list[str]:
        return [one.kind for one in self.county.ask(alarms.open_about, DEVICE)]

    def audit(self) -> list[str]:
        rows = select(AuditRow.what).order_by(AuditRow.seq)
        return list(self.county.ask(lambda unit: list(unit.db.scalars(rows))))


@pytest.fixture
def place(either: Any, county: Any, clock: Any) -> Place:
    either.send = lambda *_: None
    return Place(type(county)(either, clock))


def test_an_alarm_is_raised_at_once_with_its_machine_and_place(place: Place) -> None:
    place.e0()
    (one,) = place.every()
    assert (one.kind, one.subject, one.level, one.state) == ("TAMPER", DEVICE, 3, "raised")
    assert (one.machine_id, one.district) == (place.machine.id, place.machine.district)
    assert place.audit() == ["alarm-raised"]


def test_the_same_word_again_by_line_or_journal_counts_once(place: Place) -> None:
    for _ in range(3):
        place.e0()
    place.wrote(7, "alarm", alarm="TAMPER", level=3)
    assert [one.count for one in place.every()] == [1]


def test_the_same_open_alarm_is_counted_not_repeated(place: Place) -> None:
    for seq in (7, 9, 12):
        place.e0(seq=seq)
    (one,) = place.every()
    assert (one.count, one.seqs["seqs"]) == (3, [7, 9, 12])
    assert place.audit() == ["alarm-raised"]


def test_the_journal_alone_raises_and_clears(place: Place) -> None:
    at = place.county.clock.now - 5000
    place.wrote(3, "alarm", alarm="GAS_WARN", level=2, at=at)
    assert place.every()[0].raised_at == at
    place.wrote(4, "alarm_clear", alarm="GAS_WARN")
    (one,) = place.every()
    assert (one.state, one.closed_why) == ("closed", "cleared")
    assert place.audit() == ["alarm-raised", "alarm-closed"]


def test_what_comes_late_does_not_open_a_closed_alarm_again(place: Place) -> None:
    place.e0()
    place.wrote(8, "alarm_clear", alarm="TAMPER")
    place.e0()
    place.wrote(7, "alarm", alarm="TAMPER")
    assert place.open() == []
    place.e0(seq=11)
    assert place.open() == ["TAMPER"]
    assert len(place.every()) == 2


def test_a_clearing_that_is_older_than_the_last_raising_closes_nothing(place: Place) -> None:
    place.e0(seq=7)
    place.e0(seq=10)
    place.wrote(9, "alarm_clear", alarm="TAMPER")
    assert place.open() == ["TAMPER"]


@pytest.mark.parametrize("by", ["alarm", "journal"])
def test_the_end_of_an_emergency_release_closes_its_alarm(place: Place, by: str) -> None:
    place.e0("EMERGENCY_ON", seq=5)
    assert place.open() == ["EMERGENCY_ON"]
    if by == "alarm":
        place.e0("EMERGENCY_OFF", seq=6, level=1)
    else:
        place.wrote(6, "emergency_off", why="contact")
    assert place.open() == []
    assert len(place.every()) == 1


def test_mains_loss_is_an_alarm_only_together_with_an_open_lid(place: Place) -> None:
    place.up(place.terminal.leave("power"))
    assert place.open() == []
    place.up(place.terminal.login())
    place.up(place.terminal.leave("power", tamper=1))
    assert place.open() == ["POWER_TAMPER"]


def test_each_kind_stands_for_itself_and_has_its_level(place: Place) -> None:
    for seq, kind in enumerate(alarms.LEVELS, 1):
        content = {"alarm": kind, "seq": seq}
        place.up(json.dumps({"actionCode": "E0", "content": content}).encode())
    assert {one.kind: one.level for one in place.every()} == alarms.LEVELS


@pytest.mark.parametrize(
    ("kind", "told", "level"),
    [
        ("TAMPER", 1, 3),
        ("GAS_TRIP", 0, 3),
        ("GAS_WARN", 3, 3),
        ("LOW_SIGNAL", 9, 3),
        ("OTHER_MAKERS", 0, 1),
        ("OTHER_MAKERS", 1, 1),
        ("OTHER_MAKERS", 99, 3),
        ("OTHER_MAKERS", None, 2),
    ],
)
def test_a_terminal_may_call_it_graver_and_never_less_grave(
    county: Any, kind: str, told: int | None, level: int
) -> None:
    alarm = county.do(alarms.raise_alarm, kind, DEVICE, district="990101001", level=told)
    assert alarm.level == level


def test_a_terminal_in_stock_raises_alarms_too(county: Any) -> None:
    place = Place(county)
    county.do(terminals.provision, "T-stock")
    body = json.dumps({"actionCode": "E0", "content": {"alarm": "TAMPER", "seq": 1}}).encode()
    county.do(intake.receive, "T-stock", body)
    place.e0()
    assert sorted(one.subject for one in place.every()) == ["T-stock", DEVICE]


def test_an_alarm_without_a_name_of_ours_is_left_to_the_journal(place: Place) -> None:
    place.wrote(1, "alarm", alarm="张三")
    place.wrote(2, "alarm")
    assert place.every() == []


def test_somebody_closes_an_alarm_once(place: Place) -> None:
    place.e0("JOURNAL_FULL")
    for who in ("person-1", "person-2"):
        place.county.do(lambda unit, w=who: alarms.close(unit, _first(unit), w, "seen"))
    (one,) = place.every()
    assert (one.closed_by, one.closed_why) == ("person-1", "seen")
    assert place.audit().count("alarm-closed") == 1


def _first(unit: Any) -> Alarm:
    return unit.db.scalar(select(Alarm))


def test_an_upgrade_that_went_well_closes_the_failed_one(place: Place) -> None:
    place.e0("UPGRADE_FAILED")
    place.wrote(8, "alarm_clear", alarm="UPGRADE_FAILED")
    assert place.open() == ["UPGRADE_FAILED"]
    told = {"device": DEVICE, "digest": "", "code": 0, "words": ""}
    place.county.do(outbox.tell, "upgrade-done", "u1", told)
    place.up(place.terminal.beat())
    assert place.open() == []


def test_many_hands_at_once_raise_one_alarm(place: Place) -> None:
    barrier = threading.Barrier(4)

    def storm(seq: int) -> None:
        barrier.wait()
        content = {"alarm": "BYPASS", "seq": seq}
        body = json.dumps({"actionCode": "E0", "content": content}).encode()
        place.county.do(intake.receive, DEVICE, body)

    threads = [threading.Thread(target=storm, args=(seq,)) for seq in (1, 2, 3, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    place.up(place.terminal.beat())
    (one,) = place.every()
    assert (one.count, sorted(one.seqs["seqs"])) == (3, [1, 2, 3])

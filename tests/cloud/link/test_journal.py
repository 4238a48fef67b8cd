"""Journals come whole, whatever the way and the order (cloud/link/journal.py)."""

import json
import random
from typing import Any

import pytest

from cloud.link import journal, terminals
from cloud.link.commands import Command
from tests.cloud.link.conftest import DEVICE, Line
from tests.cloud.stand_in import StandIn

LOG = "aa" * 8


def entry(seq: int, kind: str = "refuse", **other: Any) -> dict[str, Any]:
    return {"log": LOG, "seq": seq, "boot": 1, "up": seq * 1000, "kind": kind} | other


@pytest.fixture
def either_line(either: Any, county: Any, clock: Any, sent: list) -> Line:
    """A terminal that is logged in, on each of the two databases in turn."""
    from cloud.link import terminals

    either.send = lambda *out: sent.append(out)
    there = type(county)(either, clock)
    line = Line(there, sent, StandIn(DEVICE, there.do(terminals.provision, DEVICE), clock))
    line.login()
    line.leaving()
    return line


def bring(line: Line, *entries: dict[str, Any], **span: int) -> int:
    """A batch arrives; up to where the terminal is told to forget."""
    assert line.up(line.terminal.entries(LOG, *entries, **span)) == "journal"
    bodies = [json.loads(body) for body in line.leaving()]
    told = [body["services"][0] for body in bodies if "services" in body]
    assert [(one["service_id"], one["event_type"]) for one in told] == [("journal", "stored")]
    paras = told[0]["paras"]
    covered = f"{DEVICE}|stored|{LOG}|{paras['to']}"
    assert paras == {
        "log": LOG,
        "to": paras["to"],
        "mac": line.terminal._mac("command", covered),
    }
    return int(paras["to"])


def kept(line: Line) -> list[int]:
    return [one.seq for one in line.county.ask(journal.entries, DEVICE, LOG)]


def head(line: Line) -> journal.JournalLog:
    return line.county.ask(journal.logs, DEVICE)[0]


def test_a_batch_is_kept_and_stored_is_told_after_the_commit(either_line: Line) -> None:
    assert bring(either_line, entry(1, "boot"), entry(2), entry(3)) == 3
    assert kept(either_line) == [1, 2, 3]


def test_the_same_batch_twice_is_kept_once_and_answered_twice(either_line: Line) -> None:
    batch = [entry(1, "on", job="j1"), entry(2, "off", job="j1")]
    assert [bring(either_line, *batch), bring(either_line, *batch)] == [2, 2]
    assert kept(either_line) == [1, 2]
    assert len(either_line.told("journal-on", "journal-off")) == 2


def test_batches_in_any_order_end_whole(either_line: Line) -> None:
    order = list(range(1, 31))
    random.Random(5).shuffle(order)
    told = [bring(either_line, entry(seq)) for seq in order]
    assert told == sorted(told)
    assert told[-1] == 30
    assert kept(either_line) == list(range(1, 31))
    assert head(either_line).ask_at is None


def test_nothing_above_a_hole_may_be_forgotten(online: Line) -> None:
    online.leaving()
    assert [bring(online, entry(1)), bring(online, entry(3), entry(4))] == [1, 1]
    assert bring(online, entry(2)) == 4


def test_a_hole_that_stays_is_asked_for_and_one_that_closes_is_not(either_line: Line) -> None:
    line = either_line
    bring(line, entry(2))
    assert line.county.do(journal.sweep) == 0
    line.clock.forward(20)
    assert line.county.do(journal.sweep) == 1
    command = json.loads(line.leaving()[0])
    assert command["command_name"] == "journal"
    content = command["paras"]["content"]
    assert (content["log"], content["from"]) == (LOG, 1)
    bring(line, entry(1))
    line.clock.forward(3600)
    assert line.county.do(journal.sweep) == 0


def test_a_hole_is_asked_for_ever_more_seldom(online: Line) -> None:
    online.exchange()
    bring(online, entry(2))
    asked = 0
    for _ in range(6 * 60):
        online.clock.forward(60)
        online.beat()
        asked += online.county.do(journal.sweep)
        online.exchange()
    assert 8 <= asked <= 13


def test_after_a_restore_each_terminal_is_asked_for_what_came_later_but_not_for_ever(
    online: Line,
) -> None:
    online.exchange()
    bring(online, entry(1), entry(2))
    online.leaving()
    online.county.do(journal.ask_for_later)
    asked = []
    for _ in range(60):
        online.clock.forward(60)
        online.beat()
        if online.county.do(journal.sweep):
            asked += [json.loads(body) for body in online.leaving()]
        online.exchange()
    froms = [one["paras"]["content"]["from"] for one in asked if one["command_name"] == "journal"]
    assert froms == [3] * journal.LATER_TRIES
    assert head(online).ask_at is None


def test_a_dark_terminal_is_not_asked(online: Line) -> None:
    online.up(online.terminal.entries(LOG, entry(2)))
    online.up(online.terminal.leave())
    online.clock.forward(300)
    online.leaving()
    online.county.do(journal.sweep)
    assert online.leaving() == []
    commands = online.county.ask(
        lambda unit: unit.db.query(Command).filter_by(name="journal").count()
    )
    assert commands == 0


def test_what_is_no_longer_there_lies_inside_a_batch_and_leaves_no_hole(online: Line) -> None:
    online.leaving()
    gap = {**entry(10, "gap"), "from": 2, "to": 8, "count": 6}
    batch = [entry(5, "on", job="j1"), entry(9), gap]
    assert bring(online, *batch, first=1) == 10
    assert kept(online) == [5, 9, 10]
    assert len(online.told("journal-gap")) == 1
    assert bring(online, first=11, last=1010) == 1010


def test_islands_beyond_the_limit_are_forgotten_and_come_again(online: Line) -> None:
    online.leaving()
    for number in range(journal.SPANS_MAX + 3):
        bring(online, first=10 * number + 2, last=10 * number + 5)
    assert len(head(online).spans["above"]) == journal.SPANS_MAX
    assert bring(online, first=1, last=3000) == 3000
    assert head(online).spans["above"] == []


@pytest.mark.parametrize("field", ["log", "from", "to", "entries", "mac"])
def test_entries_without_the_terminals_own_mac_are_not_kept(online: Line, field: str) -> None:
    batch = online.terminal.batch(LOG, entry(2), entry(3))
    other = {"log": "bb" * 8, "from": 1, "to": 9, "entries": [entry(2)], "mac": "0" * 32}[field]
    said = online.terminal.event("journal", "entries", batch | {field: other})
    online.leaving()
    assert online.up(said) == "bad-mac"
    assert online.leaving() == []
    assert online.county.ask(journal.logs, DEVICE) == []


@pytest.mark.parametrize(
    "paras", [{}, {"log": LOG}, {"log": 7, "entries": []}, {"log": LOG, "entries": {}}]
)
def test_what_is_no_batch_is_counted_and_kept_as_odd(online: Line, paras: dict) -> None:
    assert online.up(online.terminal.event("journal", "entries", paras)) == "journal-form"
    assert online.row.odd == 1


def test_an_entry_of_an_unknown_kind_or_with_nonsense_in_it_leaves_no_hole(online: Line) -> None:
    online.leaving()
    odd = [entry(1, "future", more="x" * 5000), {"seq": 2, "kind": 7, "boot": "x", "at": "y"}]
    assert bring(online, *odd) == 2
    rows = online.county.ask(journal.entries, DEVICE, LOG)
    assert [(one.kind, one.boot) for one in rows] == [("future", 1), ("odd", 0)]
    assert len(json.dumps(rows[0].details)) < 1500


def test_times_are_filled_in_from_the_same_boot_only(either_line: Line) -> None:
    line = either_line
    at = line.clock.now
    bring(line, entry(1, "boot", boot=1), entry(2, boot=1))
    bring(line, entry(3, boot=2), entry(4, "clock", boot=2, at=at))
    rows = line.county.ask(journal.entries, DEVICE, LOG)
    assert [(one.at, one.at_told) for one in rows] == [
        (None, False),
        (None, False),
        (at - 1000, False),
        (at, True),
    ]
    bring(line, entry(5, boot=1, up=60_000, at=at))
    rows = line.county.ask(journal.entries, DEVICE, LOG)
    assert [one.at for one in rows[:2]] == [at - 59_000, at - 58_000]


def test_a_new_log_begins_anew_and_the_old_one_stays(online: Line) -> None:
    online.leaving()
    bring(online, entry(1), entry(2))
    other = "cc" * 8
    online.up(online.terminal.entries(other, entry(1) | {"log": other}))
    assert {one.log: one.to for one in online.county.ask(journal.logs, DEVICE)} == {
        LOG: 2,
        other: 1,
    }


def test_a_phone_brings_the_same_entries_through_the_same_door(online: Line) -> None:
    paras = online.terminal.batch(LOG, entry(1, "on", job="j1"))

    def hand_in(unit: Any) -> journal.Taken:
        return journal.take(unit, terminals.locked(unit, DEVICE), paras, via="phone")

    taken = online.county.do(hand_in)
    assert (taken.word, taken.stored["to"]) == ("journal", 1)
    online.leaving()
    assert bring(online, entry(1, "on", job="j1"), entry(2)) == 2
    assert [one["via"] for one in online.told("journal-on")] == ["phone"]


def test_no_phone_speaks_for_a_terminal_that_signs_nothing(online: Line) -> None:
    paras = online.terminal.batch(LOG, entry(1, "off", job="j1"))

    def hand_in(unit: Any) -> journal.Taken:
        row = terminals.locked(unit, DEVICE)
        row.signed = False
        return journal.take(unit, row, paras, via="phone")

    assert online.county.do(hand_in).word == "bad-mac"
    assert online.told("journal-off") == []


def test_events_tell_what_the_rooms_above_need(online: Line) -> None:
    said = {"job": "j1", "by": "ticket", "at": online.clock.now}
    online.up(online.terminal.entries(LOG, entry(1, "on", **said), entry(2, "boot")))
    told = online.told("journal-on", "journal-boot")
    assert len(told) == 1
    assert (told[0]["job"], told[0]["at"], told[0]["seq"]) == ("j1", online.clock.now, 1)
    assert told[0]["said"]["by"] == "ticket"

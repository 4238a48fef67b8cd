"""Tickets and their receipts, against the vectors shared with the firmware and by themselves."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from cloud.link import terminals, tickets, wire
from tests.cloud.link.conftest import DEVICE, Line
from tests.cloud.stand_in import StandIn

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "tickets.json").read_text("utf-8"))
SECRET = bytes.fromhex(VECTORS["secret"])
CH = "0011223344556677"


@pytest.fixture
def either_line(either: Any, county: Any, clock: Any, sent: list) -> Line:
    there = type(county)(either, clock)
    line = Line(there, sent, StandIn(DEVICE, there.do(terminals.provision, DEVICE), clock))
    either.send = lambda *out: sent.append(out)
    line.login()
    return line


def make(line: Line, act: str = "on", **given: Any) -> tuple[Any, str]:
    """(row, text) of a ticket."""

    def made(unit: Any) -> tuple[Any, str]:
        named = {"person_id": "someone", "job": "j1", "lease_s": 3600} | given
        ticket = tickets.make(unit, DEVICE, act, **named)
        return ticket, tickets.written(unit, ticket)

    return line.county.do(made)


def fields(text: str) -> dict[str, Any]:
    body = text.split(".")[0]
    return dict(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))


@pytest.mark.parametrize("one", VECTORS["tickets"], ids=lambda one: one["name"])
def test_a_ticket_is_spelled_as_the_terminal_reads_it(one: dict) -> None:
    assert tickets.spelled(SECRET, one["fields"]) == one["text"]
    assert tickets.identity(one["text"]) == one["id"]


@pytest.mark.parametrize("one", VECTORS["receipts"], ids=lambda one: one["receipt"]["id"][:6])
def test_the_firmwares_receipts_are_believed(one: dict) -> None:
    told = one["receipt"]
    assert tickets.identity(tickets.spelled(SECRET, one["fields"])) == told["id"]
    good = (SECRET, VECTORS["device"], told["id"])
    assert wire.good_receipt(*good, told["code"], told)
    assert not wire.good_receipt(*good, 700 - told["code"], told)


def test_an_off_line_ticket_has_the_next_number_and_an_on_line_one_the_challenge(
    either_line: Line,
) -> None:
    first, text = make(either_line)
    said = fields(text)
    assert said["n"] == first.n == 1
    assert "ch" not in said
    assert said["exp"] - said["iat"] == tickets.LIFE_MAX_S * 1000
    other, text = make(either_line, challenge=CH)
    said = fields(text)
    assert (said["ch"], other.n) == (CH, None)
    assert said["exp"] - said["iat"] == tickets.ONLINE_LIFE_S * 1000
    assert "n" not in said
    assert make(either_line, job="j2")[0].n == 2
    assert either_line.county.ask(tickets.next_free, DEVICE) == 3


def test_asked_for_twice_it_is_the_same_ticket(either_line: Line) -> None:
    assert make(either_line)[1] == make(either_line)[1]
    assert make(either_line, challenge=CH)[1] == make(either_line, challenge=CH)[1]
    either_line.clock.forward(tickets.LIFE_MAX_S + 1)
    assert make(either_line)[0].n == 2


def test_asked_for_again_under_an_authority_that_ends_otherwise_it_is_another(
    either_line: Line,
) -> None:
    numbers = [make(either_line, life_s=life_s)[0].n for life_s in (3600, 3630, 7200, 600)]
    assert numbers == [1, 1, 2, 3]
    assert [make(either_line, "off", lease_s=0)[0].n for _ in range(2)] == [4, 4]
    either_line.clock.forward(300)
    assert make(either_line, "off", lease_s=0)[0].n == 4  # it switches nothing on


def test_a_ticket_names_nobody(either_line: Line) -> None:
    one, other = fields(make(either_line)[1]), fields(make(either_line, person_id="b")[1])
    assert one["who"] != other["who"]
    assert "someone" not in json.dumps(one)


@pytest.mark.parametrize(("act", "most"), tickets.LEASE_MAX_S.items())
def test_no_lease_is_longer_than_its_act_allows(online: Line, act: str, most: int) -> None:
    said = fields(make(online, act, lease_s=1_000_000)[1])
    assert said.get("lease_s", 0) == most


def test_a_receipt_is_the_terminals_own_word(either_line: Line) -> None:
    line = either_line
    row, text = make(line, challenge=CH)
    told = line.terminal.take(text)
    assert [line.county.do(tickets.receipt, told) for _ in range(2)] == ["receipt"] * 2
    events = line.told("ticket-done")
    assert [(one["act"], one["job"], one["current"]) for one in events] == [("on", "j1", True)]
    assert (line.row.relay, line.row.job) == (1, "j1")
    assert line.county.ask(tickets.get, row.id).told_at == line.clock.now


@pytest.mark.parametrize("field", ["relay", "up", "n", "epoch", "code"])
def test_a_receipt_that_was_changed_on_the_way_is_not_believed(online: Line, field: str) -> None:
    told = online.terminal.take(make(online)[1])
    changed = told | {field: "00" * 8 if field == "epoch" else told[field] + 1}
    assert online.county.do(tickets.receipt, changed) == "bad-mac"
    assert online.told("ticket-done", "ticket-refused") == []
    assert online.row.relay == 0


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"id": "00" * 16}, "no-such-ticket"),
        ({"d": "HM-other"}, "no-such-ticket"),
        ({"id": 7}, "receipt-form"),
        ({"code": None}, "receipt-form"),
    ],
)
def test_a_receipt_of_nothing_we_know_says_so(online: Line, change: dict, word: str) -> None:
    told = online.terminal.take(make(online)[1]) | change
    assert online.county.do(tickets.receipt, told) == word


def test_a_refused_ticket_that_is_obeyed_later_is_told_both_times(online: Line) -> None:
    _row, text = make(online)
    for word in ("gas", ""):
        online.clock.forward(1)
        assert online.county.do(tickets.receipt, online.terminal.take(text, word)) == "receipt"
    kinds = [one["kind"] for one in online.told("ticket-done", "ticket-refused")]
    assert kinds == ["ticket-refused", "ticket-done"]


def test_a_ticket_refused_while_another_job_runs_does_not_take_its_place(online: Line) -> None:
    online.county.do(tickets.receipt, online.terminal.take(make(online)[1]))
    online.clock.forward(1)
    refused = online.terminal.take(make(online, job="j2")[1], "busy")
    assert refused["relay"] == 1
    assert online.county.do(tickets.receipt, refused) == "receipt"
    assert (online.row.relay, online.row.job) == (1, "j1")


def test_a_receipt_from_an_unknown_boot_counts_only_if_the_line_was_dark(online: Line) -> None:
    online.clock.forward(5)
    _row, text = make(online)
    online.clock.forward(5)
    online.terminal.restart()
    told = online.terminal.take(text)
    assert online.county.do(tickets.receipt, told) == "receipt"
    assert (online.row.relay, online.row.epoch) == (1, online.terminal.epoch)
    _other, text = make(online, job="j2")
    online.terminal.restart()
    late = online.terminal.take(text)
    online.clock.forward(5)
    online.terminal.restart()
    online.login()
    assert online.county.do(tickets.receipt, late) == "receipt"
    assert [one["current"] for one in online.told("ticket-done")] == [True, False]
    assert online.row.relay == 0


def test_a_terminal_without_macs_gets_no_tickets(online: Line) -> None:
    online.county.do(terminals.provision, DEVICE, signed=False)
    with pytest.raises(tickets.NoTicket):
        make(online)

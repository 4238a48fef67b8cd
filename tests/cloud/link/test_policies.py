"""A terminal works by the numbers that the cloud wants (cloud/link/policies.py)."""

import json
from pathlib import Path
from typing import Any

import pytest

from cloud.book import outbox
from cloud.link import policies, terminals, wire
from tests.cloud.link.conftest import DEVICE, Line

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "policy.json").read_text("utf-8"))
BASE = {"beat_working_s": 60, "beat_idle_s": 180, "lease_max_s": 43_200}


def want(line: Line, told: int | None = None, **more: int) -> Any:
    return line.county.do(policies.want, DEVICE, BASE | more, told)


def deliver(line: Line) -> None:
    while outbox.deliver(line.county.ground, policies.handlers()):
        pass


def exchange(line: Line) -> list[dict[str, Any]]:
    """The policies that crossed; the answers are taken in."""
    crossed = []
    while bodies := line.leaving():
        for body in bodies:
            said = json.loads(body)
            if said.get("command_name") == "policy":
                crossed.append(said["paras"]["content"])
            answer = line.terminal.hear(body)
            if answer:
                line.up(answer)
        deliver(line)
    return crossed


def row(line: Line) -> Any:
    return line.county.ask(policies.get, DEVICE)


def test_a_terminal_gets_the_whole_policy_and_acknowledges_it(online: Line) -> None:
    want(online, budget_h=0)
    (content,) = exchange(online)
    fields = {name: content[name] for name in policies.FIELDS}
    assert set(content) == {*policies.FIELDS, "version", "refill", *wire.SIGNED_FIELDS}
    assert (fields["budget_h"], fields["beat_idle_s"], content["version"]) == (0, 180, 2)
    assert (row(online).acked, row(online).ask_at) == (2, None)


def test_fields_defaults_and_limits_are_those_of_the_vectors() -> None:
    assert {name: list(field) for name, field in policies.FIELDS.items()} == VECTORS["fields"]
    assert [list(pair) for pair in policies.PAIRS] == VECTORS["pairs"]


def test_what_is_acknowledged_is_not_sent_again(online: Line) -> None:
    want(online)
    assert len(exchange(online)) == 1
    want(online)
    online.clock.forward(3600)
    online.beat()
    online.county.do(policies.sweep)
    assert exchange(online) == []


def test_a_change_counts_the_version_up_and_is_sent(online: Line) -> None:
    want(online)
    exchange(online)
    want(online, max_h=1)
    assert [one["version"] for one in exchange(online)] == [2]


def test_a_terminal_that_lost_its_policy_gets_it_again(online: Line) -> None:
    want(online)
    exchange(online)
    want(online, told=0)
    assert len(exchange(online)) == 1
    want(online, told=1)
    assert exchange(online) == []


def test_one_terminals_own_numbers_stand_above_those_of_its_place(online: Line) -> None:
    want(online, budget_h=0)
    online.county.do(policies.set_own, DEVICE, {"budget_h": 6})
    assert exchange(online)[-1]["budget_h"] == 6
    want(online, budget_h=0)
    assert exchange(online) == []
    online.county.do(policies.set_own, DEVICE, {"budget_h": None})
    assert exchange(online)[-1]["budget_h"] == 0


def test_a_refill_is_a_number_not_seen_before(online: Line) -> None:
    want(online)
    exchange(online)
    for number, sent in ((1, [1]), (5, [5]), (5, []), (4, [])):
        online.county.do(policies.refill, DEVICE, number)
        assert [one["refill"] for one in exchange(online)] == sent


@pytest.mark.parametrize(
    "fields",
    [
        {"beat_idle_s": 5},
        {"budget_h": 101},
        {"no_contact_s": True},
        {"made_up": 1},
        {"arc_off_a": 20},
        {"gas_warn": 60},
        {"version": 9},
    ],
)
def test_what_would_silence_or_free_a_terminal_is_not_accepted(online: Line, fields: dict) -> None:
    with pytest.raises(policies.BadPolicy):
        online.county.do(policies.set_own, DEVICE, fields)
    assert row(online) is None


def test_an_unanswered_policy_is_sent_again_later(online: Line) -> None:
    online.terminal.deaf = True
    want(online)
    online.leaving()
    online.clock.forward(21)
    online.sweep()
    deliver(online)
    online.terminal.deaf = False
    online.clock.forward(61)
    online.beat()
    assert online.county.do(policies.sweep) == 1
    exchange(online)
    assert row(online).acked == 1


def test_while_our_queue_is_late_a_policy_goes_out_few_times_and_the_late_answer_counts(
    online: Line,
) -> None:
    """Seven minutes of backlog: what the terminal says is taken in seven minutes later."""
    want(online)
    (first,) = online.leaving()
    answer = online.terminal.hear(first)
    sent = 0
    for second in range(420):
        online.clock.forward(1)
        if second % 180 == 179:
            online.beat()  # it was sent before the policy came
        online.sweep()
        deliver(online)
        online.county.do(policies.sweep)
        sent += len(online.leaving())
    assert 0 < sent <= 5  # a command is handed over twice
    online.up(answer)
    deliver(online)
    assert (row(online).acked, row(online).ask_at) == (1, None)


def test_a_policy_that_came_too_late_for_the_terminal_is_no_refusal(online: Line) -> None:
    want(online)
    for _ in range(2):  # the second is the command tried once more
        body = json.loads(online.leaving()[-1])
        online.up(online.terminal.answer(body["id"], "policy", "expired"))
        deliver(online)
    assert row(online).refused == "" and row(online).ask_at is not None
    online.clock.forward(70)
    online.beat()
    online.county.do(policies.sweep)
    assert len(exchange(online)) == 1
    assert row(online).acked == 1


def test_a_dark_terminal_is_told_when_it_is_back(online: Line) -> None:
    online.up(online.terminal.leave())
    want(online)
    assert online.leaving() == []
    online.login()
    want(online)
    assert len(exchange(online)) == 1


def test_a_policy_that_is_refused_is_not_sent_again_and_again(online: Line) -> None:
    want(online)
    body = json.loads(online.leaving()[0])
    online.up(online.terminal.answer(body["id"], "policy", "unsupported"))
    deliver(online)
    assert row(online).refused == "unsupported"
    online.clock.forward(7200)
    online.beat()
    assert online.county.do(policies.sweep) == 0


def test_a_change_while_an_older_one_is_on_its_way_ends_with_the_newest(online: Line) -> None:
    want(online)
    want(online, max_h=1)
    versions = [one["version"] for one in exchange(online)]
    assert versions[-1] == 2
    assert row(online).acked == 2


def test_heartbeats_are_expected_as_the_acknowledged_policy_says(online: Line) -> None:
    want(online, beat_idle_s=600)
    exchange(online)
    online.clock.forward(1)
    online.beat()
    assert online.row.deadline == online.clock.now + 600 * 2500 + 10_000


def test_a_terminal_short_of_data_says_when_its_next_heartbeat_comes(online: Line) -> None:
    online.clock.forward(1)
    online.beat(next_s=900)
    assert online.row.deadline == online.clock.now + 900 * 2500 + 10_000
    online.clock.forward(900)
    online.beat()
    assert online.row.deadline == online.clock.now + 180 * 2500 + 10_000


def test_the_same_on_both_databases(either: Any, county: Any, clock: Any) -> None:
    there = type(county)(either, clock)
    there.do(terminals.provision, DEVICE)
    there.do(policies.want, DEVICE, BASE | {"max_h": 1})
    assert there.do(policies.sweep) == 0
    clock.forward(61)
    assert there.do(policies.sweep) == 1
    assert there.ask(policies.get, DEVICE).content["max_h"] == 1

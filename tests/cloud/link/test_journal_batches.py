"""What a batch says is gone is no hole, against the vectors shared with the firmware."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from cloud.base.database import canonical
from cloud.link import journal, wire
from tests.cloud.link.conftest import DEVICE, Line

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "journal.json").read_text("utf-8"))
SECRET = bytes.fromhex(VECTORS["secret"])


def paras(case: dict[str, Any]) -> dict[str, Any]:
    return case["body"]["services"][0]["paras"]


@pytest.mark.parametrize("case", VECTORS["batches"], ids=lambda case: case["about"][:20])
def test_the_terminals_batches_are_proved_by_their_mac(case: dict[str, Any]) -> None:
    said = paras(case)
    assert wire.good_entries(SECRET, VECTORS["device"], said)
    for field, other in (("from", 2), ("to", 4000), ("log", "00"), ("entries", [1]), ("mac", "")):
        assert not wire.good_entries(SECRET, VECTORS["device"], said | {field: other})
    for field in ("from", "to"):
        left_out = {name: value for name, value in said.items() if name != field}
        assert not wire.good_entries(SECRET, VECTORS["device"], left_out)


@pytest.mark.parametrize("case", VECTORS["stored"], ids=lambda case: case["mac_over"][-12:])
def test_stored_is_signed_as_the_terminal_expects(case: dict[str, Any]) -> None:
    said = paras(case)
    parts = (VECTORS["device"], "stored", said["log"], said["to"])
    assert wire.mac(SECRET, "command", *parts) == said["mac"]


@pytest.mark.parametrize("case", VECTORS["settle"], ids=lambda case: case["about"][:20])
def test_stored_reaches_as_far_as_the_batches_told(online: Line, case: dict[str, Any]) -> None:
    for step in case["steps"]:
        entries = [{"log": step["log"], "seq": n, "boot": 1, "kind": "x"} for n in step["seqs"]]
        batch = ranged(online, step["log"], step["from"], step["to"], entries)
        online.leaving()
        assert online.up(online.terminal.event("journal", "entries", batch)) == "journal"
        (told,) = [json.loads(body)["services"][0] for body in online.leaving()]
        assert told["paras"]["log"] == step["log"]
        assert told["paras"]["to"] >= step["settled"]  # sooner where a hole closes
    assert told["paras"]["to"] == step["settled"]


def test_a_critical_entry_that_was_lost_inside_a_gap_is_not_passed_over(online: Line) -> None:
    gap = {"log": "a", "seq": 10, "boot": 1, "kind": "gap", "from": 2, "to": 8, "count": 6}
    one = {"log": "a", "seq": 1, "boot": 1, "kind": "boot"}
    online.up(online.terminal.event("journal", "entries", ranged(online, "a", 1, 1, [one])))
    online.up(online.terminal.event("journal", "entries", ranged(online, "a", 9, 10, [gap])))
    (head,) = online.county.ask(journal.logs, DEVICE)
    assert (head.to, head.spans["above"]) == (1, [[9, 10]])


@pytest.mark.parametrize("odd", [{"from": 0}, {"from": "1"}, {"to": 0}, {"to": None}])
def test_a_batch_with_an_odd_range_is_counted_as_odd(online: Line, odd: dict[str, Any]) -> None:
    batch = ranged(online, "a", 1, 1, []) | odd
    said = online.terminal.event("journal", "entries", batch)
    assert online.up(said) == "journal-form"


def ranged(
    line: Line, log: str, first: int, to: int, entries: list[dict[str, Any]]
) -> dict[str, Any]:
    digest = hashlib.sha256(canonical(entries).encode()).hexdigest()
    mac = line.terminal._mac("receipt", f"{DEVICE}|entries|{log}|{first}|{to}|{digest}")
    return {"log": log, "from": first, "to": to, "entries": entries, "mac": mac}

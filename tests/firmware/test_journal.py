"""The journal on a plain folder: what is kept, in which order, what is dropped, what is sent."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from terminal import mac
from terminal.journal import Journal, batch_mac

from . import signing

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "journal.json").read_text("utf-8"))
ROOM = 98_304


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., Journal]:
    """Each call is a new start of the terminal on the same flash."""
    boots = 0

    def make(room: int = ROOM) -> Journal:
        nonlocal boots
        boots += 1
        return Journal(str(tmp_path / "journal"), lambda n: bytes([boots]) * n, boots, room)

    return make


def everything(journal: Journal, first: int = 1) -> list[dict[str, Any]]:
    journal.rewind(first)
    found = []
    while True:
        entries, to = journal.batch(1000)
        if to <= journal.sent_to:
            return found
        found += entries
        journal.sent(to)


def test_what_was_added_comes_back_in_order_with_its_numbers(start: Callable) -> None:
    journal = start()
    assert journal.add("boot", 5, None, reason="power") == 1
    assert journal.add("clock", 6, signing.IAT, critical=False) == 2
    assert journal.add("on", 7, signing.IAT, job="焊-1") == 3
    base = {"log": journal.log, "boot": 1}
    assert everything(journal) == [
        base | {"seq": 1, "up": 5, "kind": "boot", "reason": "power"},
        base | {"seq": 2, "up": 6, "kind": "clock", "at": signing.IAT},
        base | {"seq": 3, "up": 7, "kind": "on", "at": signing.IAT, "job": "焊-1"},
    ]


def test_a_restart_keeps_log_number_and_what_the_cloud_has(start: Callable) -> None:
    journal = start()
    for n in range(5):
        journal.add("on", n, 0, job=f"j{n}")
    journal.batch(10_000)
    assert journal.stored(journal.log, 3)
    again = start()
    assert (again.log, again.last, again.stored_to, again.sent_to) == (journal.log, 5, 3, 3)
    assert again.add("boot", 1, 0) == 6
    assert [entry["seq"] for entry in again.batch(10_000)[0]] == [4, 5, 6]


def test_a_critical_entry_is_in_flash_at_once_and_takes_the_others_with_it(
    start: Callable,
) -> None:
    journal = start()
    journal.add("clock", 1, 0, critical=False)
    assert start().last == 0
    journal = start()
    journal.add("clock", 1, 0, critical=False)
    journal.add("on", 1, 0)
    assert [entry["kind"] for entry in everything(start())] == ["clock", "on"]


def test_others_are_in_flash_after_flush_or_when_many_wait(start: Callable) -> None:
    journal = start()
    journal.add("clock", 1, 0, critical=False)
    assert journal.flush()
    for n in range(40):
        journal.add("refuse", n, 0, critical=False, word="ended")
    again = start()
    assert 20 < again.last < 41


def test_a_batch_keeps_to_its_size_but_holds_one_at_least(start: Callable) -> None:
    journal = start()
    for n in range(20):
        journal.add("on", n, 0, job="j" * 50)
    entries, to = journal.batch(500)
    assert 2 <= len(entries) <= 5
    assert to == len(entries)
    entries, to = journal.batch(1)
    assert (len(entries), to) == (1, 1)
    journal.sent(to)
    assert journal.batch(1)[1] == 2
    journal.sent(20)
    assert journal.batch(500) == ([], 20)
    assert journal.parcel("d", bytes(32), 500) is None


def test_rewind_sends_again_and_stored_moves_the_cursor(start: Callable) -> None:
    journal = start()
    for n in range(9):
        journal.add("on", n, 0)
    journal.sent(journal.batch(10_000)[1])
    journal.rewind(4)
    assert [entry["seq"] for entry in journal.batch(10_000)[0]] == [4, 5, 6, 7, 8, 9]
    assert journal.stored(journal.log, 7)
    assert [entry["seq"] for entry in journal.batch(10_000)[0]] == [8, 9]
    journal.rewind(1)
    assert len(journal.batch(10_000)[0]) == 9


def test_with_nothing_newer_no_segment_is_read(start: Callable, tmp_path: Path) -> None:
    journal = start()
    journal.add("on", 1, 0, job="a")
    _, to = journal.batch(1000)
    journal.sent(to)
    for file in (tmp_path / "journal").iterdir():
        file.unlink()
    assert journal.batch(1000) == ([], to)
    assert journal.parcel("HM-1", b"key", 1000) is None
    assert journal.corrupt == 0  # a segment that cannot be read would count


def test_a_stored_that_cannot_be_meant_is_ignored(start: Callable) -> None:
    journal = start()
    for n in range(3):
        journal.add("on", n, 0)
    assert not journal.stored(journal.log, 1)  # never sent
    journal.batch(1)
    for log, to in (("0" * 16, 1), (journal.log, 2), (journal.log, 0), (journal.log, "1")):
        assert not journal.stored(log, to)
    assert journal.stored(journal.log, 1)
    assert not journal.stored(journal.log, 1)
    assert journal.stored_to == 1


def test_when_room_runs_out_stored_entries_go_first_and_nothing_is_told(start: Callable) -> None:
    journal = start(40_000)
    for n in range(3000):
        journal.add("on", n, 0, critical=n % 3 == 0, job="j" * 20)
        if n % 50 == 49:
            _, to = journal.batch(100_000)
            journal.stored(journal.log, to)
    assert (journal.dropped, journal.full, journal.corrupt) == (0, False, 0)
    assert everything(journal)[-1]["seq"] == 3000
    assert len(everything(journal)) > 200


def test_when_room_runs_out_the_oldest_non_critical_become_a_gap(
    start: Callable, tmp_path: Path
) -> None:
    journal = start(40_000)
    for n in range(700):
        journal.add("refuse", n, 0, critical=n % 5 == 0, n=n, word="ended")
        size = sum(file.stat().st_size for file in (tmp_path / "journal").iterdir())
        assert size < 40_000 + 3_000
    journal.flush()
    assert journal.full
    kept = everything(journal)
    gaps = [entry for entry in kept if entry["kind"] == "gap"]
    critical = [entry["n"] for entry in kept if entry.get("n", 1) % 5 == 0]
    assert critical == list(range(0, 700, 5))
    assert journal.dropped == sum(gap["count"] for gap in gaps) == journal.last - len(kept)
    told = {entry["seq"] for entry in kept}
    for gap in gaps:
        inside = set(range(gap["from"], gap["to"] + 1))
        assert len(inside - told) == gap["count"]
        told |= inside
    assert told == set(range(1, journal.last + 1))
    again = start(40_000)
    assert (again.dropped, again.full) == (journal.dropped, True)
    assert everything(again) == kept


def test_when_only_critical_ones_are_left_the_oldest_go(start: Callable) -> None:
    journal = start(40_000)
    for n in range(2000):
        journal.add("alarm", n, 0, alarm="TAMPER")
    kept = everything(journal)
    assert kept[-1]["seq"] == journal.last
    assert kept[0]["seq"] > 1000
    assert journal.dropped == journal.last - len(kept)
    journal.sent(journal.last)
    journal.stored(journal.log, journal.last)
    assert not journal.full


def test_what_flash_refuses_for_long_is_dropped_counted_and_told(
    start: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_given: object) -> None:
        raise OSError(5)

    journal = start()
    monkeypatch.setitem(journal._write.__globals__, "open", refused)
    while not journal.dropped:
        journal.add("alarm", 1, 0, alarm="TAMPER")
    assert journal.full and journal.last < 1000


def test_a_batch_says_what_is_left_also_across_what_was_dropped(start: Callable) -> None:
    journal = start(24_576)
    for n in range(1000):
        journal.add("alarm", n, 0)
    parcel = journal.parcel(signing.DEVICE, mac.derive(signing.SECRET, "receipt"), 2000)
    assert parcel["from"] == 1
    assert parcel["entries"][0]["seq"] > 500
    assert parcel["to"] == parcel["entries"][-1]["seq"]


@pytest.mark.parametrize(
    "odd", ["\x00\n\x7f", "\U0001f525", "\ud800", "x" * 5000, "焊" * 400, 1.5, b"\xff", {1: 2}]
)
def test_an_odd_value_is_kept_in_a_plain_form(start: Callable, odd: Any) -> None:
    journal = start()
    journal.add("refuse", 1, 0, word=odd)
    (entry,) = everything(start())
    assert isinstance(entry["word"], str)
    assert len(entry["word"]) <= 100


@pytest.mark.parametrize("case", VECTORS["batches"], ids=lambda case: case["about"][:20])
def test_the_macs_of_the_shared_batches_come_out(case: dict[str, Any]) -> None:
    (service,) = case["body"]["services"]
    told = service["paras"]
    key = mac.derive(bytes.fromhex(VECTORS["secret"]), "receipt")
    assert mac.tag(key, case["mac_over"]) == told["mac"]
    made = batch_mac(
        key, VECTORS["device"], told["log"], told["from"], told["to"], told["entries"]
    )
    assert made == told["mac"]


@pytest.mark.parametrize("case", VECTORS["stored"], ids=lambda case: case["mac_over"][-12:])
def test_the_macs_of_the_shared_stored_come_out(case: dict[str, Any]) -> None:
    (service,) = case["body"]["services"]
    told = service["paras"]
    key = mac.derive(bytes.fromhex(VECTORS["secret"]), "command")
    assert f"{VECTORS['device']}|stored|{told['log']}|{told['to']}" == case["mac_over"]
    assert mac.tag(key, case["mac_over"]) == told["mac"]


def test_a_parcel_is_signed_and_the_standard_library_agrees(start: Callable) -> None:
    journal = start()
    journal.add("on", 1, signing.IAT, job="焊-1")
    journal.add("off", 2, signing.IAT, job="焊-1")
    parcel = journal.parcel(signing.DEVICE, mac.derive(signing.SECRET, "receipt"), 2000)
    over = f"{signing.DEVICE}|entries|{journal.log}|1|2|"
    digest = signing.sha256(signing.canonical(parcel["entries"]))
    assert parcel["mac"] == signing.mac("receipt", over + digest)

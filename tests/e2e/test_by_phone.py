"""Jobs where only the phone reaches the terminal: cloud by HTTP, terminal by Bluetooth."""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from simulator.check import FIRE_WATCH, VALID, person
from simulator.demo import Demo, get_json, post_json
from simulator.job import (
    Machine,
    Person,
    clear,
    expect,
    patiently,
    prepare,
    switch_off,
    wait_state,
)

pytestmark = pytest.mark.slow
_PATIENCE_S = 180  # a module that was long without network is put through its whole ladder


@pytest.fixture
def welder(stage: Demo) -> Person:
    return person(stage, VALID)


@pytest.fixture
def fire_watch(stage: Demo) -> Person:
    return person(stage, FIRE_WATCH)


@pytest.fixture
def machine(stage: Demo, welder: Person) -> Iterator[Machine]:
    """The first machine, on line; whatever a test leaves behind is put right."""
    entry = stage.county["machines"][0]
    chosen = Machine(entry["code"], entry["device"], stage.bench_url)
    until("on line", lambda: chosen.look()["on_line"])
    yield chosen
    chosen.touch("outage", None)
    chosen.touch("ble", True)
    nearby(chosen, "part")
    until("on line", lambda: chosen.look()["on_line"])
    welder.phone.open(chosen.page)
    for ending in ("cancel", "off"):
        welder.phone.press(f"{chosen.page}/{ending}")


def until(what: str, wanted: Callable[[], bool]) -> None:
    for _ in patiently(what, "it never came", _PATIENCE_S):
        if wanted():
            return


def nearby(machine: Machine, what: str = "", value: Any = None) -> dict[str, Any]:
    """What the phone beside the machine gets from it."""
    address = f"{machine.bench}/terminals/{machine.device}/nearby"
    return post_json(f"{address}/{what}", value) if what else get_json(address)


def job_of(who: Person, machine: Machine) -> str:
    return expect("state", who.phone.request("GET", f"{machine.page}/state"))["job"]


def ticket(who: Person, machine: Machine, act: str, job: str, challenge: str = "") -> str:
    """A ticket from the cloud; without a challenge it is a numbered one."""
    proof = {"ch": challenge} if challenge else {}
    answer = who.phone.press(f"{machine.page}/ticket", act=act, job=job, **proof)
    return expect("ticket", answer)["ticket"]


def send(who: Person, path: str, body: str) -> dict[str, Any]:
    headers = {"X-CSRF-Token": who.phone.token, "Accept": "application/json"}
    headers["Content-Type"] = "application/json"
    return expect(path, who.phone.request("POST", path, body, headers))


def hand_over(who: Person, machine: Machine, text: str) -> dict[str, Any]:
    """The ticket to the terminal, its receipt to the cloud."""
    told = nearby(machine, "ticket", text)
    assert told["word"] == "ok", told
    send(who, "/carried/receipt", json.dumps(told["receipt"], ensure_ascii=False))
    return told["receipt"]


def go_dark(machine: Machine, how: str = "silent") -> int:
    """The line is down; the moment from which on (monotonic ns)."""
    machine.touch("outage", how)
    machine.touch("outage", "reset")
    until("off line", lambda: not machine.look()["on_line"])
    return machine.look()["now_ns"]


def levels(machine: Machine, since_ns: int) -> list[int]:
    return [level for _, level in machine.look(since_ns)["moves"]]


def at_once(*calls: Callable[[], Any]) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_whole_job_over_the_phone_while_4g_is_down(
    welder: Person, fire_watch: Person, machine: Machine
) -> None:
    prepare(welder, fire_watch, machine)
    job, before = job_of(welder, machine), go_dark(machine)
    identity = nearby(machine)
    assert (identity["d"], identity["mode"], identity["relay"]) == (machine.device, "idle", 0)
    on = ticket(welder, machine, "on", job, identity["challenge"])
    receipt = hand_over(welder, machine, on)
    assert (receipt["act"], receipt["job"], receipt["relay"]) == ("on", job, 1)
    wait_state("on", welder, machine, lambda s: s["state"] == "on")
    off = ticket(welder, machine, "off", job, nearby(machine)["challenge"])
    assert hand_over(welder, machine, off)["relay"] == 0
    wait_state("off", welder, machine, lambda s: s["off_confirmed"])
    assert levels(machine, before) == [1, 0]
    assert not machine.look()["on_line"]
    machine.touch("outage", None)
    until("on line", lambda: machine.look()["on_line"])
    assert levels(machine, before) == [1, 0]
    clear(welder, machine)


def test_the_phone_carries_the_journal_and_the_clouds_word_that_it_is_stored(
    welder: Person, fire_watch: Person, machine: Machine
) -> None:
    prepare(welder, fire_watch, machine)
    job = job_of(welder, machine)
    go_dark(machine)
    on = ticket(welder, machine, "on", job, nearby(machine)["challenge"])
    hand_over(welder, machine, on)
    kinds, seq = [], 0
    for _ in range(50):
        told = nearby(machine, "carry", seq)
        assert told["word"] == "ok"
        body = json.loads(told["body"])
        if not body:
            break
        paras = body["services"][0]["paras"]
        kinds += [entry["kind"] for entry in paras["entries"]]
        seq = paras["to"]
        answer = send(welder, f"/carried/{machine.device}/journal", told["body"])
        assert answer["to"] <= seq
        assert nearby(machine, "stored", answer["stored"]) == {"word": "ok"}
    assert "on" in kinds and seq > 0
    forged = answer["stored"].replace('"to":', '"to":9')
    assert nearby(machine, "stored", forged)["word"] == "bad-mac"


def test_a_numbered_ticket_taken_underground_resumes_after_a_power_blip(
    welder: Person, fire_watch: Person, machine: Machine
) -> None:
    prepare(welder, fire_watch, machine)
    job = job_of(welder, machine)
    along = expect("along", fire_watch.phone.press(f"{machine.page}/along", job=job))
    taken_along = f"{ticket(welder, machine, 'on', job)}.{along['secret']}"
    before = go_dark(machine)
    hand_over(welder, machine, taken_along)
    machine.touch("mains", False)
    until("dead", lambda: not machine.look()["running"])
    machine.touch("mains", True)
    until("running", lambda: machine.look()["running"])
    assert machine.look()["relay"] == 0
    for _ in patiently("nearby", "the terminal was not found again"):
        try:
            identity = nearby(machine)
            break
        except OSError:
            continue
    assert identity["relay"] == 0
    hand_over(welder, machine, taken_along)
    assert [level for level in levels(machine, before) if level] == [1, 1]


def test_both_ways_at_once_switch_once(
    welder: Person, fire_watch: Person, machine: Machine
) -> None:
    prepare(welder, fire_watch, machine)
    job = job_of(welder, machine)
    on = ticket(welder, machine, "on", job, nearby(machine)["challenge"])
    before = machine.look()["now_ns"]
    told: list[dict[str, Any]] = []
    at_once(
        lambda: told.append(nearby(machine, "ticket", on)),
        lambda: welder.phone.press(f"{machine.page}/on"),
    )
    assert told[0]["word"] == "ok"
    wait_state("on", welder, machine, lambda s: s["state"] == "on")
    assert levels(machine, before) == [1]
    off = ticket(welder, machine, "off", job, nearby(machine)["challenge"])
    assert nearby(machine, "ticket", off)["word"] in ("ok", "ended")
    wait_state("off", welder, machine, lambda s: s["off_confirmed"])
    assert levels(machine, before) == [1, 0]


def test_a_ticket_is_obeyed_in_the_middle_of_a_reconnect_and_the_line_comes_back(
    welder: Person, fire_watch: Person, machine: Machine
) -> None:
    """The answer's time is a figure of `hanma bench ticket`; here the order of things counts."""
    prepare(welder, fire_watch, machine)
    job, before = job_of(welder, machine), go_dark(machine)
    on = ticket(welder, machine, "on", job, nearby(machine)["challenge"])
    machine.touch("outage", None)  # a connection is being made from now on
    hand_over(welder, machine, on)
    assert levels(machine, before) == [1]
    until("on line", lambda: machine.look()["on_line"])
    wait_state("on", welder, machine, lambda s: s["state"] == "on")
    assert levels(machine, before) == [1]
    _, opened_ns = switch_off(welder, machine)
    assert opened_ns > before


def test_after_a_ticket_the_page_goes_on_as_if_the_line_had_never_been_down(
    welder: Person, fire_watch: Person, machine: Machine
) -> None:
    prepare(welder, fire_watch, machine)
    job, before = job_of(welder, machine), go_dark(machine)
    on = ticket(welder, machine, "on", job, nearby(machine)["challenge"])
    assert nearby(machine, "ticket", on)["word"] == "ok"  # the receipt is lost with the phone
    machine.touch("outage", None)
    until("on line", lambda: machine.look()["on_line"])
    wait_state("on", welder, machine, lambda s: s["state"] == "on")
    switch_off(welder, machine)
    wait_state("off", welder, machine, lambda s: s["off_confirmed"])
    assert levels(machine, before) == [1, 0]
    assert nearby(machine, "ticket", on)["word"] in ("ok", "used", "ended")
    assert machine.look()["relay"] == 0

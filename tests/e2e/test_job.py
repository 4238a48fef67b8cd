"""Jobs on the whole stage: the cloud, the broker and the real firmware, seen from outside only."""

import statistics
import threading
from collections.abc import Callable, Iterator

import pytest

from simulator.check import FIRE_WATCH, VALID, person
from simulator.demo import Demo
from simulator.job import (
    Machine,
    Person,
    clear,
    expect,
    patiently,
    prepare,
    switch_off,
    switch_on,
    wait_state,
)

from .conftest import HEAP_NOW_KB

pytestmark = pytest.mark.slow
OTHER_WELDER = "welder3"  # near the end of the certificate, but valid


@pytest.fixture
def welder(stage: Demo) -> Person:
    return person(stage, VALID)


@pytest.fixture
def fire_watch(stage: Demo) -> Person:
    return person(stage, FIRE_WATCH)


@pytest.fixture
def machine(stage: Demo, welder: Person) -> Iterator[Machine]:
    """The first machine; whatever a test leaves open is ended."""
    entry = stage.county["machines"][0]
    chosen = Machine(entry["code"], entry["device"], stage.bench_url)
    yield chosen
    welder.phone.open(chosen.page)
    for ending in ("cancel", "off"):
        welder.phone.press(f"{chosen.page}/{ending}")


def until(what: str, wanted: Callable[[], bool]) -> None:
    for _ in patiently(what, "it never came"):
        if wanted():
            return


def start(welder: Person, fire_watch: Person, machine: Machine) -> int:
    """A whole job up to welding; when the relay closed (monotonic ns)."""
    prepare(welder, fire_watch, machine)
    _, closed_ns = switch_on(welder, machine)
    wait_state("on", welder, machine, lambda s: s["state"] == "on")
    return closed_ns


def at_once(*calls: Callable[[], None]) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_the_firmwares_loop_is_never_held_up_and_its_heap_stays_small(
    stage: Demo, welder: Person, fire_watch: Person, machine: Machine
) -> None:
    """50 ms in steady state, 2 s during a connect, the heap's ratchet. The windows' median: this
    machine may take the processor away from the interpreter for longer than that."""
    start(welder, fire_watch, machine)
    switch_off(welder, machine)
    wait_state("off", welder, machine, lambda s: s["off_confirmed"])
    clear(welder, machine)
    until("windows", lambda: len(machine.look()["watch"]) >= 3)
    shown = machine.look()
    assert statistics.median(w["lag_ms"] for w in shown["watch"]) <= 50
    assert max(w["lag_connect_ms"] for w in shown["watch"]) <= 2000
    assert all(w["deaths"] == 0 for w in shown["watch"])
    assert all(0 < w["heap_kb"] <= HEAP_NOW_KB for w in shown["watch"])


def test_of_two_welders_at_once_on_one_machine_exactly_one_wins(
    stage: Demo, welder: Person, machine: Machine
) -> None:
    other = person(stage, OTHER_WELDER)
    answers = {}

    def apply(who: Person) -> None:
        answers[who.name] = who.phone.press(
            f"{machine.page}/apply", site="演示车间", work="焊接", voucher="演示-003"
        )

    for who in (welder, other):
        who.phone.open(machine.page)
    at_once(lambda: apply(welder), lambda: apply(other))
    assert sorted(a.status for a in answers.values()) == [200, 409]
    refused = next(a for a in answers.values() if a.status == 409)
    assert "machine-busy" in [r["code"] for r in refused.json()["refusals"]]
    other.phone.open(machine.page)
    other.phone.press(f"{machine.page}/cancel")


def test_a_double_click_on_on_moves_the_relay_once(
    stage: Demo, welder: Person, fire_watch: Person, machine: Machine
) -> None:
    prepare(welder, fire_watch, machine)
    tab = welder.phone.second_tab()
    before = machine.look()["now_ns"]
    answers = []
    at_once(
        lambda: answers.append(welder.phone.press(f"{machine.page}/on")),
        lambda: answers.append(tab.press(f"{machine.page}/on")),
    )
    wait_state("on", welder, machine, lambda s: s["state"] == "on")
    assert [a.status for a in answers] == [200, 200]
    assert [level for _, level in machine.look(before)["moves"]] == [1]
    tab.close()
    switch_off(welder, machine)


def test_garbage_on_the_uart_neither_switches_nor_stops_anything(
    welder: Person, fire_watch: Person, machine: Machine
) -> None:
    start(welder, fire_watch, machine)
    before = machine.look()["now_ns"]
    for _ in range(5):
        machine.touch("fault", "garbage")
    assert machine.look(before)["moves"] == []
    _, opened_ns = switch_off(welder, machine)
    assert opened_ns > before
    wait_state("off", welder, machine, lambda s: s["off_confirmed"])


def test_after_a_power_cut_the_relay_stays_open_until_the_welder_presses_on_again(
    welder: Person, fire_watch: Person, machine: Machine
) -> None:
    start(welder, fire_watch, machine)
    machine.touch("mains", False)
    until("relay open", lambda: machine.look()["relay"] == 0)
    until("no power at all", lambda: not machine.look()["running"])
    assert not machine.look()["on_line"]
    machine.touch("mains", True)
    wait_state("paused", welder, machine, lambda s: s["state"] == "paused")
    until("on line", lambda: machine.look()["on_line"])
    wait_state("back", welder, machine, lambda s: s["online"])
    assert machine.look()["relay"] == 0
    welder.phone.open(machine.page)
    switch_on(welder, machine)
    wait_state("on again", welder, machine, lambda s: s["state"] == "on")
    switch_off(welder, machine)


def test_a_network_outage_ends_no_weld_and_off_works_when_it_is_over(
    welder: Person, fire_watch: Person, machine: Machine
) -> None:
    start(welder, fire_watch, machine)
    before = machine.look()["now_ns"]
    machine.touch("outage", "reset")
    until("off line", lambda: not machine.look()["on_line"])
    machine.touch("outage", None)
    until("on line", lambda: machine.look()["on_line"])
    assert machine.look(before)["moves"] == []
    switch_off(welder, machine)
    wait_state("off", welder, machine, lambda s: s["off_confirmed"])


def test_off_pressed_during_an_outage_reaches_the_machine_when_it_is_over(
    welder: Person, fire_watch: Person, machine: Machine
) -> None:
    start(welder, fire_watch, machine)
    machine.touch("outage", "reset")
    until("off line", lambda: not machine.look()["on_line"])
    welder.phone.open(machine.page)
    expect("off", welder.phone.press(f"{machine.page}/off"))
    before = machine.look()["now_ns"]
    machine.touch("outage", None)
    machine.relay_moved(0, before)
    wait_state("off", welder, machine, lambda s: s["off_confirmed"])


def test_the_button_on_the_machine_switches_off_and_ends_the_job(
    welder: Person, fire_watch: Person, machine: Machine
) -> None:
    closed_ns = start(welder, fire_watch, machine)
    machine.touch("button")
    machine.relay_moved(0, closed_ns)
    wait_state("not on", welder, machine, lambda s: s["state"] != "on")

"""The same on SQLite and PostgreSQL, and with many hands at once."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from cloud.registry import machines, standing
from cloud.work import jobs, orders, soundness
from cloud.work.job import Job


@pytest.fixture
def place(either: Any, county: Any, clock: Any, sent: list, site_maker: Any) -> Any:
    """A site on each of the two databases in turn."""
    either.send = lambda *out: sent.append(out)
    return site_maker(type(county)(either, clock), sent, "HM-990101-000001")


def all_at_once(*calls: Callable[[], Any]) -> list[Any]:
    barrier, results = threading.Barrier(len(calls)), []

    def run(call: Callable[[], Any]) -> None:
        barrier.wait()
        results.append(call())

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_a_whole_weld_with_a_pause(place: Any) -> None:
    job = place.working()
    place.terminal.restart()
    place.login()
    assert place.state(job) == "paused"
    place.on(job)
    place.exchange()
    place.off(job)
    place.exchange()
    place.later(31)
    assert place.job(job).off_confirmed_at is not None
    assert place.clear(job).state == "cleared"
    place.later(3600)
    assert place.events("off-unconfirmed", "not-cleared") == []


def test_of_many_welders_exactly_one_gets_the_machine(place: Any) -> None:
    crowd = [place.county.welder(place.enterprise) for _ in range(6)]
    results = all_at_once(*(lambda who=who: place.apply(who) for who in crowd))
    assert len(results) == 6
    won = [one for one in results if isinstance(one, Job)]
    assert len(won) == 1
    lost = [one.codes for one in results if isinstance(one, jobs.Refusals)]
    assert lost == [["machine-busy"]] * 5


def test_many_presses_make_one_command(place: Any) -> None:
    job = place.watched()
    assert len(all_at_once(*[lambda: place.on(job)] * 6)) == 6
    assert place.switches() == ["1"]


def test_on_and_off_pressed_together_end_with_the_relay_open(place: Any) -> None:
    job = place.watched()
    results = all_at_once(
        *[lambda: place.on(job)] * 3, *[lambda: place.off(job, place.fire_watch)] * 3
    )
    assert len(results) == 6
    place.exchange()
    place.later(61)
    place.exchange()
    assert place.terminal.relay == 0
    assert place.state(job) in ("ended", "cancelled")


def test_answers_sweeps_and_presses_together_lose_nothing(place: Any) -> None:
    job = place.on(place.watched())
    answers = place.down()
    all_at_once(
        *[lambda: place.up(answers[0])] * 3,
        *[place.deliver] * 3,
        lambda: place.county.do(jobs.sweep),
        lambda: place.on(job),
    )
    place.exchange()
    assert place.state(job) == "on"
    assert place.audit().count("job-on") == 1


def test_of_an_unlock_and_a_finding_together_the_finding_holds(place: Any) -> None:
    place.exchange()
    office = place.county.person("office")
    machine = place.machine
    place.county.do(orders.order, machine, office, "lock", "演示")

    def unsafe() -> Any:
        return place.county.do(soundness.find, machine, office, "unsafe", "漏电")

    def unlock() -> Any:
        return place.county.do(orders.order, machine, office, "unlock")

    assert len(all_at_once(unsafe, unlock, unsafe, unlock)) == 4
    acts = [one.act for one in place.county.ask(standing.history, machine.id, 9)]
    assert place.county.ask(machines.get, machine.id).status == "unsafe"
    assert acts.count("unsafe") == 1

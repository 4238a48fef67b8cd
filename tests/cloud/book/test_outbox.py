"""News is told in the transaction of what happened, and nothing of it is ever lost."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select

from cloud.base.unit import Ground, Unit
from cloud.book import audit, outbox
from cloud.book.outbox import Event, deliver, tell

pytestmark = pytest.mark.filterwarnings("error")


def told(ground: Ground, *kinds: str) -> None:
    for kind in kinds:
        with ground.write() as unit:
            tell(unit, kind, f"about {kind}", {"kind": kind})


class Listener:
    """A handler that remembers, leaves a mark in the database, and fails when told to."""

    def __init__(self, name: str = "listener") -> None:
        self.__module__, self.__qualname__ = "tests", name
        self.heard: list[str] = []
        self.broken = False

    def __call__(self, unit: Unit, event: Event) -> None:
        audit.write(unit, "990101", "handler", event.kind, self.__qualname__, event.details)
        if self.broken:
            raise RuntimeError("made-up trouble")
        self.heard.append(event.kind)


def marks(ground: Ground) -> int:
    with ground.read() as unit:
        return unit.db.scalar(select(func.count()).select_from(audit.AuditRow)) or 0


def test_events_are_delivered_once_and_in_order(either: Ground) -> None:
    listener = Listener()
    handlers = {kind: [listener] for kind in "abc"}
    told(either, "b", "a", "c")
    assert deliver(either, handlers) == 3
    assert deliver(either, handlers) == 0
    assert listener.heard == ["b", "a", "c"]


def test_a_handler_sees_what_was_told(ground: Ground) -> None:
    seen: list[tuple[Any, ...]] = []

    def look(unit: Unit, event: Event) -> None:
        seen.append((event.kind, event.subject, event.details, event.at))

    told(ground, "a")
    deliver(ground, {"a": [look]})
    assert seen == [("a", "about a", {"kind": "a"}, ground.clock())]


def test_what_was_rolled_back_was_never_told(ground: Ground) -> None:
    with pytest.raises(ZeroDivisionError), ground.write() as unit:
        tell(unit, "a", "s", {})
        _ = 1 / 0
    assert deliver(ground, {}) == 0


def test_an_event_nobody_waits_for_is_done(ground: Ground) -> None:
    told(ground, "a")
    assert deliver(ground, {}) == 1


def test_whoever_tells_wakes_the_deliverer_after_the_commit(ground: Ground) -> None:
    woken: list[int] = []
    ground.wake = lambda: woken.append(deliver(ground, {}))
    told(ground, "a")
    assert woken == [1]


def test_news_told_by_a_handler_is_delivered_in_the_same_round(ground: Ground) -> None:
    listener = Listener()

    def pass_on(unit: Unit, event: Event) -> None:
        tell(unit, "b", event.subject, {})

    told(ground, "a")
    assert deliver(ground, {"a": [pass_on], "b": [listener]}) == 2
    assert listener.heard == ["b"]


def test_a_failing_handler_stops_neither_its_neighbours_nor_later_events(either: Ground) -> None:
    bad, good = Listener("bad"), Listener("good")
    bad.broken = True
    handlers = {"a": [bad, good], "b": [good]}
    told(either, "a", "b")
    assert deliver(either, handlers) == 1
    assert good.heard == ["a", "b"]
    assert marks(either) == 2  # what the failing one wrote was undone, and only that


def test_what_shared_a_unit_with_one_that_failed_is_handled_once(either: Ground) -> None:
    """Whose handler ran before is undone with it, and runs again by itself."""
    good, bad = Listener("good"), Listener("bad")
    bad.broken = True
    told(either, *"aaba")
    assert deliver(either, {"a": [good], "b": [bad]}) == 3
    assert marks(either) == 3
    assert deliver(either, {"a": [good], "b": [bad]}) == 0


def test_a_command_promised_in_a_unit_that_failed_is_sent_once(
    ground: Ground, sent: list[Any]
) -> None:
    def promise(unit: Unit, event: Event) -> None:
        unit.send("HM-1", event.kind.encode())

    bad = Listener("bad")
    bad.broken = True
    told(ground, "a", "b")
    deliver(ground, {"a": [promise], "b": [bad]})
    assert sent == [("HM-1", b"a")]


def test_only_the_handler_that_failed_is_tried_again(ground: Ground, clock: Any) -> None:
    bad, good = Listener("bad"), Listener("good")
    bad.broken = True
    told(ground, "a")
    deliver(ground, {"a": [bad, good]})
    bad.broken = False
    assert deliver(ground, {"a": [bad, good]}) == 0  # not before its pause is over
    clock.forward(1)
    assert deliver(ground, {"a": [bad, good]}) == 1
    assert (bad.heard, good.heard) == (["a"], ["a"])


def test_a_handler_renamed_meanwhile_runs_all_the_same(ground: Ground, clock: Any) -> None:
    old, new = Listener("old"), Listener("new")
    old.broken = True
    told(ground, "a")
    deliver(ground, {"a": [old]})
    clock.forward(1)
    assert deliver(ground, {"a": [new]}) == 1
    assert new.heard == ["a"]


def test_a_command_promised_by_a_failing_handler_is_not_sent(
    ground: Ground, sent: list[Any]
) -> None:
    def trip(unit: Unit, event: Event) -> None:
        unit.send("HM-1", b"x")
        raise RuntimeError("made-up trouble")

    told(ground, "a")
    deliver(ground, {"a": [trip]})
    assert sent == []


def test_pauses_grow_and_after_many_tries_the_event_is_parked_and_kept(
    ground: Ground, clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    bad = Listener("bad")
    bad.broken = True
    told(ground, "a")
    tries = []
    begin = clock.now
    while not (given_up := _parked(ground)):
        deliver(ground, {"a": [bad]})
        if len(tries) < caplog.text.count("RuntimeError: made-up trouble"):
            tries.append((clock.now - begin) // 1000)
        clock.forward(1 if clock.now - begin < 70_000 else 600)
    assert tries[:7] == [0, 1, 3, 7, 15, 31, 63]
    assert len(tries) == outbox.PARKED_AFTER
    assert given_up == ["a"]

    bad.broken = False
    assert deliver(ground, {"a": [bad]}) == 0
    with ground.write() as unit:
        outbox.unpark(unit)
    assert deliver(ground, {"a": [bad]}) == 1
    assert bad.heard == ["a"]
    assert _parked(ground) == []


def test_workers_at_once_never_handle_one_event_twice(either: Ground) -> None:
    listener = Listener()
    told(either, *("a" for _ in range(30)))
    start = threading.Barrier(4)

    def work(_: int) -> int:
        start.wait()
        return deliver(either, {"a": [listener]})

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(work, range(4))) == 30
    assert len(listener.heard) == 30
    assert marks(either) == 30


def test_a_round_is_bounded(ground: Ground) -> None:
    def again(unit: Unit, event: Event) -> None:
        tell(unit, "a", "s", {})

    told(ground, "a")
    assert deliver(ground, {"a": [again]}, limit=100) == 1
    assert deliver(ground, {"a": [again]}, limit=300) == 3


def _parked(ground: Ground) -> list[str]:
    with ground.read() as unit:
        return list(unit.db.scalars(select(Event.kind).where(outbox.PARKED)))


def test_what_was_told_by_a_clock_that_ran_ahead_is_delivered_when_it_is_put_back(
    ground: Ground, clock: Any
) -> None:
    listener = Listener()
    clock.forward(3600)
    told(ground, "alarm")
    clock.forward(-3600)
    assert deliver(ground, {"alarm": [listener]}) == 1 and listener.heard == ["alarm"]


def test_a_pause_that_was_set_by_a_clock_a_day_ahead_is_over(ground: Ground, clock: Any) -> None:
    listener = Listener()
    listener.broken = True
    told(ground, "alarm")
    clock.forward(86_400)
    deliver(ground, {"alarm": [listener]})
    clock.forward(-86_400)
    listener.broken = False
    assert deliver(ground, {"alarm": [listener]}) == 1

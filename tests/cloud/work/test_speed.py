"""ON is quick: few statements, each through an index, one commit."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

LIMIT_MS = 10


@contextmanager
def statements(engine: Any) -> Iterator[list[tuple[str, Any]]]:
    seen: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, text: str, values: Any, *_: Any) -> None:
        seen.append((text, values))

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def plans(engine: Any, seen: list[tuple[str, Any]]) -> list[str]:
    found = []
    with engine.connect() as connection:
        for text, values in seen:
            if text.startswith(("SELECT", "UPDATE", "DELETE")):
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)
                found += [f"{row[3]}  <-  {text[:60]}" for row in rows]
    return found


def test_every_look_of_every_step_goes_through_an_index(site: Any) -> None:
    with statements(site.county.ground.engine) as seen:
        job = site.working()
        site.later(60)
        site.off(job)
        site.exchange()
        site.later(60)
        site.clear(job)
        site.view(site.welder)
    scans = {plan for plan in plans(site.county.ground.engine, seen) if plan.startswith("SCAN")}
    assert {
        plan for plan in scans if "USING INDEX" not in plan and "CONSTANT" not in plan
    } == set()


def test_on_is_decided_sent_and_committed_within_its_limit(site: Any) -> None:
    engine, worked, waited, counts = site.county.ground.engine, [], [], []
    for _ in range(12):
        job = site.watched()
        with statements(engine) as seen:
            begin, begin_work = time.perf_counter(), time.thread_time()
            site.on(job)
            worked.append((time.thread_time() - begin_work) * 1000)
            waited.append((time.perf_counter() - begin) * 1000)
        counts.append(len(seen))
        site.exchange()
        site.off(job)
        site.exchange()
        site.clock.forward(700)
        site.beat()
    best, whole = min(worked), sorted(waited)[6]
    print(f"on: {best:.1f} ms of work, median {whole:.1f} ms; limit {LIMIT_MS}; {counts[0]} looks")
    # Our own work in the best of a dozen: what a busy machine adds is not ours.
    assert best < LIMIT_MS
    assert max(counts) <= 22

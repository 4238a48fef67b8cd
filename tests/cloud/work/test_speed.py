"""ON is quick: few statements, each through an index, one commit."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from cloud.link import commands


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


@pytest.mark.sqlite
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


@pytest.mark.sqlite
def test_the_round_through_waiting_commands_reads_no_others(site: Any) -> None:
    """It is asked each second, and a year has millions of them."""
    site.on(site.watched())
    with statements(site.county.ground.engine) as seen:
        site.county.do(commands.sweep)
    found = [plan for plan in plans(site.county.ground.engine, seen) if "command" in plan]
    assert found and all("ix_command_waiting" in plan for plan in found if "SCAN" in plan)


def test_on_takes_few_statements_and_one_commit(site: Any) -> None:
    """The milliseconds are printed by `hanma bench latency`, not asserted here."""
    engine = site.county.ground.engine
    job = site.watched()
    commits: list[Any] = []

    def note(connection: Any) -> None:
        commits.append(connection)

    event.listen(engine, "commit", note)
    with statements(engine) as seen:
        site.on(job)
    event.remove(engine, "commit", note)
    assert len(seen) <= 21
    assert len(commits) == 1

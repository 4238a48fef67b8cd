"""ON is quick: few statements, each through an index, one commit."""

from typing import Any

import pytest
from sqlalchemy import event

from cloud.link import commands
from tests.cloud.statements import plans, statements


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

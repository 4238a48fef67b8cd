"""Officers and the office give orders to a machine, never ON (cloud/work/orders.py)."""

import json
from typing import Any

import pytest

from cloud.link import policies
from cloud.registry import machines
from cloud.work import jobs, orders


def give(site: Any, what: str, who: Any = None, reason: str = "私自改装") -> Any:
    person = who or site.county.person("officer", district="990101")

    def given(unit: Any) -> Any:
        machine = machines.get(unit, site.machine.id)
        done = orders.order(unit, machine, person, what, reason)
        return done.codes if isinstance(done, jobs.Refusals) else done

    return site.county.do(given)


def left(site: Any) -> list[str]:
    """The names of the commands that left since the last look, less the policy."""
    names = [json.loads(body).get("command_name") for body in site.leaving()]
    return [name for name in names if name not in (None, "policy")]


def status(site: Any) -> str:
    return site.county.ask(machines.get, site.machine.id).status


@pytest.mark.parametrize("what", ["locate", "snapshot", "lock", "unlock"])
def test_an_order_leaves_as_a_command_and_stands_in_the_book(site: Any, what: str) -> None:
    site.exchange()
    give(site, what)
    assert left(site) == [what]
    assert f"order-{what}" in site.audit()


def test_a_lock_ends_the_job_and_refuses_the_next_one(site: Any) -> None:
    job = site.working()
    give(site, "lock")
    site.exchange()
    assert (site.state(job), site.terminal.relay, status(site)) == ("ended", 0, "locked")
    assert site.job(job).end_reason == "私自改装"
    assert "machine-unusable" in site.apply().codes
    give(site, "unlock")
    assert status(site) == "usable"
    site.clear(job)
    assert site.apply().state == "permitted"


def test_a_lock_makes_the_tickets_void_that_were_given_out_before(site: Any) -> None:
    job = site.watched()
    site.county.do(jobs.take_along, job, site.fire_watch)
    site.county.do(lambda unit: jobs.ticket_on(unit, job, site.welder, proof=site.proof))
    give(site, "lock")
    policy = site.county.ask(policies.get, site.terminal.device)
    assert policy.content["tickets_from"] == 3


def test_a_lock_given_while_the_terminal_is_dark_is_told_at_its_log_in(site: Any) -> None:
    site.exchange()
    site.up(site.terminal.leave())
    site.deliver()
    give(site, "lock")
    site.leaving()
    site.clock.forward(600)
    site.sweep()
    site.terminal.restart()
    site.login()
    assert "lock" in left(site)


def test_a_terminal_that_is_locked_and_should_not_be_is_unlocked_at_its_log_in(site: Any) -> None:
    site.exchange()
    site.up(site.terminal.login(mode="locked"))
    site.deliver()
    assert left(site) == ["unlock"]


@pytest.mark.parametrize("unsound", ["unsafe", "scrapped"])
def test_an_unlock_makes_no_machine_sound_and_a_lock_does_not_hide_why(
    site: Any, unsound: str
) -> None:
    site.exchange()
    site.county.do(
        lambda unit: machines.set_status(unit, machines.get(unit, site.machine.id), unsound)
    )
    assert give(site, "unlock") == ["machine-unusable"]
    assert (left(site), status(site)) == ([], unsound)
    give(site, "lock")
    assert (left(site), status(site)) == (["lock"], unsound)
    assert give(site, "unlock") == ["machine-unusable"]


def test_the_terminal_of_an_unsafe_machine_is_locked_at_its_log_in(site: Any) -> None:
    site.exchange()
    site.county.do(
        lambda unit: machines.set_status(unit, machines.get(unit, site.machine.id), "unsafe")
    )
    site.terminal.restart()
    site.login()
    assert "lock" in left(site)


def test_who_may_give_which_order(site: Any) -> None:
    near, far = (site.county.person("officer", district=d) for d in ("990101001", "990202"))
    office = site.county.person("office")
    for who in (far, site.welder, site.county.person("officer", status="blocked")):
        with pytest.raises(orders.NotEntitled):
            give(site, "lock", who)
    with pytest.raises(orders.NotEntitled):
        give(site, "restart", near)
    assert give(site, "restart", office) == ""
    assert give(site, "locate", near) == ""
    with pytest.raises(ValueError, match="on"):
        give(site, "on", office)


def test_a_machine_without_a_terminal_takes_no_orders(site: Any) -> None:
    site.county.do(lambda unit: machines.fit(unit, machines.get(unit, site.machine.id), None))
    assert give(site, "locate") == ["terminal-missing"]

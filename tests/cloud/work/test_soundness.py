"""A machine is found unsafe, sound again or scrapped (cloud/work/soundness.py)."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from cloud.book import audit
from cloud.book.audit import AuditRow
from cloud.link import commands
from cloud.registry import cylinders, departments, machines, standing
from cloud.work import orders, soundness
from cloud.work.refusal import Refusals


def act(site: Any, what: str, who: Any = None, reason: str = "电缆破损") -> Any:
    """A finding or a lock: the status after it, or the codes of what it was refused for."""
    person = who or site.county.person("office", district="99")

    def done(unit: Any) -> Any:
        machine = machines.get(unit, site.machine.id)
        give = soundness.find if what in soundness.FINDINGS else orders.order
        told = give(unit, machine, person, what, reason)
        return told.codes if isinstance(told, Refusals) else machine.status

    return site.county.do(done)


def put(site: Any, status: str) -> None:
    """As an import brings a machine in."""
    site.county.do(
        lambda unit: machines.set_status(unit, machines.get(unit, site.machine.id), status)
    )


def left(site: Any) -> list[str]:
    names = [json.loads(body).get("command_name") for body in site.leaving()]
    return [name for name in names if name not in (None, "policy")]


def booked(site: Any) -> list[tuple[str, Any]]:
    def rows(unit: Any) -> list[tuple[str, Any]]:
        found = unit.db.scalars(select(AuditRow).where(AuditRow.what.like("machine-%")))
        return [(row.what, row.details) for row in found]

    return site.county.ask(rows)


def test_an_unsafe_machine_is_off_and_locked_at_once_until_it_is_sound_again(site: Any) -> None:
    job = site.working()
    assert act(site, "unsafe") == "unsafe"
    site.exchange()
    assert (site.state(job), site.terminal.relay) == ("ended", 0)
    lock = site.county.ask(commands.latest, site.terminal.device, "lock")
    assert lock.state == "done"
    assert site.job(job).end_reason == "电缆破损"
    assert "machine-unusable" in site.apply().codes
    site.clear(job)
    assert act(site, "sound", reason="已更换电缆") == "usable"
    assert "unlock" in left(site)
    assert site.apply().state == "permitted"
    assert booked(site) == [
        ("machine-unsafe", {"before": "usable", "after": "unsafe"}),
        ("machine-sound", {"before": "unsafe", "after": "usable"}),
    ]


def test_a_machine_that_came_in_as_unsafe_becomes_usable(site: Any) -> None:
    site.exchange()
    put(site, "unsafe")
    assert act(site, "unlock") == ["machine-unusable"]
    assert (act(site, "sound"), left(site)) == ("usable", ["unlock"])


def test_a_scrapped_machine_is_off_and_never_comes_back(site: Any) -> None:
    job = site.working()
    assert act(site, "scrapped") == "scrapped"
    site.exchange()
    assert (site.state(job), site.terminal.relay) == ("ended", 0)
    for what in ("unsafe", "sound", "unlock"):
        assert act(site, what) == ["machine-unusable"], what
    assert booked(site) == [("machine-scrapped", {"before": "usable", "after": "scrapped"})]


@pytest.mark.parametrize("what", ["unsafe", "sound", "scrapped"])
def test_pressed_twice_it_is_done_and_booked_once(site: Any, what: str) -> None:
    site.exchange()
    put(site, "unsafe" if what == "sound" else "usable")
    assert act(site, what) == act(site, what)
    assert len(left(site)) == len(booked(site)) == 1
    assert len(site.county.ask(standing.history, site.machine.id, 9)) == 1


@pytest.mark.parametrize("first", ["before", "since"])
def test_a_lock_that_stands_outlasts_the_repair(site: Any, first: str) -> None:
    for what in ("lock", "unsafe") if first == "before" else ("unsafe", "lock"):
        act(site, what)
    assert (act(site, "sound"), act(site, "sound")) == ("locked", ["machine-unusable"])
    assert act(site, "unlock") == "usable"
    assert (act(site, "unsafe"), act(site, "sound")) == ("unsafe", "usable")


def test_a_locked_machine_is_not_made_sound_but_unlocked(site: Any) -> None:
    act(site, "lock")
    assert act(site, "sound") == ["machine-unusable"]


def test_a_dark_terminal_hears_of_it_at_its_log_in(site: Any) -> None:
    site.exchange()
    site.up(site.terminal.leave())
    site.deliver()
    act(site, "unsafe")
    site.leaving()
    site.terminal.restart()
    site.login()
    assert "lock" in left(site)


def test_a_machine_without_a_terminal_is_found_unsafe_too(site: Any) -> None:
    site.county.do(lambda unit: machines.fit(unit, machines.get(unit, site.machine.id), None))
    assert (act(site, "unsafe"), act(site, "sound")) == ("unsafe", "usable")


def test_the_job_of_a_further_cylinder_ends(site: Any) -> None:
    county = site.county

    def bottle(number: str) -> Any:
        place = {"district": "990101001", "industry": "industry"}
        given = {"number": number, "gas": "oxygen", "test_by": county.day(300), "name": "演示瓶"}
        given |= place | {"enterprise_id": site.enterprise.id}
        return county.do(cylinders.add, rng=county.rng, **given)

    site.machine = bottle("TS-1")
    job = site.apply()
    site.machine = bottle("TS-2")
    assert site.apply().id == job.id
    assert act(site, "unsafe") == "unsafe"
    assert site.state(job) == "cancelled"


def test_why_and_by_whom_stays_with_the_machine_and_out_of_the_book(site: Any) -> None:
    office = site.county.person("office")
    for what, why in (("lock", "赵演示私自改装"), ("unlock", ""), ("unsafe", "漏电")):
        act(site, what, office, why)
    rows = site.county.ask(standing.history, site.machine.id, 9)
    assert [(row.act, row.was, row.why) for row in rows] == [
        ("unsafe", "usable", "漏电"),
        ("unlock", "locked", ""),
        ("lock", "usable", "赵演示私自改装"),
    ]
    assert {row.who for row in rows} == {office.id}
    book = site.county.ask(lambda unit: [row.details for row in unit.db.query(AuditRow)])
    assert "漏电" not in str(book) and "赵演示" not in str(book)
    assert site.county.ask(audit.verify, site.machine.district) is None


def test_who_may_find_what(site: Any) -> None:
    county = site.county
    near, far = (county.person("officer", district=d) for d in ("990101001", "990202"))
    building, blocked = (county.person("officer", district="990101") for _ in range(2))
    county.do(departments.put, "house", "演示住建局", {"construction"})
    county.do(departments.post, building, "house")
    blocked = county.person("office", status="blocked")
    manager = county.person("enterprise", enterprise=site.enterprise)
    for what in soundness.FINDINGS:
        for who in (far, building, blocked, manager, site.welder):
            with pytest.raises(orders.NotEntitled):
                act(site, what, who)
    assert (act(site, "unsafe", near), act(site, "sound", near)) == ("unsafe", "usable")
    with pytest.raises(orders.NotEntitled):
        act(site, "scrapped", near)


@pytest.mark.parametrize(("what", "reason"), [("usable", "试"), ("on", "试"), ("unsafe", " ")])
def test_an_unknown_finding_and_one_without_a_reason_are_errors(
    site: Any, what: str, reason: str
) -> None:
    office = site.county.person("office")
    with pytest.raises(ValueError, match=what):
        site.county.do(soundness.find, site.machine, office, what, reason)


def test_offered_is_what_can_be_done_from_here(site: Any) -> None:
    office = site.county.person("office")
    officer = site.county.person("officer", district="990101")

    def offered(status: str, who: Any) -> list[str]:
        put(site, status)
        machine = site.county.ask(machines.get, site.machine.id)
        return site.county.ask(soundness.open_to, machine, who)

    assert offered("usable", office) == offered("locked", office) == ["unsafe", "scrapped"]
    assert offered("unsafe", office) == ["sound", "scrapped"]
    assert offered("scrapped", office) == []
    assert (offered("usable", officer), offered("unsafe", officer)) == (["unsafe"], ["sound"])

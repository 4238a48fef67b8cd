"""ON, OFF and clearing (cloud/work/switching.py)."""

import json
import threading
from typing import Any

import pytest
from sqlalchemy import select

from cloud.book.audit import AuditRow
from cloud.link import terminals
from cloud.registry import certificates, machines, people
from cloud.work import jobs, permits

HOUR = 3_600_000


# --- on -----------------------------------------------------------------------------------------


def test_on_is_a_request_until_the_terminal_has_answered(site: Any) -> None:
    job = site.on(site.watched())
    assert (job.state, job.asked_on_at) == ("watched", site.clock.now)
    site.exchange()
    job = site.job(job)
    assert (job.state, job.on_at, job.asked_on_at) == ("on", site.clock.now, None)


def test_what_the_terminal_is_told(site: Any) -> None:
    job = site.on(site.watched())
    content = json.loads(site.leaving()[-1])["paras"]["content"]
    assert (content["job"], content["lease_s"]) == (job.id, 43_200)
    assert content["until"] == job.lease_until == site.clock.now + 43_200_000
    assert content["say"] == "焊机已开机，请注意防火。"
    assert site.welder.name not in str(content)


def test_a_double_click_is_one_command(site: Any) -> None:
    job = site.watched()
    for _ in range(3):
        site.on(job)
    site.exchange()
    site.on(job)
    assert site.switches() == ["1"]
    assert site.audit().count("on-asked") == 1


def test_many_presses_at_once_are_one_command(site: Any) -> None:
    job = site.watched()
    barrier = threading.Barrier(6)

    def press() -> None:
        barrier.wait()
        site.on(job)

    threads = [threading.Thread(target=press) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert site.switches() == ["1"]


def block(site: Any, person: Any) -> None:
    site.county.do(lambda unit: people.set_status(unit, unit.db.merge(person), "blocked"))


def revoke(site: Any) -> None:
    def all_of_them(unit: Any) -> None:
        for one in certificates.for_person(unit, site.welder.id):
            certificates.set_status(unit, one, "revoked")

    site.county.do(all_of_them)


def lock(site: Any) -> None:
    site.county.do(lambda unit: machines.set_status(unit, unit.db.merge(site.machine), "locked"))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (revoke, "certificate-status"),
        (lock, "machine-unusable"),
        (lambda site: block(site, site.welder), "registered"),
        (lambda site: block(site, site.fire_watch), "fire-watch-inactive"),
        (lambda site: site.county.do(terminals.revoke, site.terminal.device), "terminal-missing"),
        (lambda site: site.up(site.terminal.leave()), "terminal-dark"),
        (lambda site: site.clock.forward(600), "watch-expired"),
    ],
)
def test_on_is_decided_again_with_fresh_facts(site: Any, change: Any, code: str) -> None:
    job = site.watched()
    change(site)
    assert code in site.on(job).codes
    assert site.switches() == []


def test_without_the_earlier_steps_there_is_no_on(site: Any) -> None:
    job = site.apply()
    codes = ["checklist", "ten-rules", "site-pictures", "presence", "fire-watch-missing"]
    assert site.on(job).codes == codes
    site.check(job)
    assert site.on(job).codes == ["fire-watch-missing"]
    assert site.switches() == []


@pytest.mark.parametrize("who", ["fire_watch", "officer", "office", "other welder"])
def test_only_the_jobs_own_welder_switches_on(site: Any, who: str) -> None:
    job = site.watched()
    person = {
        "fire_watch": site.fire_watch,
        "officer": site.county.person("officer"),
        "office": site.county.person("office"),
        "other welder": site.county.welder(site.enterprise),
    }[who]
    assert site.county.do(jobs.switch_on, job, person).codes == ["not-your-job"]
    assert site.switches() == []


def test_a_closed_job_is_never_switched_on(site: Any) -> None:
    job = site.watched()
    site.county.do(jobs.cancel, job, site.welder)
    assert site.on(job).codes == ["job-closed"]


def test_the_lease_ends_with_the_permit(site: Any) -> None:
    boss = site.county.person("enterprise", enterprise=site.enterprise)
    end = site.clock.now + 2 * HOUR
    permit = site.county.do(
        permits.ask,
        site.welder,
        enterprise_id=site.enterprise.id,
        grade="first",
        window_from=site.clock.now,
        window_to=end,
    )
    site.county.do(permits.approve, permit, boss)
    job = site.working()
    assert site.job(job).lease_until == end
    assert site.terminal.lease_end - site.terminal.up == 2 * HOUR


def test_the_lease_ends_with_the_last_day_of_the_certificate(site: Any) -> None:
    day = site.county.day(0)
    site.welder = site.county.welder(site.enterprise, valid_to=day, review_by="")
    job = site.working()
    assert site.job(job).lease_until - site.clock.now == 8 * HOUR  # 16:00 to midnight in China


def test_after_a_refusal_by_the_terminal_the_welder_may_press_again(site: Any) -> None:
    job = site.watched()
    site.on(job)
    body = json.loads(site.leaving()[-1])
    site.up(site.terminal.answer(body["id"], "switch", "locked"))
    site.deliver()
    job = site.job(job)
    assert (job.state, job.asked_on_at, job.refusals) == ("watched", None, ["terminal-locked"])
    site.on(job)
    site.exchange()
    assert site.state(job) == "on"
    assert site.job(job).refusals == []


def test_where_little_is_asked_little_is_done(site: Any) -> None:
    from dataclasses import replace

    ground = site.county.ground
    ground.settings = replace(ground.settings, profile="wuyi")
    job = site.apply(voucher="")
    assert job.state == "applied"
    site.on(job)
    site.exchange()
    assert site.state(job) == "on"


# --- off ----------------------------------------------------------------------------------------


def test_off_ends_the_job_at_once_and_is_confirmed_by_the_terminal(site: Any) -> None:
    job = site.working()
    assert site.off(job).state == "ended"
    assert site.job(job).off_confirmed_at is None
    site.exchange()
    assert site.terminal.relay == 0
    assert site.job(job).off_confirmed_at == site.clock.now


def person_who(site: Any, who: str) -> Any:
    make = site.county.person
    return {
        "welder": lambda: site.welder,
        "fire watch": lambda: site.fire_watch,
        "office": lambda: make("office"),
        "officer": lambda: make("officer", district="990101"),
        "officer elsewhere": lambda: make("officer", district="990102"),
        "blocked officer": lambda: make("officer", district="990101", status="blocked"),
        "other welder": lambda: make("welder", enterprise=site.enterprise),
        "boss": lambda: make("enterprise", enterprise=site.enterprise),
    }[who]()


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        ("welder", "welder"),
        ("fire watch", "fire-watch"),
        ("office", "office"),
        ("officer", "officer"),
    ],
)
def test_who_may_switch_off(site: Any, who: str, reason: str) -> None:
    job = site.working()
    assert site.off(job, person_who(site, who)).end_reason == reason
    site.exchange()
    assert site.terminal.relay == 0


@pytest.mark.parametrize("who", ["officer elsewhere", "blocked officer", "other welder", "boss"])
def test_who_may_not_switch_off(site: Any, who: str) -> None:
    job = site.working()
    assert site.off(job, person_who(site, who)).codes == ["not-your-job"]
    assert site.state(job) == "on"


def test_an_officer_of_either_district_may_switch_off(site: Any) -> None:
    job = site.apply(district="990102")
    site.watch(site.check(job))
    of_the_site = site.county.person("officer", district="990102")
    assert site.off(job, of_the_site).state == "cancelled"
    other = site.apply(district="990102")
    assert site.off(other, person_who(site, "officer")).state == "cancelled"


def test_off_twice_is_off_once(site: Any) -> None:
    job = site.working()
    for _ in range(3):
        assert site.off(job).state == "ended"
    assert site.switches() == ["1", "0"]
    assert site.audit().count("job-ended") == 1


def test_off_while_on_is_still_on_its_way_ends_the_job_and_opens_the_relay(site: Any) -> None:
    job = site.on(site.watched())
    assert site.off(job).state == "ended"
    site.exchange()
    assert (site.terminal.relay, site.state(job)) == (0, "ended")


def test_off_of_a_dark_terminal_is_recorded_and_told_at_its_next_log_in(site: Any) -> None:
    job = site.working()
    site.county.do(terminals.provision, site.terminal.device)
    site.terminal.secret = site.county.ask(terminals.secret, site.terminal.device)
    assert site.off(job).state == "ended"
    assert site.leaving() == []
    site.login()
    site.exchange()
    assert site.terminal.relay == 0
    assert site.job(job).off_confirmed_at is not None
    assert job.id in site.terminal.ended


def test_what_an_officer_writes_stays_in_the_job_and_goes_neither_to_the_wire_nor_the_book(
    site: Any,
) -> None:
    job = site.working()
    words = "张三说现场有油漆 😀"
    assert site.off(job, person_who(site, "officer"), words).end_reason == words
    content = json.loads(site.leaving()[-1])["paras"]["content"]
    assert content["reason"] == "officer"
    rows = site.county.ask(lambda unit: list(unit.db.scalars(select(AuditRow))))
    assert all("张三" not in str(row.details) for row in rows)


def test_a_job_given_up_before_it_began_is_cancelled_without_a_command(site: Any) -> None:
    job = site.watched()
    assert site.county.do(jobs.cancel, job, site.welder).state == "cancelled"
    assert site.switches() == []
    assert site.apply().id != job.id


# --- clear --------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["welder", "fire watch"])
def test_the_site_is_cleared_by_either_of_the_two(site: Any, who: str) -> None:
    job = site.working()
    site.off(job)
    assert site.clear(job, person_who(site, who)).state == "cleared"
    assert site.clear(job).state == "cleared"
    assert site.audit().count("job-cleared") == 1


def test_what_is_not_ended_or_not_yours_or_not_clean_is_not_cleared(site: Any) -> None:
    job = site.working()
    assert site.clear(job).codes == ["wrong-step"]
    site.off(job)
    assert site.clear(job, person_who(site, "office")).codes == ["not-your-job"]
    assert site.clear(job, ticks={"power"}).codes == ["clear-checklist"]
    assert site.state(job) == "ended"


def next_job(site: Any) -> tuple[Any, Any]:
    """A job that is over, its machine not known to be off, and the next one, ready for ON."""
    before = site.working()
    site.off(before)
    site.exchange()
    site.clear(before)
    job = site.watched()

    def closed_again(unit: Any) -> None:
        jobs.by_id(unit, before.id).off_confirmed_at = None

    site.county.do(closed_again)
    return before, job


def test_a_next_on_waits_until_the_machine_is_known_to_be_off(site: Any) -> None:
    before, job = next_job(site)
    assert site.view(site.welder).before_on
    assert site.on(job).codes == ["handover-off"]
    site.beat()
    assert site.job(before).off_confirmed_at is not None
    assert not site.view(site.welder).before_on
    site.on(job)
    site.exchange()
    assert site.state(job) == "on"


@pytest.mark.parametrize("mode", ["emergency", "service", "working", "fault"])
def test_a_relay_closed_by_a_release_or_a_test_bars_no_next_on(site: Any, mode: str) -> None:
    before, job = next_job(site)

    def over(unit: Any) -> None:
        jobs.by_id(unit, before.id).lease_until = unit.now
        row = terminals.locked(unit, site.terminal.device)
        row.relay, row.mode, row.job = 1, mode, ""

    site.county.do(over)
    barred = mode in ("working", "fault")
    assert bool(site.view(site.welder).before_on) is barred
    assert (getattr(site.on(job), "codes", []) == ["handover-off"]) is barred


def test_a_silent_terminal_is_waited_for_only_as_long_as_its_old_authority_lasts(
    site: Any,
) -> None:
    before, job = next_job(site)

    def over(unit: Any) -> None:
        jobs.by_id(unit, before.id).lease_until = unit.now

    site.county.do(over)
    assert not site.view(site.welder).before_on
    assert site.on(job).state == "watched"

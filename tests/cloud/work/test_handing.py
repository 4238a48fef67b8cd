"""A job changes hands (cloud/work/handing.py): an end and a new job, with both names on record."""

from typing import Any

import pytest
from sqlalchemy import select

from cloud.book.audit import AuditRow
from cloud.link import terminals, tickets
from cloud.registry import certificates
from cloud.work import handing, jobs, permits, view


@pytest.fixture
def second(site: Any) -> Any:
    return site.county.welder(site.enterprise)


def offered(site: Any) -> Any:
    """A running job that its welder hands over; the machine has answered."""
    job = site.county.do(jobs.hand_over, site.working(), site.welder)
    site.exchange()
    return job


def take(site: Any, who: Any, job: Any) -> Any:
    return site.county.do(jobs.take_over, who, site.machine, job.id)


def on_again(site: Any, who: Any, job: Any) -> Any:
    """The whole way of the second welder, to the closed relay."""
    site.welder = who
    taken = site.on(site.watch(site.check(take(site, who, job))))
    site.exchange()
    return taken


def test_the_machine_is_off_while_it_changes_hands_and_both_names_are_on_record(
    site: Any, second: Any
) -> None:
    first = site.welder
    job = offered(site)
    assert (site.state(job), site.terminal.relay) == ("ended", 0)
    taken = on_again(site, second, job)
    assert (site.state(taken), site.terminal.relay, site.terminal.job) == ("on", 1, taken.id)
    assert (taken.site, taken.work, taken.voucher) == (job.site, job.work, job.voucher)
    assert site.job(taken).handed_from == job.id
    rows = site.county.ask(lambda unit: list(unit.db.scalars(select(AuditRow))))
    book = {(row.subject, row.what): row for row in rows}
    accepted = book[job.id, "handover-accepted"]
    assert (accepted.actor, accepted.details) == (
        second.id,
        {"machine": site.machine.id, "welder": first.id, "state": "ended"}
        | {"job": taken.id, "by": second.id},
    )
    assert book[taken.id, "job-permitted"].details["handed_from"] == job.id
    assert book[job.id, "job-ended"].details["reason"] == "handover"


def test_everybody_at_the_machine_hears_that_the_job_changes_hands(site: Any) -> None:
    offered(site)
    assert site.terminal.spoken[-1] == "作业交接，请接手的焊工扫码，监护人留在现场。"


def test_the_site_is_the_firsts_until_the_second_switches_on(site: Any, second: Any) -> None:
    job = offered(site)
    assert site.view(site.welder).step == "clear"
    first, taken = site.welder, take(site, second, job)
    assert site.state(job) == "ended"
    site.welder = second
    site.on(site.watch(site.check(taken)))
    site.exchange()
    assert site.state(job) == "cleared"
    assert [event.subject for event in site.events("job-cleared")] == [job.id]
    assert site.clear(job, first).state == "cleared"


def test_nobody_who_comes_is_an_alarm_as_after_any_end(site: Any, second: Any) -> None:
    job = offered(site)
    site.later(site.county.ground.settings.clear_s)
    assert site.events("not-cleared")[0].subject == job.id
    assert take(site, second, job).codes == ["handover-over"]
    assert site.view(second).offer is None


def test_nothing_is_taken_over_before_the_machine_has_said_that_it_is_off(
    site: Any, second: Any
) -> None:
    job = site.county.do(jobs.hand_over, site.working(), site.welder)
    assert site.view(second).offer.off is False
    assert take(site, second, job).codes == ["handover-off"]
    site.exchange()
    assert site.view(second).offer.off is True
    assert take(site, second, job).state == "permitted"


def test_an_on_waits_too_if_the_machine_was_seen_closed_again(site: Any, second: Any) -> None:
    job = offered(site)
    taken = take(site, second, job)
    site.welder = second
    site.watch(site.check(taken))

    def closed_again(unit: Any) -> None:
        jobs.by_id(unit, job.id).off_confirmed_at = None

    site.county.do(closed_again)
    assert site.on(taken).codes == ["handover-off"]


def test_certificate_and_rules_are_decided_anew(site: Any, second: Any) -> None:
    job = offered(site)
    for one in site.county.ask(certificates.for_person, second.id):
        site.county.do(
            lambda unit, row=one: certificates.set_status(unit, unit.db.merge(row), "suspended")
        )
    assert take(site, second, job).codes == ["certificate-status"]
    bare = site.county.person("welder", enterprise=site.enterprise)
    assert take(site, bare, job).codes == ["certificate-missing"]
    stranger = site.county.welder(site.county.enterprise("演示二厂"))
    assert take(site, stranger, job).codes == ["contract-missing"]
    assert site.view(stranger).offer is not None  # the next one may still come


def test_the_fire_watch_confirms_anew(site: Any, second: Any) -> None:
    job = offered(site)
    taken = take(site, second, job)
    site.welder = second
    site.check(taken)
    assert "fire-watch-missing" in site.on(taken).codes
    site.watch(taken)
    site.on(taken)
    site.exchange()
    assert site.state(taken) == "on"


def test_the_same_welder_does_not_take_over_what_was_handed_over(site: Any) -> None:
    job = offered(site)
    assert take(site, site.welder, job).codes == ["handover-own"]
    site.clear(job)
    assert site.view(site.welder).offer is None
    assert take(site, site.welder, job).codes == ["handover-over"]


def test_one_takes_it_and_the_next_one_only_if_that_one_gives_up(site: Any, second: Any) -> None:
    job, third = offered(site), site.county.welder(site.enterprise)
    taken = take(site, second, job)
    assert take(site, second, job).id == taken.id  # pressed twice
    assert take(site, third, job).codes == ["machine-busy"]
    site.county.do(jobs.cancel, taken, second)
    again = take(site, third, job)
    assert again.handed_from == job.id
    assert site.county.ask(handing.hands, [site.job(job)])[job.id] == (None, third.id)


def test_one_who_has_an_open_job_here_already_keeps_that_one(site: Any, second: Any) -> None:
    job = offered(site)
    own = site.apply(second)
    assert take(site, second, job).id == own.id
    assert site.job(own).handed_from is None


def test_only_the_welder_hands_over_and_only_what_runs_or_is_paused(
    site: Any, second: Any
) -> None:
    job = site.watched()

    def hand(who: Any) -> Any:
        return site.county.do(jobs.hand_over, job, who)

    assert hand(site.welder).codes == ["wrong-step"]
    site.on(job)
    site.exchange()
    assert hand(second).codes == ["not-your-job"]
    assert hand(site.fire_watch).codes == ["not-your-job"]
    assert site.view(site.welder).may_hand_over and not site.view(site.fire_watch).may_hand_over
    site.terminal.restart()
    site.login()
    assert site.state(job) == "paused" and site.view(site.welder).may_hand_over
    assert hand(site.welder).state == "ended"
    assert hand(site.welder).id == job.id  # pressed twice
    assert site.audit().count("job-ended") == 1


def test_what_is_over_is_not_handed_over(site: Any) -> None:
    job = site.working()
    site.off(job)
    assert site.county.do(jobs.hand_over, job, site.welder).codes == ["job-closed"]


def test_a_terminal_that_is_dark_is_told_later_and_the_second_waits(
    site: Any, second: Any
) -> None:
    job = site.working()
    site.clock.forward(3600)
    job = site.county.do(jobs.hand_over, job, site.welder)
    assert job.state == "ended"
    assert take(site, second, job).codes == ["handover-off"]


def test_the_second_welder_brings_the_off_to_a_terminal_without_signal_by_bluetooth(
    site: Any, second: Any
) -> None:
    job = site.working()
    site.up(site.terminal.leave())
    site.deliver()
    site.county.do(jobs.hand_over, job, site.welder)
    assert take(site, second, job).codes == ["handover-off"]
    assert site.view(second).before_on == job.id
    office = site.county.person("enterprise", enterprise=site.enterprise)

    def off(unit: Any, who: Any) -> Any:
        made = jobs.ticket_off(unit, jobs.by_id(unit, job.id), who, "0011223344556677")
        return tickets.written(unit, made) if isinstance(made, tickets.Ticket) else made.codes

    assert site.county.do(off, office) == ["not-your-job"]
    told = site.terminal.take(site.county.do(off, second))
    assert site.terminal.relay == 0
    assert site.county.do(tickets.receipt, told) == "receipt"
    site.deliver()
    assert (site.view(second).before_on, site.view(second).offer.off) == ("", True)
    assert take(site, second, job).state == "permitted"


def test_what_was_planned_under_another_permit_bars_no_handover(site: Any, second: Any) -> None:
    hour, now = 3_600_000, site.clock.now
    site.apply(planned=(now, now + 3 * hour))
    job = offered(site)
    assert site.job(job).planned_until == now + 3 * hour
    window = {"window_from": now, "window_to": now + 2 * hour}
    given = {"enterprise_id": site.enterprise.id, "grade": "second"}
    permit = site.county.do(permits.ask, second, **given, **window)
    boss = site.county.person("enterprise", enterprise=site.enterprise)
    site.county.do(permits.approve, permit, boss)
    taken = take(site, second, job)
    assert (taken.permit_id, taken.planned_until) == (permit.id, now + 2 * hour)


def test_a_silent_terminal_bars_a_handover_only_as_long_as_its_authority_lasts(
    site: Any, second: Any
) -> None:
    job = site.county.do(jobs.hand_over, site.working(), site.welder)
    assert take(site, second, job).codes == ["handover-off"]

    def over(unit: Any) -> None:
        jobs.by_id(unit, job.id).lease_until = unit.now
        row = terminals.locked(unit, site.terminal.device)
        row.online = closed

    closed = True
    site.county.do(over)
    assert take(site, second, job).codes == ["handover-off"]  # it still tells a closed relay
    closed = False
    site.county.do(over)
    assert site.view(second).offer.off
    assert "handover-off" not in getattr(take(site, second, job), "codes", [])


def test_the_page_tells_who_had_it_and_who_has_it(site: Any, second: Any) -> None:
    job, first = offered(site), site.welder
    offer = site.view(second).offer
    assert (offer.job, offer.site, offer.work) == (job.id, job.site, job.work)
    assert offer.welder == first.name[0] + "*" * (len(first.name) - 1)
    assert offer.until == job.offered_at + 1000 * site.county.ground.settings.clear_s
    assert site.view(first).offer is None
    assert site.view(site.fire_watch).times["offered_at"] == job.offered_at
    take(site, second, job)
    assert site.view(second).taken_from == offer.welder
    assert site.county.ask(view.hands, site.job(job), None) == ("", "演**")

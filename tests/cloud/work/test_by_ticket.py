"""A weld by ticket: only the phone reaches the terminal (cloud/work/by_ticket.py)."""

from typing import Any

import pytest

from cloud.link import tickets
from cloud.work import jobs

CH = "0011223344556677"


def dark(site: Any) -> None:
    site.up(site.terminal.leave())
    site.deliver()


def ask(site: Any, job: Any, challenge: str = "", act: str = "on", who: Any = None) -> Any:
    """The text of the ticket, or the codes of the refusals."""

    def asked(unit: Any) -> Any:
        person = who or site.welder
        if act == "on":
            made = jobs.ticket_on(unit, job, person, challenge, proof=site.proof)
        else:
            made = jobs.ticket_off(unit, job, person, challenge)
        return made.codes if isinstance(made, jobs.Refusals) else tickets.written(unit, made)

    return site.county.do(asked)


def hand_in(site: Any, told: dict[str, Any]) -> None:
    assert site.county.do(tickets.receipt, told) == "receipt"
    site.deliver()


@pytest.mark.parametrize("challenge", [CH, ""])
def test_a_weld_by_ticket_while_the_line_is_dark(site: Any, challenge: str) -> None:
    job = site.watched()
    dark(site)
    assert "terminal-dark" in site.on(job).codes
    text = ask(site, job, challenge)
    hand_in(site, site.terminal.take(text))
    assert (site.state(job), site.terminal.relay) == ("on", 1)
    site.clock.forward(600)
    text = ask(site, job, challenge, act="off")
    assert site.state(job) == "ended"
    hand_in(site, site.terminal.take(text))
    assert site.terminal.relay == 0
    assert site.job(job).off_confirmed_at is not None
    assert site.clear(job).state == "cleared"


def test_by_ticket_the_same_rules_hold_as_by_the_page(site: Any) -> None:
    job = site.checked()
    dark(site)
    assert "fire-watch-missing" in ask(site, job, CH)
    assert ask(site, job, CH, who=site.fire_watch) == ["not-your-job"]
    site.off(job)
    assert ask(site, job, CH) == ["job-closed"]


def test_the_fire_watchs_word_is_good_for_ten_minutes_by_ticket_too(site: Any) -> None:
    job = site.watched()
    dark(site)
    site.clock.forward(601)
    site.sweep()
    assert set(ask(site, job, CH)) & {"watch-expired", "fire-watch-missing"}


def test_a_ticket_taken_underground_keeps_the_job_open_until_it_is_over(site: Any) -> None:
    job = site.watched()
    dark(site)
    text = ask(site, job)
    site.clock.forward(3 * 3600)
    site.sweep()
    assert site.state(job) == "watched"
    told = site.terminal.take(text)
    site.clock.forward(3600)
    hand_in(site, told)
    assert site.state(job) == "on"


def test_a_ticket_that_was_never_used_lapses_with_its_lease(site: Any) -> None:
    job = site.watched()
    dark(site)
    ask(site, job)
    site.clock.forward(13 * 3600)
    site.sweep()
    assert site.state(job) == "checked"


def test_a_line_that_comes_back_before_the_receipt_knows_the_job_by_its_ticket(site: Any) -> None:
    job = site.watched()
    dark(site)
    told = site.terminal.take(ask(site, job))
    site.login()
    assert site.state(job) == "on"
    hand_in(site, told)
    assert site.state(job) == "on"
    assert site.audit().count("job-on") == 1


def test_the_same_ticket_resumes_after_a_power_cut(site: Any) -> None:
    job = site.watched()
    dark(site)
    text = ask(site, job)
    hand_in(site, site.terminal.take(text))
    site.clock.forward(60)
    site.terminal.restart()
    site.login()
    assert site.state(job) == "paused"
    dark(site)
    site.clock.forward(60)
    site.terminal.take(text)
    site.login()
    assert site.state(job) == "on"


@pytest.mark.parametrize(
    ("word", "code"), [("gas", "terminal-gas"), ("stale-challenge", "terminal-refused")]
)
def test_a_refused_ticket_says_why_on_the_page(site: Any, word: str, code: str) -> None:
    job = site.watched()
    dark(site)
    hand_in(site, site.terminal.take(ask(site, job, CH), word))
    assert (site.state(job), site.view(site.welder).refusals.codes) == ("watched", [code])


def test_a_ticket_used_after_the_end_is_switched_off_again(site: Any) -> None:
    job = site.watched()
    dark(site)
    text = ask(site, job)
    site.off(job)
    told = site.terminal.take(text)
    site.login()
    site.exchange()
    assert site.terminal.relay == 0
    hand_in(site, told)
    site.exchange()
    assert (site.terminal.relay, site.state(job)) == (0, "ended")


def test_the_fire_watch_stops_the_job_by_ticket(site: Any) -> None:
    job = site.watched()
    dark(site)
    hand_in(site, site.terminal.take(ask(site, job, CH)))
    text = ask(site, job, CH, act="off", who=site.fire_watch)
    hand_in(site, site.terminal.take(text))
    assert site.terminal.relay == 0
    assert site.job(job).end_reason == "fire-watch"


def technician(site: Any, act: str, who: Any = None) -> Any:
    person = who or site.county.person("technician")

    def asked(unit: Any) -> Any:
        made = jobs.ticket_for_technician(unit, person, site.terminal.device, act, CH)
        if isinstance(made, jobs.Refusals):
            return made.codes
        return made.lease_s, tickets.written(unit, made)

    return site.county.do(asked)


def test_a_technician_tests_a_terminal_for_a_minute_and_serves_it_for_longer(site: Any) -> None:
    assert technician(site, "test")[0] == 60
    lease_s, text = technician(site, "service")
    assert lease_s == 1800
    hand_in(site, site.terminal.take(text))
    assert site.audit() == ["ticket-test", "ticket-service", "ticket-done"]


def test_nobody_tests_while_somebody_works_and_nobody_else_tests_at_all(site: Any) -> None:
    assert technician(site, "test", site.welder) == ["registered"]
    blocked = site.county.person("technician", status="blocked")
    assert technician(site, "test", blocked) == ["registered"]
    site.apply()
    assert technician(site, "test") == ["machine-busy"]

"""A weld by ticket: only the phone reaches the terminal (cloud/work/by_ticket.py)."""

import base64
import json
from typing import Any

import pytest

from cloud.link import tickets
from cloud.work import jobs, permits

CH = "0011223344556677"
HOUR = 3_600_000


def expires(text: str) -> int:
    """Until when the terminal takes the ticket, epoch ms."""
    body = text.split(".")[0]
    return int(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["exp"])


def dark(site: Any) -> None:
    site.up(site.terminal.leave())
    site.deliver()


def ask(site: Any, job: Any, challenge: str = "", act: str = "on", who: Any = None) -> Any:
    """The text of the ticket, or the codes of the refusals; taken along, the fire watch is beside
    and their secret stands behind it."""
    along = act == "on" and not challenge
    secret = f".{beside(site, job)[0]}" if along else ""

    def asked(unit: Any) -> Any:
        person = who or site.welder
        if act == "on":
            made = jobs.ticket_on(unit, job, person, challenge, proof=site.proof)
        else:
            made = jobs.ticket_off(unit, job, person, challenge)
        return made.codes if isinstance(made, jobs.Refusals) else tickets.written(unit, made)

    told = site.county.do(asked)
    return told + secret if isinstance(told, str) else told


def beside(site: Any, job: Any) -> Any:
    """The fire watch comes along; the secret, and the text of the ticket that stops."""

    def taken(unit: Any) -> Any:
        made = jobs.take_along(unit, job, site.fire_watch)
        if isinstance(made, jobs.Refusals):
            return made.codes
        return made.secret, tickets.written(unit, made.stop)

    return site.county.do(taken)


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


def test_a_ticket_for_now_carries_no_other_one_later(site: Any) -> None:
    """It never left the ground: hours later the fire watch and the PIN are wanted again."""
    job = site.watched()
    dark(site)
    ask(site, job, CH)
    site.clock.forward(6 * 3600)
    site.sweep()
    asked = site.county.do(jobs.ticket_on, job, site.welder, "ff" * 8)
    assert {"watch-expired", "pin"} <= set(asked.codes)
    assert site.state(job) == "checked"
    site.watch(job)
    assert isinstance(ask(site, job, "ff" * 8), str)


def test_a_ticket_for_now_keeps_its_job_until_its_word_comes_up(site: Any) -> None:
    job = site.watched()
    dark(site)
    told = site.terminal.take(ask(site, job, CH))
    site.clock.forward(3 * 3600)
    site.sweep()
    hand_in(site, told)
    assert (site.state(job), site.job(job).fire_watch_id) == ("on", site.fire_watch.id)


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


def test_asked_again_under_a_permit_that_ends_sooner_phone_and_cloud_mean_the_same_end(
    site: Any,
) -> None:
    boss, now = site.county.person("enterprise", enterprise=site.enterprise), site.clock.now
    window = {"window_from": now, "window_to": now + 4 * HOUR}
    given = {"enterprise_id": site.enterprise.id, "grade": "second"}
    permit = site.county.do(permits.ask, site.welder, **given, **window)
    site.county.do(permits.approve, permit, boss)
    job = site.watched()
    dark(site)
    first = ask(site, job)
    assert expires(first) == site.job(job).ticket_until == now + 4 * HOUR
    site.clock.forward(60)
    assert ask(site, job) == first
    site.county.do(permits.end, permit, boss, now + 2 * HOUR)
    site.deliver()
    assert expires(ask(site, job)) == site.job(job).lease_until == now + 2 * HOUR
    assert site.job(job).ticket_until == now + 4 * HOUR  # the first one may still be shown


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


# --- the fire watch underground -----------------------------------------------------------------


def test_no_ticket_goes_underground_without_the_fire_watch(site: Any) -> None:
    job = site.watched()
    with_nobody = site.county.do(jobs.ticket_on, job, site.welder, proof=site.proof)
    assert with_nobody.codes == ["watch-along"]
    assert not site.view(site.welder).along
    beside(site, job)
    assert site.view(site.welder).along
    assert not isinstance(
        site.county.do(jobs.ticket_on, job, site.welder, proof=site.proof), jobs.Refusals
    )


def test_asked_twice_the_fire_watch_has_the_same_secret_and_one_ticket(site: Any) -> None:
    job = site.watched()
    secret, stop = beside(site, job)
    assert beside(site, job) == (secret, stop)
    assert len(secret) == 16 and not set(secret) & set("ILOU")
    assert site.audit().count("watch-goes-along") == 1
    assert secret not in stop


def test_nobody_welds_below_for_longer_than_the_fire_watch_can_stop_it(site: Any) -> None:
    job = site.watched()
    site.clock.forward(300)
    beside(site, job)
    site.clock.forward(120)
    ask(site, job)
    stop = site.job(job).watched_at + 300_000 + tickets.LIFE_MAX_S * 1000
    assert site.job(job).ticket_until <= stop


def test_only_the_fire_watch_of_a_job_that_may_begin_goes_along(site: Any) -> None:
    job = site.checked()
    assert beside(site, job) == ["not-your-job"]
    site.watch(job)
    assert site.county.do(jobs.take_along, job, site.welder).codes == ["not-your-job"]
    site.off(job)
    assert beside(site, job) == ["job-closed"]


def test_without_the_secret_nothing_moves_and_with_it_the_same_ticket_is_obeyed(site: Any) -> None:
    job = site.watched()
    text = ask(site, job)
    dark(site)
    wrong = site.terminal.take(f"{text[:-1]}{'0' if text[-1] != '0' else '1'}")
    assert (wrong["word"], site.terminal.relay) == ("fire-watch", 0)
    hand_in(site, wrong)
    hand_in(site, site.terminal.take(text))
    assert (site.state(job), site.terminal.relay) == ("on", 1)


@pytest.mark.parametrize("first", ["on", "off"])
def test_the_fire_watchs_stop_ends_the_job_whoever_comes_up_first(site: Any, first: str) -> None:
    job = site.watched()
    text, (_secret, stop) = ask(site, job), beside(site, job)
    dark(site)
    told = {"on": site.terminal.take(text), "off": site.terminal.take(stop)}
    assert site.terminal.relay == 0
    hand_in(site, told.pop(first))
    hand_in(site, told.popitem()[1])
    site.login()
    site.exchange()
    ended = site.job(job)
    assert (ended.state, ended.end_reason, site.terminal.relay) == ("ended", "fire-watch", 0)
    assert ended.off_confirmed_at is not None


def test_a_check_in_underground_comes_into_the_book_once_and_from_the_fire_watch(
    site: Any,
) -> None:
    job = site.watched()
    at = site.clock.now
    assert site.county.do(jobs.seen_below, job, site.fire_watch, at)
    assert site.county.do(jobs.seen_below, job, site.fire_watch, at)
    assert not site.county.do(jobs.seen_below, job, site.welder, at)
    assert site.audit().count("watch-below") == 1


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

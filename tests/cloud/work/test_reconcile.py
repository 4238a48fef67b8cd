"""Book and terminal are brought together (cloud/work/reconcile.py)."""

import itertools
import json
from typing import Any

import pytest

from cloud.book import outbox
from cloud.work import jobs

# --- lost, late and repeated answers ------------------------------------------------------------


def asked(site: Any) -> tuple[Any, list[bytes]]:
    """A job whose ON was obeyed, and the answers that are still under way."""
    job = site.on(site.watched())
    return job, site.down()


def test_an_answer_that_comes_twice_changes_nothing_the_second_time(site: Any) -> None:
    job, answers = asked(site)
    for answer in answers * 3:
        site.up(answer)
        site.deliver()
    assert site.state(job) == "on"
    assert site.audit().count("job-on") == 1


def test_a_lost_answer_is_made_good_by_the_heartbeat(site: Any) -> None:
    job, _lost = asked(site)
    site.clock.forward(1)
    site.beat()
    assert site.state(job) == "on"
    assert site.job(job).asked_on_at is None


def test_a_heartbeat_that_does_not_name_the_job_is_no_proof(site: Any) -> None:
    job, _lost = asked(site)
    site.clock.forward(1)
    site.beat(full=False)
    assert site.state(job) == "watched"
    site.clock.forward(1)
    site.beat()
    assert site.state(job) == "on"


def test_after_a_time_out_the_welder_may_press_again(site: Any) -> None:
    job = site.on(site.watched())
    site.leaving()
    site.clock.forward(20)
    site.sweep()
    job = site.job(job)
    assert (job.state, job.asked_on_at, job.refusals) == ("watched", None, ["terminal-timeout"])
    site.on(job)
    site.exchange()
    assert site.state(job) == "on"


def test_a_late_answer_for_a_timed_out_on_counts_while_the_job_is_watched(site: Any) -> None:
    job, answers = asked(site)
    site.clock.forward(25)
    site.sweep()
    assert site.state(job) == "watched"
    site.up(answers[0])
    site.deliver()
    assert site.state(job) == "on"


def test_a_late_answer_after_the_fire_watch_lapsed_switches_off_and_ends(site: Any) -> None:
    job, answers = asked(site)
    for _ in range(2):
        site.clock.forward(301)
        site.sweep()
    assert site.state(job) == "checked"
    site.up(answers[0])
    site.exchange()
    assert (site.state(job), site.job(job).end_reason) == ("ended", "unasked")
    assert site.terminal.relay == 0


def test_an_on_answered_after_the_end_is_switched_off_again(site: Any) -> None:
    job, answers = asked(site)
    site.off(job)
    lost_off = site.leaving()
    assert len(lost_off) == 1
    site.up(answers[0])
    site.deliver()
    assert site.state(job) == "ended"
    site.exchange()
    assert site.terminal.relay == 0
    assert site.job(job).off_confirmed_at is not None


@pytest.mark.slow
@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_whatever_the_order_of_the_last_four_messages_the_relay_ends_open(
    site: Any, order: tuple[int, ...]
) -> None:
    job, answers = asked(site)
    site.clock.forward(1)
    beat = site.terminal.beat()
    site.off(job)
    off = site.down()
    site.clock.forward(1)
    messages = [answers[0], beat, *off, site.terminal.beat()]
    for number in order:
        site.up(messages[number])
        site.deliver()
    site.exchange()
    site.later(60)
    site.exchange()
    job = site.job(job)
    assert (site.terminal.relay, job.state) == (0, "ended")
    assert job.off_confirmed_at is not None


# --- refusals by the terminal -------------------------------------------------------------------


def refused_with(site: Any, word: str) -> Any:
    job = site.on(site.watched())
    for _ in range(2):  # three of the words are tried once more
        for body in site.leaving():
            id = json.loads(body)["id"]
            site.up(site.terminal.answer(id, "switch", word))
            site.deliver()
    return site.job(job)


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("locked", "terminal-locked"),
        ("gas", "terminal-gas"),
        ("relay-stuck", "terminal-relay-stuck"),
        ("bad-mac", "terminal-refused"),
        ("unsupported", "terminal-refused"),
        ("malformed", "terminal-refused"),
        ("wrong-epoch", "terminal-refused"),
        ("expired", "terminal-refused"),
        ("replayed", "terminal-refused"),
        ("<script>", "terminal-refused"),
        ("", "terminal-refused"),
    ],
)
def test_what_the_terminal_refuses_is_shown_and_the_job_stays(
    site: Any, word: str, code: str
) -> None:
    job = refused_with(site, word or "x")
    assert (job.state, job.asked_on_at) == ("watched", None)
    shown = site.view(site.welder)
    assert (shown.step, shown.refusals.codes) == ("on", [code])
    assert site.view(site.fire_watch).refusals == []


def test_a_job_that_the_terminal_has_ended_is_ended(site: Any) -> None:
    job = refused_with(site, "ended")
    assert (job.state, job.end_reason) == ("ended", "terminal-ended")


def test_a_refusal_of_the_press_before_does_not_answer_this_one(site: Any) -> None:
    job = site.on(site.watched())
    first = json.loads(site.leaving()[0])["id"]
    site.clock.forward(20)
    site.sweep()
    site.on(job)
    site.up(site.terminal.answer(first, "switch", "locked"))
    site.deliver()
    assert site.job(job).asked_on_at is not None
    assert site.view(site.welder).step == "asked"


# --- pauses -------------------------------------------------------------------------------------


def test_mains_loss_pauses_and_one_press_resumes_for_the_rest_of_the_lease(site: Any) -> None:
    job = site.working()
    until = site.job(job).lease_until
    site.clock.forward(3600)
    site.terminal.restart()
    site.login()
    assert site.state(job) == "paused"
    assert site.terminal.relay == 0
    site.clock.forward(600)
    site.beat()
    assert site.terminal.relay == 0  # never by itself
    site.on(job)
    site.exchange()
    job = site.job(job)
    assert (job.state, job.lease_until, job.paused_at) == ("on", until, None)
    assert site.terminal.lease_end - site.terminal.up == until - site.clock.now


def test_a_planned_stop_pauses_at_once(site: Any) -> None:
    job = site.working()
    site.up(site.terminal.leave("power"))
    site.deliver()
    assert site.state(job) == "paused"


def test_a_last_will_alone_says_nothing_about_the_relay(site: Any) -> None:
    job = site.working()
    site.up(site.terminal.leave())
    site.deliver()
    assert site.state(job) == "on"


def test_resuming_is_decided_with_fresh_facts_as_well(site: Any) -> None:
    job = site.working()
    site.terminal.restart()
    site.login()
    site.clock.forward(1200)
    assert site.on(job).codes == ["terminal-dark"]
    site.login()
    site.on(job)
    site.exchange()
    assert site.state(job) == "on"


def test_a_press_on_the_terminals_button_pauses_and_the_next_on_ends(site: Any) -> None:
    job = site.working()
    site.clock.forward(60)
    site.terminal.press()
    site.beat()
    assert site.state(job) == "paused"
    site.on(job)
    site.exchange()
    assert (site.state(job), site.terminal.relay) == ("ended", 0)


def test_a_relay_that_closes_in_a_pause_unasked_is_opened_and_the_job_ended(site: Any) -> None:
    job = site.working()
    site.clock.forward(60)
    site.beat(relay=0, mode="idle")
    assert site.state(job) == "paused"
    site.clock.forward(60)
    site.beat()
    site.exchange()
    assert (site.state(job), site.terminal.relay) == ("ended", 0)


def test_the_lease_that_ran_out_at_the_terminal_is_an_end_and_no_pause(site: Any) -> None:
    job = site.working()
    site.clock.forward(43_200)
    site.terminal.pass_time()
    site.beat()
    assert (site.state(job), site.job(job).end_reason) == ("ended", "lease")


# --- off until it is heard ----------------------------------------------------------------------


def test_an_off_that_nobody_heard_is_sent_again_as_long_as_the_relay_is_closed(site: Any) -> None:
    job = site.working()
    site.off(job)
    for _ in range(3):
        site.leaving()  # lost
        site.clock.forward(25)
        site.sweep()
        site.beat()
    assert site.terminal.relay == 1
    site.exchange()
    assert site.terminal.relay == 0
    assert site.job(job).off_confirmed_at is not None


def test_an_open_relay_confirms_nothing_while_an_on_is_still_on_its_way(site: Any) -> None:
    job = site.on(site.watched())
    site.off(job)
    held = site.leaving()
    site.clock.forward(1)
    site.beat(rssi=1)
    site.beat(mode="fault")
    assert site.job(job).off_confirmed_at is None
    for body in held:
        site.up(site.terminal.hear(body))
    site.deliver()
    assert site.job(job).off_confirmed_at is not None


def test_what_the_terminal_said_before_the_end_confirms_nothing(site: Any) -> None:
    job = site.working()
    site.clock.forward(60)
    site.up(site.terminal.leave("power"))
    site.deliver()
    site.clock.forward(60)
    site.off(job)
    site.county.do(outbox.tell, "terminal-beat", "x", {"device": site.terminal.device})
    site.deliver()
    assert site.job(job).off_confirmed_at is None
    site.terminal.restart()
    site.login()
    assert site.job(job).off_confirmed_at is not None


def test_a_terminal_away_at_the_end_hears_of_it_at_its_next_log_in(site: Any) -> None:
    job = site.working()
    site.up(site.terminal.leave())
    site.off(job)
    site.leaving()  # nobody listens
    site.clock.forward(3600)
    site.sweep()
    site.login()
    site.exchange()
    assert site.terminal.relay == 0
    assert job.id in site.terminal.ended


def test_a_terminal_that_restarted_meanwhile_still_learns_that_the_job_is_over(site: Any) -> None:
    job = site.working()
    site.off(job)
    site.leaving()
    site.clock.forward(30)
    site.sweep()
    site.terminal.restart()
    site.terminal.ended = []
    site.login()
    assert site.job(job).off_confirmed_at is not None
    site.exchange()
    assert job.id in site.terminal.ended
    count = len(site.switches())
    site.login()
    assert len(site.switches()) == count


def test_a_relay_seen_closed_after_the_confirmation_is_opened_again(site: Any) -> None:
    job = site.working()
    site.off(job)
    site.exchange()
    site.clock.forward(60)
    site.beat(relay=1, mode="working", job=job.id)
    assert site.switches() == ["1", "0", "0"]


def test_a_relay_closed_for_a_job_that_nobody_knows_is_opened(site: Any) -> None:
    site.clock.forward(60)
    site.terminal.job, site.terminal.relay = "made-up", 1
    site.beat()
    site.exchange()
    assert site.terminal.relay == 0


def test_a_relay_closed_for_a_job_that_was_never_switched_on_is_opened(site: Any) -> None:
    job = site.watched()
    site.clock.forward(60)
    site.terminal.job, site.terminal.relay = job.id, 1
    site.beat()
    site.exchange()
    assert site.terminal.relay == 0
    assert site.state(job) == "watched"


def test_an_emergency_release_is_left_alone(site: Any) -> None:
    site.clock.forward(60)
    site.beat(relay=1, mode="emergency")
    assert site.switches() == []


# --- delivery -----------------------------------------------------------------------------------


def test_events_delivered_again_do_no_harm(site: Any) -> None:
    job = site.working()
    site.off(job)
    site.exchange()
    before = (site.job(job).off_confirmed_at, site.switches())
    ground = site.county.ground
    for event in site.events(
        "command-done", "command-refused", "command-timed-out", "terminal-beat", "terminal-login"
    ):
        for handle in jobs.handlers().get(event.kind, []):
            with ground.write() as unit:
                handle(unit, event)
    site.exchange()
    assert (site.state(job), site.terminal.relay) == ("ended", 0)
    assert site.job(job).off_confirmed_at == before[0]


def test_an_event_about_a_job_that_is_gone_is_passed_over(site: Any) -> None:
    details = {"device": site.terminal.device, "name": "switch", "code": "1", "job": "gone"}
    details |= {"relay": 1, "mode": "working", "message": ""}
    for kind in ("command-done", "command-refused", "command-timed-out"):
        site.county.do(outbox.tell, kind, "x", details)
    site.county.do(outbox.tell, "terminal-login", "x", {"device": "HM-990101-999999"})
    site.deliver()
    rest = site.county.ask(
        lambda unit: unit.db.query(outbox.Event).filter_by(done_at=None).count()
    )
    assert rest == 0

"""Commands and what becomes of them (cloud/link/commands.py)."""

import json
from typing import Any

import pytest

from cloud.link import commands, intake, reckoning, terminals, wire
from cloud.link.commands import TerminalDark

EVENTS = ("command-done", "command-refused", "command-timed-out")


def states(line: Any) -> list[str]:
    rows = line.county.ask(
        lambda unit: unit.db.query(commands.Command).order_by(commands.Command.n).all()
    )
    return [one.state for one in rows]


# --- out ----------------------------------------------------------------------------------------


def test_a_command_carries_boot_counter_life_time_and_mac(online: Any) -> None:
    online.clock.forward(10)
    command = online.on()
    body = json.loads(online.leaving()[0])
    content = body["paras"]["content"]
    assert (body["id"], body["service_id"], body["command_name"]) == (
        command.id,
        "welder",
        "switch",
    )
    assert (body["paras"]["actionCode"], body["paras"]["actionName"]) == ("1", "开机")
    assert content["epoch"] == online.terminal.epoch
    assert content["x"] == online.terminal.up + 15_000
    assert (content["n"], content["iat"]) == (1, online.clock.now)
    assert online.terminal.hear(json.dumps(body).encode())
    assert online.terminal.relay == 1


def test_the_counter_rises_over_all_boots(online: Any) -> None:
    first = online.issue("locate").n
    online.terminal.restart()
    online.login()
    assert online.issue("locate").n == first + 1


def test_a_command_leaves_only_after_the_commit(online: Any) -> None:
    with pytest.raises(RuntimeError), online.county.ground.write() as unit:
        commands.issue(unit, online.terminal.device, "locate", content={})
        assert online.leaving() == []
        raise RuntimeError
    assert online.leaving() == []
    assert states(online) == []


@pytest.mark.parametrize("why", ["unknown", "revoked", "never told its boot"])
def test_a_dark_terminal_gets_no_command(line: Any, why: str) -> None:
    device = line.terminal.device
    if why == "unknown":
        device = "HM-990101-999999"
    elif why == "revoked":
        line.login()
        line.county.do(terminals.revoke, device)
    with pytest.raises(TerminalDark):
        line.county.do(commands.issue, device, "locate", content={})


def test_a_command_that_cannot_be_spelled_or_is_too_long_is_the_callers_error(online: Any) -> None:
    with pytest.raises(wire.NotCanonical):
        online.issue("say", content={"say": "😀"})
    with pytest.raises(wire.TooLong):
        online.issue("say", content={"say": "焊" * 1300})
    assert states(online) == []


# --- answers ------------------------------------------------------------------------------------


def test_an_obeyed_command_is_done_and_told_once(online: Any) -> None:
    command = online.on("j7")
    answers = online.down()
    for _ in range(3):
        assert online.up(answers[0]) == "answer"
    assert online.command(command.id).state == "done"
    told = online.told(*EVENTS)
    assert [(one["kind"], one["code"], one["job"], one["relay"]) for one in told] == [
        ("command-done", "1", "j7", 1)
    ]
    assert (online.row.relay, online.row.job, online.row.mode) == (1, "j7", "working")


def test_a_refused_command_tells_the_terminals_word(online: Any) -> None:
    online.terminal.ended = ["j7"]
    command = online.on("j7")
    online.exchange()
    assert (online.command(command.id).state, online.command(command.id).message) == (
        "refused",
        "ended",
    )
    assert [one["message"] for one in online.told(*EVENTS)] == ["ended"]


@pytest.mark.parametrize(
    "forged",
    [{"relay": 0}, {"up": 1}, {"n": 99}, {"epoch": "00" * 8}, {"mac": "00" * 16}, {"mac": None}],
)
def test_an_answer_with_a_wrong_mac_moves_nothing(online: Any, forged: dict) -> None:
    command = online.on()
    online.down()
    seen_at = online.row.seen_at
    online.clock.forward(1)
    assert online.up(online.terminal.answer(command.id, "switch", **forged)) == "bad-mac"
    assert online.command(command.id).state == "made"
    assert (online.row.relay, online.row.seen_at, online.row.odd) == (0, seen_at, 1)


def test_the_bare_annex_answer_of_a_signed_terminal_is_not_believed(online: Any) -> None:
    command = online.on()
    said = {"id": command.id, "success": True, "code": 200, "timestamp": 1}
    assert online.up(json.dumps(said).encode()) == "bad-mac"
    assert online.command(command.id).state == "made"


def test_an_answer_of_another_terminal_is_not_ours(online: Any) -> None:
    secret = online.county.do(terminals.provision, "HM-990101-000002")
    command = online.on()
    other = type(online.terminal)("HM-990101-000002", secret, online.clock)
    other.relay = 1
    said = other.answer(command.id, "switch")
    assert online.county.do(intake.receive, other.device, said) == "no-such-command"
    assert online.command(command.id).state == "made"


def test_the_answer_to_one_command_is_no_answer_to_another(online: Any) -> None:
    online.on("j1")
    answer = json.loads(online.down()[0])
    second = online.on("j2")
    assert online.up(json.dumps(answer | {"id": second.id}).encode()) == "bad-mac"


def test_a_change_learned_from_another_answer_is_told_as_a_heartbeat(online: Any) -> None:
    online.terminal.relay = 1
    online.clock.forward(1)
    online.issue("alive")
    online.exchange()
    assert [one["relay"] for one in online.told("terminal-beat")] == [1]
    assert online.told(*EVENTS) == []


def test_an_answer_overtaken_by_a_later_heartbeat_is_old_news_about_the_relay(online: Any) -> None:
    command = online.on()
    answer = online.down()[0]
    online.clock.forward(1)
    online.terminal.press()
    online.beat()
    online.up(answer)
    assert online.command(command.id).state == "done"
    assert (online.row.relay, online.row.mode) == (0, "idle")


def test_an_answer_that_comes_again_later_does_not_make_the_clock_late(online: Any) -> None:
    online.issue("alive")
    answer = online.down()[0]
    online.up(answer)
    online.clock.forward(12)
    online.up(answer)
    assert reckoning.up_now(online.row, online.clock.now) == online.terminal.up


# --- handing over again, timing out -------------------------------------------------------------


def test_what_is_unanswered_is_handed_over_once_more_and_moves_nothing_twice(online: Any) -> None:
    online.on()
    online.leaving()  # lost: the process died between commit and send
    assert online.sweep() == 0
    online.clock.forward(2)
    assert online.sweep() == 1
    bodies = online.leaving()
    assert [online.terminal.hear(body) is not None for body in bodies * 2] == [True, True]
    assert online.terminal.closings == ["j1"]
    online.clock.forward(3)
    assert online.sweep() == 0


def test_no_answer_in_twenty_seconds_is_a_time_out_told_once(online: Any) -> None:
    command = online.on()
    online.clock.forward(19)
    online.sweep()
    assert online.told(*EVENTS) == []
    online.clock.forward(1)
    online.sweep()
    online.sweep()
    assert online.command(command.id).state == "timed_out"
    assert [one["kind"] for one in online.told(*EVENTS)] == ["command-timed-out"]


def test_a_late_answer_is_believed(online: Any) -> None:
    command = online.on()
    answer = online.down()[0]
    online.clock.forward(30)
    online.sweep()
    online.up(answer)
    assert online.command(command.id).state == "done"
    assert [one["kind"] for one in online.told(*EVENTS)] == ["command-timed-out", "command-done"]
    assert online.row.relay == 1


def test_after_a_time_out_the_next_heartbeat_is_news_and_reconciles(online: Any) -> None:
    command = online.on()
    online.down()  # obeyed, but the answer is lost
    online.clock.forward(5)
    online.beat()
    online.clock.forward(15)
    online.sweep()
    before = len(online.told("terminal-beat"))
    online.clock.forward(1)
    online.beat()
    online.clock.forward(1)
    online.beat()
    assert len(online.told("terminal-beat")) == before + 1
    assert online.command(command.id).state == "reconciled"


def test_a_heartbeat_that_shows_nothing_was_done_does_not_reconcile(online: Any) -> None:
    command = online.on()
    online.leaving()
    online.clock.forward(20)
    online.sweep()
    online.beat()
    assert online.command(command.id).state == "timed_out"


# --- life ---------------------------------------------------------------------------------------


def test_a_command_held_back_dies_and_is_never_late(online: Any) -> None:
    online.on()
    held = online.leaving()[0]
    online.clock.forward(15.1)
    assert json.loads(online.terminal.hear(held))["paras"]["message"] == "expired"
    assert online.terminal.closings == []


@pytest.mark.parametrize("word", ["wrong-epoch", "expired", "replayed"])
def test_three_words_are_tried_once_more_under_a_new_id(online: Any, word: str) -> None:
    command = online.on()
    online.leaving()
    online.clock.forward(4)
    online.up(online.terminal.answer(command.id, "switch", word))
    again = online.latest()
    assert online.command(command.id).state == "replaced"
    assert (again.of, again.tries, again.job) == (command.id, 2, "j1")
    assert online.told(*EVENTS) == []
    online.up(online.terminal.answer(again.id, "switch", word))
    assert online.command(again.id).state == "refused"
    assert len(online.told(*EVENTS)) == 1


@pytest.mark.parametrize("word", ["bad-mac", "ended", "locked", "gas", "relay-stuck", "malformed"])
def test_other_words_are_final(online: Any, word: str) -> None:
    command = online.on()
    online.up(online.terminal.answer(command.id, "switch", word))
    assert online.command(command.id).state == "refused"


def test_a_second_try_of_on_lives_no_longer_than_fifteen_seconds_after_the_press(
    online: Any,
) -> None:
    pressed_up = online.terminal.up
    command = online.on()
    online.leaving()
    online.clock.forward(9)
    online.up(online.terminal.answer(command.id, "switch", "replayed"))
    content = json.loads(online.leaving()[0])["paras"]["content"]
    assert content["x"] == pressed_up + 15_000


def test_on_is_not_tried_again_when_its_life_is_over_but_off_is(online: Any) -> None:
    on, off = online.on(), online.off("j2")
    online.leaving()
    online.clock.forward(16)
    online.up(online.terminal.answer(on.id, "switch", "expired"))
    online.up(online.terminal.answer(off.id, "switch", "expired"))
    assert online.command(on.id).state == "refused"
    assert online.command(off.id).state == "replaced"
    assert len(online.leaving()) == 1


def test_an_old_on_never_follows_a_newer_off(online: Any) -> None:
    on, off = online.on(), online.off()
    late_on, late_off = online.leaving()
    assert off.n > on.n
    refusal = json.loads(online.terminal.hear(late_off))
    assert refusal["paras"]["success"]
    online.up(online.terminal.hear(late_on))
    assert online.command(on.id).state == "refused"
    online.clock.forward(3)
    online.sweep()
    assert [json.loads(body)["paras"]["actionCode"] for body in online.leaving()] == ["0"]
    assert online.terminal.closings == []


def test_an_old_lock_never_follows_a_newer_unlock(online: Any) -> None:
    lock, unlock = online.issue("lock"), online.issue("unlock")
    _, late_unlock = online.leaving()
    online.up(online.terminal.hear(late_unlock))
    online.up(online.terminal.answer(lock.id, "lock", "replayed"))
    assert (online.command(lock.id).state, online.command(unlock.id).state) == ("refused", "done")
    online.clock.forward(3)
    online.sweep()
    online.login()
    assert online.leaving() == []


# --- restarts -----------------------------------------------------------------------------------


def test_a_restart_times_out_on_at_once_and_tries_off_again(online: Any) -> None:
    on = online.on("j1")
    online.terminal.restart()
    online.login()
    assert online.command(on.id).state == "timed_out"
    assert online.command(on.id).message == "restarted"
    off = online.off("j1")
    online.leaving()
    online.terminal.restart()
    online.login()
    assert online.command(off.id).state == "replaced"
    online.exchange()
    assert online.latest().state == "done"
    assert online.terminal.closings == []


def test_after_a_restart_a_lock_is_tried_again_but_for_one_that_was_taken_back(
    online: Any,
) -> None:
    taken_back = online.issue("lock")
    online.issue("unlock")
    online.leaving()
    online.terminal.restart()
    online.login()
    assert online.command(taken_back.id).state == "timed_out"
    assert online.leaving() == []
    holds = online.issue("lock")
    online.leaving()
    online.terminal.restart()
    online.login()
    assert online.command(holds.id).state == "replaced"
    assert {json.loads(body)["command_name"] for body in online.leaving()} == {"lock"}


def test_an_answer_of_the_boot_before_is_no_truth_about_this_one(online: Any) -> None:
    on = online.on()
    answer = online.down()[0]
    online.terminal.restart()
    online.login()
    assert online.up(answer) == "answer"
    assert online.row.relay == 0
    assert online.row.epoch == online.terminal.epoch
    assert [one["kind"] for one in online.told(*EVENTS)] == ["command-timed-out"]
    assert online.command(on.id).state == "done"


def test_a_restart_that_the_cloud_has_not_heard_of_is_learned_from_the_answer(
    online: Any,
) -> None:
    online.terminal.restart()
    online.on()
    online.exchange()
    assert online.row.epoch == online.terminal.epoch
    assert online.terminal.closings == ["j1"]
    assert states(online) == ["replaced", "done"]
    assert online.login() == "login"


def test_a_terminal_that_comes_back_in_the_same_boot_is_told_again(online: Any) -> None:
    command = online.on()
    online.leaving()  # the broker was gone: nobody heard it
    online.clock.forward(1)
    online.login()
    online.exchange()
    online.login()  # answered: not told a third time
    assert [json.loads(body).get("id") for body in online.leaving()].count(command.id) == 0
    assert (online.row.relay, online.terminal.closings) == (1, ["j1"])


def test_what_came_back_twice_moves_the_relay_once(online: Any) -> None:
    online.on()
    assert len(online.down()) == 1  # obeyed; the answer is lost
    online.login()
    online.exchange()
    assert (online.row.relay, online.terminal.closings) == (1, ["j1"])


def test_an_on_that_a_later_off_has_overtaken_is_not_told_again(online: Any) -> None:
    first = online.on()
    online.off()
    online.leaving()
    online.login()
    assert first.id not in [json.loads(body).get("id") for body in online.leaving()]


def test_a_command_survives_a_restart_of_the_cloud(online: Any, sent: list) -> None:
    online.on()
    online.read = len(sent)  # the process dies; a new one sweeps
    online.clock.forward(3)
    online.sweep()
    online.exchange()
    assert online.terminal.closings == ["j1"]
    assert states(online) == ["done"]


# --- private words ------------------------------------------------------------------------------


def test_private_words_are_sealed_while_they_wait_and_erased_when_they_have_served(
    online: Any,
) -> None:
    said = "验证码，一、二、三、四。"
    command = online.issue("say", content={"say": said}, private=True)
    assert "一、二" not in command.content
    assert command.content
    online.clock.forward(3)
    online.sweep()
    online.exchange()
    assert online.terminal.spoken == [said]
    assert online.command(command.id).content == ""


def test_a_private_command_is_tried_again_like_any_other(online: Any) -> None:
    online.terminal.restart()
    online.issue("say", content={"say": "验证码，一、二、三、四。"}, private=True)
    online.exchange()
    assert online.terminal.spoken == ["验证码，一、二、三、四。"]
    assert states(online) == ["replaced", "done"]


# --- what waits ---------------------------------------------------------------------------------


def test_pending_is_the_open_command_for_a_job_and_a_direction(online: Any) -> None:
    def waits(job: str, code: str) -> bool:
        device = online.terminal.device
        return online.county.ask(commands.pending, device, job, code) is not None

    online.on("j1")
    assert waits("j1", "1")
    assert not waits("j1", "0")
    assert not waits("j2", "1")
    online.exchange()
    assert not waits("j1", "1")


def test_a_hundred_commands_cross_out_of_order_and_the_last_word_holds(online: Any) -> None:
    for number in range(50):
        online.on(f"j{number}")
        online.off(f"j{number}")
    bodies = online.leaving()
    for body in reversed(bodies):
        answer = online.terminal.hear(body)
        online.up(answer)
    online.exchange()
    assert online.terminal.relay == 0
    assert online.terminal.closings == []
    assert online.row.relay == 0


def test_an_alive_that_nobody_answers_is_not_handed_over_again(online: Any) -> None:
    """A terminal answers it only when asked: sent twice it would be refused as a replay."""
    online.issue("alive")
    assert len(online.leaving()) == 1
    for _ in range(20):
        online.clock.forward(3)
        online.sweep()
    assert online.leaving() == []
    assert states(online)[-1] == "made"


def test_a_command_made_by_a_clock_that_ran_ahead_does_not_stay_open_when_it_is_put_back(
    online: Any,
) -> None:
    online.clock.forward(3600)
    command = online.on()
    online.clock.forward(-3600)
    online.sweep()
    assert online.command(command.id).state == "timed_out"

"""Presence is proved, not claimed (cloud/work/presence.py)."""

from typing import Any

import pytest
from sqlalchemy import select

from cloud.link import terminals, tickets
from cloud.link.commands import Command
from cloud.work import jobs, presence, speech
from cloud.work.presence import PresenceCode

CH = "0011223344556677"


def speak(site: Any, job: Any, person: Any, code: str = "1234") -> Any:
    return site.county.do(jobs.ask_code, job, person, lambda: code)


def prove(site: Any, job: Any, person: Any, typed: str) -> str | None:
    refusal = site.county.do(presence.prove, site.machine, person, job, typed)
    return refusal.code if refusal else None


def test_the_machine_speaks_the_code_digit_by_digit_and_names_a_role_only(site: Any) -> None:
    job = site.apply()
    speak(site, job, site.welder, "0709")
    site.exchange()
    assert site.terminal.spoken == ["焊工验证码，零、七、零、九。"]
    site.check(job, "0709")
    speak(site, job, site.fire_watch, "1234")
    site.exchange()
    assert site.terminal.spoken[-1] == "监护人验证码，一、二、三、四。"


def test_spoken_words_are_short_enough_for_the_modem() -> None:
    assert len(speech.SWITCHED_ON) <= 60
    assert len(speech.code_words("监护人", "0000")) <= 60


def test_the_right_code_is_good_once(site: Any) -> None:
    job = site.apply()
    speak(site, job, site.welder)
    assert prove(site, job, site.welder, " 1234 ") is None
    assert prove(site, job, site.welder, "1234") == "presence-expired"


def test_the_code_is_kept_nowhere_in_clear(site: Any) -> None:
    job = site.apply()
    speak(site, job, site.welder, "4711")
    row = site.county.ask(lambda unit: unit.db.scalar(select(PresenceCode)))
    said = site.county.ask(lambda unit: unit.db.scalar(select(Command)))
    assert len(row.digest) == 64
    assert said.content
    assert "四" not in said.content
    site.exchange()
    assert all("四" not in str(one.details) for one in site.events("command-done"))


@pytest.mark.parametrize("typed", ["", "123", "12345", "4321", "１２３４", "abcd", "1234\x00"])
def test_a_wrong_code_is_refused_with_the_tries_that_are_left(site: Any, typed: str) -> None:
    job = site.apply()
    speak(site, job, site.welder)
    refusal = site.county.do(presence.prove, site.machine, site.welder, job, typed)
    assert refusal.code == "presence-wrong"
    assert "2" in refusal.todo.zh


def test_after_three_wrong_tries_even_the_right_code_is_void(site: Any) -> None:
    job = site.apply()
    speak(site, job, site.welder)
    tried = [prove(site, job, site.welder, typed) for typed in ("0", "1", "2", "1234")]
    assert tried == ["presence-wrong", "presence-wrong", "presence-spent", "presence-spent"]
    speak(site, job, site.welder, "5678")
    assert prove(site, job, site.welder, "5678") is None


def test_a_code_is_good_for_sixty_seconds(site: Any) -> None:
    job = site.apply()
    speak(site, job, site.welder)
    site.clock.forward(59)
    assert prove(site, job, site.welder, "9999") == "presence-wrong"
    site.clock.forward(1)
    assert prove(site, job, site.welder, "1234") == "presence-expired"


def test_a_new_code_voids_the_one_before_even_within_the_same_moment(site: Any) -> None:
    job = site.apply()
    speak(site, job, site.welder, "1111")
    speak(site, job, site.welder, "2222")
    assert prove(site, job, site.welder, "1111") == "presence-wrong"
    assert prove(site, job, site.welder, "2222") is None


def test_a_code_is_for_one_person_one_job_and_one_machine(site: Any, other_site: Any) -> None:
    job, other = site.apply(), other_site.apply()
    speak(site, job, site.welder)
    assert prove(site, job, site.fire_watch, "1234") == "presence-expired"
    assert prove(site, other, site.welder, "1234") == "presence-expired"
    assert prove(other_site, job, site.welder, "1234") == "presence-expired"
    assert prove(site, job, site.welder, "1234") is None


def test_codes_are_not_spoken_without_end(site: Any) -> None:
    job = site.apply()
    for _ in range(site.county.ground.settings.presence_often):
        assert isinstance(speak(site, job, site.welder), PresenceCode)
    assert speak(site, job, site.welder).codes == ["presence-often"]
    site.clock.forward(site.county.ground.settings.presence_often_s)
    assert isinstance(speak(site, job, site.welder), PresenceCode)


def test_a_dark_terminal_speaks_nothing(site: Any, county: Any) -> None:
    job = site.apply()
    county.do(terminals.provision, site.terminal.device)
    assert speak(site, job, site.welder).codes == ["terminal-dark"]


def test_only_whose_turn_it_is_may_make_the_machine_speak(site: Any) -> None:
    job = site.apply()
    assert speak(site, job, site.fire_watch).codes == ["wrong-step"]
    site.check(job)
    assert speak(site, job, site.welder).codes == ["wrong-step"]
    stranger = site.county.welder(site.enterprise)
    assert speak(site, job, stranger).codes == ["fire-watch-role"]
    foreign = site.county.fire_watch(site.county.enterprise("别家厂"))
    assert speak(site, job, foreign).codes == ["fire-watch-enterprise"]
    assert isinstance(speak(site, job, site.fire_watch), PresenceCode)


def test_a_code_drawn_in_earnest_has_four_digits() -> None:
    drawn = {presence.four_digits() for _ in range(200)}
    assert all(len(code) == 4 and code.isdigit() for code in drawn)
    assert len(drawn) > 150


# --- by Bluetooth: the terminal answers the phone beside it --------------------------------------


def ask_here(site: Any, job: Any, person: Any, challenge: str = CH) -> Any:
    """The text of the ticket, or the codes of the refusals."""

    def asked(unit: Any) -> Any:
        made = jobs.ask_here(unit, job, person, challenge)
        return made.codes if isinstance(made, jobs.Refusals) else tickets.written(unit, made)

    return site.county.do(asked)


def bring(site: Any, told: dict[str, Any]) -> str:
    """The phone hands the receipt in."""
    word = site.county.do(tickets.receipt, told)
    site.deliver()
    return word


def answered(site: Any, job: Any, person: Any) -> None:
    assert bring(site, site.terminal.take(ask_here(site, job, person))) == "receipt"


def test_the_terminals_answer_does_what_a_typed_code_does_even_while_its_line_is_dark(
    site: Any,
) -> None:
    site.up(site.terminal.leave())
    job = site.apply()
    answered(site, job, site.welder)
    assert site.check(job, "").state == "checked"
    answered(site, job, site.fire_watch)
    done = site.watch(job, "")
    assert (done.state, done.welder_present, done.fire_watch_present) == ("watched", True, True)
    assert site.terminal.relay == 0
    assert site.terminal.spoken == []
    assert [word for word in site.audit() if "presence" in word or "ticket" in word] == [
        "presence-challenged",
        "ticket-done",
    ] * 2


def forged(told: dict[str, Any]) -> dict[str, Any]:
    return told | {"mac": told["mac"][:-1] + ("0" if told["mac"][-1] != "0" else "1")}


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda told: None, ""),
        (forged, "bad-mac"),
        (lambda told: told | {"up": told["up"] + 1}, "bad-mac"),
        (lambda told: told | {"d": "T2"}, "no-such-ticket"),
        (lambda told: told | {"id": "0" * 32}, "no-such-ticket"),
    ],
)
def test_what_the_terminal_has_not_said_proves_nothing(site: Any, spoil: Any, word: str) -> None:
    job = site.apply()
    told = spoil(site.terminal.take(ask_here(site, job, site.welder)))
    if told is not None:
        assert bring(site, told) == word
    assert prove(site, job, site.welder, "") == "presence-expired"
    assert site.check(job, "").codes == ["presence-expired"]


def test_the_answer_of_another_machines_terminal_proves_nothing(
    site: Any, other_site: Any
) -> None:
    job = site.apply()
    told = site.terminal.take(ask_here(site, job, site.welder))
    theirs = other_site.terminal._receipt(told["id"], 200)
    assert bring(site, told | theirs) == "bad-mac"
    assert bring(site, told | theirs | {"d": other_site.terminal.device}) == "no-such-ticket"
    assert prove(site, job, site.welder, "") == "presence-expired"


def test_what_the_terminal_refused_proves_nothing(site: Any) -> None:
    job = site.apply()
    told = site.terminal.take(ask_here(site, job, site.welder), "stale-challenge")
    assert bring(site, told) == "receipt"
    assert bring(site, told | {"code": 200}) == "bad-mac"
    assert prove(site, job, site.welder, "") == "presence-expired"
    assert site.audit()[-1] == "ticket-refused"
    assert site.state(job) == "permitted"


def test_an_answer_is_good_for_sixty_seconds_from_the_asking(site: Any) -> None:
    job = site.apply()
    told = site.terminal.take(ask_here(site, job, site.welder))
    site.clock.forward(59)
    assert bring(site, told) == "receipt"
    assert prove(site, job, site.welder, "") is None
    told = site.terminal.take(ask_here(site, job, site.welder))
    site.clock.forward(60)
    assert bring(site, told) == "receipt"
    assert prove(site, job, site.welder, "") == "presence-expired"


def test_an_answer_is_good_once_whoever_brings_it_again(site: Any) -> None:
    job = site.apply()
    told = site.terminal.take(ask_here(site, job, site.welder))
    assert bring(site, told) == "receipt"
    assert prove(site, job, site.welder, "") is None
    assert bring(site, told) == "receipt"
    assert prove(site, job, site.welder, "") == "presence-expired"


def test_an_answer_is_for_one_person_one_job_and_one_machine(site: Any, other_site: Any) -> None:
    job, other = site.apply(), other_site.apply()
    answered(site, job, site.welder)
    assert prove(site, job, site.fire_watch, "") == "presence-expired"
    assert prove(site, other, site.welder, "") == "presence-expired"
    assert prove(other_site, job, site.welder, "") == "presence-expired"
    site.county.do(lambda unit: setattr(unit.db.merge(site.machine), "device", None))
    site.machine = site.county.ask(lambda unit: unit.db.get(type(site.machine), site.machine.id))
    assert prove(site, job, site.welder, "") == "presence-expired"


def test_a_newer_asking_voids_the_answer_to_the_one_before(site: Any) -> None:
    job = site.apply()
    answered(site, job, site.welder)
    text = ask_here(site, job, site.welder, "ff" * 8)
    assert prove(site, job, site.welder, "") == "presence-expired"
    assert bring(site, site.terminal.take(text)) == "receipt"
    assert prove(site, job, site.welder, "") is None


def test_a_try_by_bluetooth_leaves_the_spoken_code_good(site: Any) -> None:
    job = site.apply()
    speak(site, job, site.welder)
    ask_here(site, job, site.welder)
    assert prove(site, job, site.welder, "") == "presence-wrong"
    assert prove(site, job, site.welder, "1234") is None


def test_a_ticket_to_switch_on_is_no_proof_of_presence(site: Any) -> None:
    job = site.watched()
    made = site.county.do(jobs.ticket_on, job, site.welder, CH, site.proof)
    text = site.county.ask(tickets.written, made)
    assert bring(site, site.terminal.take(text)) == "receipt"
    assert prove(site, job, site.welder, "") == "presence-expired"


def test_both_ways_are_counted_together(site: Any) -> None:
    job = site.apply()
    often = site.county.ground.settings.presence_often
    for number in range(often - 1):
        assert isinstance(ask_here(site, job, site.welder, f"{number:016x}"), str)
    assert isinstance(speak(site, job, site.welder), PresenceCode)
    assert ask_here(site, job, site.welder) == ["presence-often"]
    assert speak(site, job, site.welder).codes == ["presence-often"]
    site.clock.forward(site.county.ground.settings.presence_often_s)
    assert isinstance(ask_here(site, job, site.welder), str)


def test_only_whose_turn_it_is_gets_a_ticket(site: Any) -> None:
    job = site.apply()
    assert ask_here(site, job, site.fire_watch) == ["wrong-step"]
    site.check(job)
    assert ask_here(site, job, site.welder) == ["wrong-step"]
    assert ask_here(site, job, site.county.welder(site.enterprise)) == ["fire-watch-role"]
    assert isinstance(ask_here(site, job, site.fire_watch), str)


def test_a_terminal_of_a_foreign_platform_signs_nothing_and_gets_no_ticket(site: Any) -> None:
    job = site.apply()
    site.county.do(
        lambda unit: setattr(terminals.locked(unit, site.terminal.device), "signed", False)
    )
    assert ask_here(site, job, site.welder) == ["terminal-missing"]


def test_a_machine_that_runs_by_itself_is_not_taken_to_run_for_this_job(site: Any) -> None:
    job = site.apply()
    site.terminal.relay = 1
    answered(site, job, site.welder)
    row = site.county.ask(terminals.get, site.terminal.device)
    assert (row.relay, row.job or "") == (1, "")
    assert site.state(job) == "permitted"

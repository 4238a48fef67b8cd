"""Presence is proved, not claimed (cloud/work/presence.py)."""

from typing import Any

import pytest
from sqlalchemy import select

from cloud.link import terminals
from cloud.link.commands import Command
from cloud.work import jobs, presence, speech
from cloud.work.presence import PresenceCode


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

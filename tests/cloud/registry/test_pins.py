"""The PIN: whose, in which session, how often it may be wrong."""

from typing import Any

import pytest

from cloud.registry import pins
from cloud.registry.pins import Pin, Standing, WeakPin

PIN = "270115"


@pytest.fixture
def person(county: Any) -> Any:
    welder = county.person("welder")
    county.do(pins.put, welder.id, PIN, "here")
    return welder


def test_nobody_has_one_until_it_is_set(county: Any) -> None:
    other = county.person("welder")
    assert county.ask(pins.standing, other.id, "here") == Standing(word="missing")
    assert county.do(pins.judge, other.id, "here", PIN) == Standing(word="missing")


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", "１２３４５６"])
def test_it_is_six_digits(county: Any, person: Any, typed: str) -> None:
    with pytest.raises(WeakPin):
        county.do(pins.put, person.id, typed, "here")


@pytest.mark.parametrize("typed", ["000000", "888888", "123456", "654321", "567890"])
def test_what_everybody_tries_first_is_not_taken(county: Any, person: Any, typed: str) -> None:
    with pytest.raises(WeakPin):
        county.do(pins.put, person.id, typed, "here")


def test_it_opens_the_session_in_which_it_was_typed_and_no_other(county: Any, person: Any) -> None:
    now = county.clock.now
    assert county.ask(pins.standing, person.id, "here") == Standing(now)
    for other in ("there", ""):
        assert county.ask(pins.standing, person.id, other) == Standing()
    assert county.do(pins.judge, person.id, "there", PIN) == Standing(now)
    assert county.ask(pins.standing, person.id, "here") == Standing()


def test_after_five_wrong_ones_even_the_right_one_opens_nothing(county: Any, person: Any) -> None:
    for left in (4, 3, 2, 1):
        tried = county.do(pins.judge, person.id, "here", "999990")
        assert tried == Standing(word="wrong", left=left)
    assert county.do(pins.judge, person.id, "here", "999990") == Standing(word="spent")
    for session in ("here", "there"):
        assert county.do(pins.judge, person.id, session, PIN) == Standing(word="spent")
    county.do(pins.put, person.id, "806231", "here")
    assert county.do(pins.judge, person.id, "here", "806231") == Standing(county.clock.now)


def test_a_wrong_one_ends_what_an_earlier_one_opened(county: Any, person: Any) -> None:
    county.do(pins.judge, person.id, "here", "999990")
    assert county.ask(pins.standing, person.id, "here") == Standing()


def test_a_right_one_gives_all_tries_back(county: Any, person: Any) -> None:
    for _ in range(3):
        county.do(pins.judge, person.id, "here", "999990")
    county.do(pins.judge, person.id, "here", PIN)
    assert county.do(pins.judge, person.id, "here", "999990").left == 4


def test_the_same_pin_of_two_people_is_kept_as_two_hashes(county: Any, person: Any) -> None:
    other = county.person("welder")
    county.do(pins.put, other.id, PIN, "here")
    kept = county.ask(lambda unit: [unit.db.get(Pin, one.id).pin_hash for one in (person, other)])
    assert kept[0] != kept[1]
    assert PIN not in "".join(kept)

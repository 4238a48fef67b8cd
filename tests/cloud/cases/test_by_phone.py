"""Codes by text message: who gets one, how long and how often it is good, what nobody learns."""

import re
from typing import Any

import pytest

from cloud.base.unit import Ground
from cloud.cases import by_phone
from cloud.cases.by_phone import RESET, SIGN_IN
from cloud.registry import accounts, factors, people
from cloud.registry.accounts import Refused, SignedIn
from cloud.registry.one_time import OneTimeCode
from tests.cloud.conftest import PASSWORD, County, HandClock

PHONE = "13800138000"
OTHER = "13900139000"
HERE = "192.0.2.1"


@pytest.fixture
def texts() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def place(either: Ground, clock: HandClock, texts: list[tuple[str, str]]) -> Any:
    either.text = lambda number, words: texts.append((number, words))
    return County(either, clock)


def code(texts: list[tuple[str, str]]) -> str:
    return re.findall("[0-9]{6}", texts[-1][1])[0]


def ask(place: Any, phone: str = PHONE, purpose: str = SIGN_IN, address: str = HERE) -> Any:
    return place.do(by_phone.ask, phone, purpose, address)


def enter(place: Any, typed: str, phone: str = PHONE) -> Any:
    return place.do(by_phone.sign_in, phone, typed, HERE)


@pytest.mark.parametrize("role", ["welder", "fire_watch"])
def test_a_welder_or_fire_watch_signs_in_and_the_code_is_good_once(
    place: Any, texts: Any, role: str
) -> None:
    person = place.person(role, phone=PHONE)
    assert ask(place, "+86 138 0013 8000") == ""
    assert texts[-1][0] == PHONE
    found = enter(place, code(texts))
    assert isinstance(found, SignedIn) and found.person.id == person.id
    assert place.ask(accounts.session, found.token).id == person.id
    assert enter(place, code(texts)) == Refused("wrong")


def test_an_unknown_number_gets_the_same_answer_and_no_message(place: Any, texts: Any) -> None:
    place.person("welder", phone=PHONE)
    assert ask(place) == ask(place, OTHER) == ""
    assert [number for number, _words in texts] == [PHONE]
    assert enter(place, "000000", OTHER) == Refused("wrong")
    often = [[ask(place, number) for _ in range(4)] for number in (PHONE, OTHER)]
    assert often[0] == often[1] == ["", "", "throttled", "throttled"]


@pytest.mark.parametrize(
    ("roles", "status"),
    [
        ({"officer"}, "active"),
        ({"office"}, "active"),
        ({"welder", "enterprise"}, "active"),
        ({"welder"}, "pending"),
        ({"welder"}, "blocked"),
    ],
)
def test_whoever_may_not_sign_in_by_phone_alone_gets_no_code(
    place: Any, texts: Any, roles: set[str], status: str
) -> None:
    place.person(*roles, phone=PHONE, status=status)
    assert ask(place) == "" and texts == []


def test_with_a_second_factor_in_force_a_phone_is_not_enough(place: Any, texts: Any) -> None:
    place.do(factors.begin, place.person("welder", phone=PHONE))
    assert ask(place) == "" and texts == []


def test_a_number_of_two_accounts_opens_neither(place: Any, texts: Any) -> None:
    place.person("welder", phone=PHONE)
    place.person("fire_watch", phone=PHONE)
    assert ask(place) == "" and texts == []


def test_a_code_dies_after_five_minutes_and_five_tries(
    place: Any, texts: Any, clock: HandClock
) -> None:
    place.person("welder", phone=PHONE)
    ask(place)
    clock.forward(300)
    assert enter(place, code(texts)) == Refused("wrong")
    ask(place)
    wrong = "000000" if code(texts) != "000000" else "000001"
    assert [enter(place, wrong) for _ in range(5)] == [Refused("wrong")] * 5
    assert enter(place, code(texts)) == Refused("wrong")


def test_a_newer_code_makes_the_older_void_and_each_opens_one_thing(
    place: Any, texts: Any, clock: HandClock
) -> None:
    place.person("welder", phone=PHONE, password=PASSWORD)
    ask(place)
    first = code(texts)
    clock.forward(1)
    ask(place)
    assert first == code(texts) or enter(place, first) == Refused("wrong")
    assert by_phone.reset(place.ground, PHONE, code(texts), "another-password", HERE) == "wrong"
    assert isinstance(enter(place, code(texts)), SignedIn)


def test_blocked_between_asking_and_typing_is_turned_away(place: Any, texts: Any) -> None:
    person = place.person("welder", phone=PHONE)
    ask(place)
    place.do(lambda unit: people.set_status(unit, people.known(unit, person.id), "blocked"))
    assert enter(place, code(texts)) == Refused("wrong")


def test_a_password_is_mended_and_every_session_ends(place: Any, texts: Any) -> None:
    person = place.person("officer", phone=PHONE, password=PASSWORD)
    before = accounts.sign_in(place.ground, person.login, PASSWORD, HERE)
    assert isinstance(before, SignedIn)
    assert ask(place, purpose=RESET) == ""
    assert by_phone.reset(place.ground, PHONE, code(texts), "another-password", HERE) == ""
    assert place.ask(accounts.session, before.token) is None
    assert accounts.sign_in(place.ground, person.login, PASSWORD, HERE) == Refused("wrong")
    again = accounts.sign_in(place.ground, person.login, "another-password", HERE)
    assert isinstance(again, SignedIn)


def test_neither_code_nor_number_stands_in_the_database(place: Any, texts: Any) -> None:
    place.person("welder", phone=PHONE)
    ask(place)
    (row,) = place.ask(lambda unit: list(unit.db.query(OneTimeCode)))
    assert not {PHONE, code(texts)} & {row.id, row.purpose, row.key, row.code_hash}
    assert len(row.code_hash) == len(row.key) == 64

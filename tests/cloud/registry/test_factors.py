"""One-time codes: as the RFC says, good once, sealed, and guesses at them are counted."""

import base64
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from cloud.base.unit import Ground
from cloud.registry import accounts, factors
from cloud.registry.accounts import Refused, SignedIn
from cloud.registry.factors import code
from tests.cloud.conftest import PASSWORD, County, HandClock

SEED = b"12345678901234567890123456789012"


@pytest.fixture
def place(either: Ground, clock: HandClock) -> Any:
    return County(either, clock)


def secret(told: str) -> bytes:
    text = parse_qs(urlsplit(told).query)["secret"][0]
    return base64.b32decode(text + "=" * (-len(text) % 8))


def enter(place: Any, person: Any, typed: str = "") -> Any:
    return accounts.sign_in(place.ground, person.login, PASSWORD, "10.0.0.1", code=typed)


def step(place: Any) -> int:
    return int(place.clock.now // 30_000)


@pytest.mark.parametrize(
    ("at", "right"),
    [
        (59, "46119246"),
        (1111111109, "68084774"),
        (1111111111, "67062674"),
        (1234567890, "91819424"),
        (2000000000, "90698825"),
        (20000000000, "77737706"),
    ],
)
def test_codes_are_those_of_rfc_6238(at: int, right: str) -> None:
    assert code(SEED, at // 30, 8) == right


def test_the_code_is_wanted_besides_the_password_and_is_good_once(place: Any) -> None:
    person = place.person("officer", password=PASSWORD)
    assert isinstance(enter(place, person), SignedIn)
    told = place.do(factors.begin, person)
    assert "algorithm=SHA256" in told and "digits=6" in told
    assert enter(place, person) == Refused("second-factor")
    typed = code(secret(told), step(place))
    assert isinstance(enter(place, person, f" {typed[:3]} {typed[3:]}"), SignedIn)
    assert enter(place, person, typed) == Refused("second-factor-wrong")
    wrong = accounts.sign_in(place.ground, person.login, "other-password", "10.0.0.1", code=typed)
    assert wrong == Refused("wrong")


@pytest.mark.parametrize(("away", "good"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_one_step_early_or_late_is_good(place: Any, away: int, good: bool) -> None:
    person = place.person("officer", password=PASSWORD)
    told = place.do(factors.begin, person)
    found = enter(place, person, code(secret(told), step(place) + away))
    assert isinstance(found, SignedIn) == good


def test_wrong_codes_are_counted_like_wrong_passwords_and_missing_ones_are_not(place: Any) -> None:
    person = place.person("officer", password=PASSWORD)
    place.do(factors.begin, person)
    for _ in range(25):
        assert enter(place, person) == Refused("second-factor")
    reasons = [enter(place, person, "wrong!").reason for _ in range(21)]
    assert reasons == ["second-factor-wrong"] * 20 + ["throttled"]


def test_once_ended_no_code_is_wanted(place: Any) -> None:
    person = place.person("office", password=PASSWORD)
    place.do(factors.begin, person)
    assert place.do(factors.end, person) is True
    assert place.do(factors.end, person) is False
    assert isinstance(enter(place, person), SignedIn)


def test_sessions_are_listed_and_ended_one_by_one_and_all(place: Any) -> None:
    person, other = (place.person("officer", password=PASSWORD) for _ in range(2))
    found = [enter(place, who) for who in (person, person, person, other)]
    listed = place.ask(accounts.sessions_of, person.id)
    assert len(listed) == 3
    assert place.do(accounts.end_sessions, other.id, listed[0]["id"]) == 0
    assert place.do(accounts.end_sessions, person.id, listed[0]["id"]) == 1
    assert place.do(accounts.end_sessions, person.id) == 2
    tokens = [place.ask(accounts.session, one.token) for one in found]
    assert [one and one.id for one in tokens] == [None, None, None, other.id]

"""Signing in: nothing built in, guesses throttled, tokens kept only as hashes."""

import base64
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select, text

from cloud.base.unit import Ground
from cloud.registry import accounts, people
from cloud.registry.accounts import Refused, SignedIn, WeakPassword

PASSWORD = "made-up-password"
HERE = "192.0.2.1"


@pytest.fixture
def officer(county: Any) -> Any:
    return county.person("officer", login="wei", password=PASSWORD)


def sign_in(ground: Ground, login: str = "wei", password: str = PASSWORD, address: str = HERE):
    return accounts.sign_in(ground, login, password, address)


def whose(county: Any, token: str) -> str | None:
    person = county.ask(accounts.session, token)
    return person.id if person else None


def test_a_fresh_installation_lets_nobody_in(ground: Ground) -> None:
    for login in ("admin", "root", "", "wei"):
        assert sign_in(ground, login, login) == Refused("wrong")
    with ground.read() as unit:
        assert unit.db.scalar(select(func.count()).select_from(accounts.Account)) == 0


def test_the_right_password_opens_a_session(county: Any, officer: Any) -> None:
    given = sign_in(county.ground, " WEI ")
    assert isinstance(given, SignedIn)
    assert given.person.roles == {"officer"}
    assert whose(county, given.token) == officer.id


@pytest.mark.parametrize(("login", "password"), [("wei", "wrong"), ("who", PASSWORD), ("", "")])
def test_a_wrong_password_and_an_unknown_login_are_told_alike(
    county: Any, officer: Any, login: str, password: str
) -> None:
    assert sign_in(county.ground, login, password) == Refused("wrong")


def test_an_unknown_login_costs_the_same_check_as_a_wrong_password(
    county: Any, officer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(county.ground)  # the dummy and the hasher are made
    checked: list[str] = []
    genuine = PasswordHasher.verify

    def verify(self: PasswordHasher, known: str, password: str) -> Any:
        checked.append(known.rsplit("$", 2)[0])
        return genuine(self, known, password)

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    sign_in(county.ground, "wei", "wrong")
    sign_in(county.ground, "who", "wrong")
    assert len(checked) == 2
    assert checked[0] == checked[1]  # the same cost parameters


@pytest.mark.parametrize("status", ["pending", "blocked"])
def test_who_is_not_active_is_told_so_only_with_the_right_password(
    county: Any, officer: Any, status: str
) -> None:
    token = sign_in(county.ground).token
    with county.ground.write() as unit:
        people.set_status(unit, people.get(unit, officer.id), status)
    assert sign_in(county.ground, password="wrong") == Refused("wrong")
    assert sign_in(county.ground) == Refused(status)
    assert whose(county, token) is None  # a running session ends with the block


@pytest.mark.parametrize("meanwhile", ["blocked", "another password"])
def test_what_happens_while_a_password_is_checked_counts(
    county: Any, officer: Any, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    genuine = PasswordHasher.verify

    def verify(self: PasswordHasher, known: str, password: str) -> Any:
        with county.ground.write() as unit:
            if meanwhile == "blocked":
                people.set_status(unit, people.get(unit, officer.id), "blocked")
            else:
                accounts.set_password(unit, officer.id, meanwhile)
        return genuine(self, known, password)

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    told = "blocked" if meanwhile == "blocked" else "wrong"
    assert sign_in(county.ground) == Refused(told)


@pytest.mark.parametrize("password", ["", "1234567", "x" * 129])
def test_a_password_has_8_to_128_characters(county: Any, officer: Any, password: str) -> None:
    with pytest.raises(WeakPassword):
        county.do(accounts.set_password, officer.id, password)


def test_a_changed_password_ends_every_session(county: Any, officer: Any) -> None:
    token = sign_in(county.ground).token
    county.do(accounts.set_password, officer.id, "another-password")
    assert whose(county, token) is None
    assert sign_in(county.ground) == Refused("wrong")
    assert isinstance(sign_in(county.ground, password="another-password"), SignedIn)


def test_the_database_holds_neither_password_nor_token(county: Any, officer: Any) -> None:
    token = sign_in(county.ground).token
    sign_in(county.ground, password="a-wrong-guess")
    with county.ground.read() as unit:
        rows = [
            str(tuple(row))
            for table in ("account", "session", "sign_in_failure")
            for row in unit.db.execute(text(f"SELECT * FROM {table}"))
        ]
    for secret in (PASSWORD, token, "a-wrong-guess", HERE, "'wei'"):
        assert not any(secret in row for row in rows)
    assert any("$argon2id$" in row for row in rows)


def test_a_token_has_256_random_bits(county: Any, officer: Any) -> None:
    tokens = {sign_in(county.ground).token for _ in range(3)}
    assert {len(base64.urlsafe_b64decode(one + "=")) for one in tokens} == {32}
    assert len(tokens) == 3


def test_nothing_secret_is_logged_or_shown(
    county: Any, officer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        given = sign_in(county.ground)
    assert given.token not in f"{given!r} {given} {caplog.text}"
    assert PASSWORD not in caplog.text


def test_a_session_lasts_twelve_hours(county: Any, officer: Any) -> None:
    token = sign_in(county.ground).token
    county.clock.forward(12 * 3600 - 0.001)
    assert whose(county, token) == officer.id
    county.clock.forward(0.001)
    assert whose(county, token) is None


def test_signing_out_ends_one_session(county: Any, officer: Any) -> None:
    one, other = sign_in(county.ground).token, sign_in(county.ground).token
    assert one != other
    county.do(accounts.sign_out, one)
    county.do(accounts.sign_out, "unknown")
    assert (whose(county, one), whose(county, other)) == (None, officer.id)


def test_signing_in_replaces_the_token_the_browser_had(county: Any, officer: Any) -> None:
    old = sign_in(county.ground).token
    new = accounts.sign_in(county.ground, "wei", PASSWORD, HERE, replaces=old).token
    assert (whose(county, old), whose(county, new)) == (None, officer.id)


def test_a_welder_has_one_active_phone(county: Any) -> None:
    welder = county.person("welder", login="jia", password=PASSWORD)
    first = sign_in(county.ground, "jia").token
    second = sign_in(county.ground, "jia").token
    assert (whose(county, first), whose(county, second)) == (None, welder.id)


@pytest.mark.parametrize("token", ["", "x", "焊", "0" * 500])
def test_a_made_up_token_is_nobodys(county: Any, officer: Any, token: str) -> None:
    assert whose(county, token) is None


def test_the_21st_attempt_at_a_login_is_refused_even_with_the_right_password(
    county: Any, officer: Any
) -> None:
    for number in range(20):
        assert sign_in(county.ground, "wei", "wrong", f"192.0.2.{number}") == Refused("wrong")
    assert sign_in(county.ground, address="198.51.100.1") == Refused("throttled")
    county.clock.forward(899)
    assert sign_in(county.ground, address="198.51.100.1") == Refused("throttled")
    county.clock.forward(1)
    assert isinstance(sign_in(county.ground, address="198.51.100.1"), SignedIn)


def test_the_21st_attempt_from_an_address_is_refused_whatever_the_login(
    county: Any, officer: Any
) -> None:
    for number in range(20):
        assert sign_in(county.ground, f"who{number}", "wrong") == Refused("wrong")
    assert sign_in(county.ground) == Refused("throttled")
    assert isinstance(sign_in(county.ground, address="198.51.100.1"), SignedIn)


def test_good_sign_ins_are_not_counted(county: Any, officer: Any) -> None:
    for _ in range(25):
        assert isinstance(sign_in(county.ground), SignedIn)


def test_guessing_in_parallel_gains_nothing(county: Any, officer: Any) -> None:
    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(lambda _: sign_in(county.ground, password="wrong"), range(40)))
    assert told.count(Refused("wrong")) == 20
    assert told.count(Refused("throttled")) == 20


def test_counting_in_parallel_gains_nothing_on_either(either: Ground) -> None:
    def one(_: int) -> bool:
        with either.write() as unit:
            return accounts.too_often(unit, "enrol", "192.0.2.1", 5)

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(one, range(24))).count(False) == 5


def test_old_failures_and_sessions_do_not_pile_up(county: Any, officer: Any) -> None:
    for _ in range(3):
        sign_in(county.ground, password="wrong")
        sign_in(county.ground)
        county.clock.forward(86_400)
    sign_in(county.ground)
    with county.ground.read() as unit:
        counts = [
            unit.db.scalar(select(func.count()).select_from(table))
            for table in (accounts.SignInFailure, accounts.SignedInSession)
        ]
    assert counts == [0, 1]

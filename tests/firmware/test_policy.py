"""The numbers the terminal works by: defaults, limits, kept over a restart."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from terminal import limits
from terminal.policy import Policy

NAMES = sorted(vars(Policy()))


def test_the_defaults_are_those_of_the_protocol_page() -> None:
    policy = Policy()
    assert (policy.beat_working_s, policy.beat_idle_s, policy.lease_max_s) == (60, 180, 43_200)
    assert (policy.no_contact_s, policy.max_h, policy.budget_h) == (900, 2, 12)


def test_what_the_cloud_sends_holds_and_survives_a_restart() -> None:
    policy = Policy()
    kept: list[bytes] = []
    assert policy.take({"version": 7, "beat_idle_s": 300, "budget_h": 0}, kept.append) == ""
    again = Policy(kept[0])
    assert vars(again) == vars(policy)
    assert (again.version, again.beat_idle_s, again.budget_h) == (7, 300, 0)


@pytest.mark.parametrize(
    "content",
    [
        {"beat_idle_s": 0},
        {"beat_idle_s": -1},
        {"beat_idle_s": "300"},
        {"beat_idle_s": True},
        {"beat_idle_s": 1.5},
        {"beat_idle_s": None},
        {"lease_max_s": 43_201},
        {"budget_h": 101},
        {"beat_working_s": 30, "max_h": 99},
        {"arc_on_a": 10, "arc_off_a": 20},
        {"gas_warn": 60, "gas_trip": 50},
        [],
        None,
    ],
    ids=repr,
)
def test_a_policy_with_one_bad_number_changes_nothing(content: Any) -> None:
    policy = Policy()
    before = dict(vars(policy))
    assert policy.take(content, pytest.fail) == "malformed"
    assert vars(policy) == before


def test_names_that_are_not_known_are_left_alone() -> None:
    policy = Policy()
    assert policy.take({"colour": "red", "n": 5, "mac": "ff", "max_h": 3}, None) == ""
    assert policy.max_h == 3
    assert not hasattr(policy, "colour")


@pytest.mark.parametrize("kept", [b"{", b"", b"[]", b"null", b'{"max_h": 99}', b"\xff"], ids=repr)
def test_what_cannot_be_read_from_flash_leaves_the_defaults(kept: bytes) -> None:
    assert vars(Policy(kept)) == vars(Policy())


def test_what_is_kept_fits_one_value_of_the_store_however_much_differs() -> None:
    kept: list[bytes] = []
    most = {name: most for name, _, _, most in limits._fields()}
    assert Policy().take(most, kept.append) == ""
    assert len(kept[0]) < 1000


def test_what_could_not_be_kept_does_not_hold() -> None:
    def full(text: bytes) -> None:
        raise OSError(28)

    policy = Policy()
    with pytest.raises(OSError):
        policy.take({"version": 7}, full)
    assert vars(policy) == vars(Policy())


@given(st.dictionaries(st.sampled_from(NAMES), st.integers(-5, 1 << 54)))
def test_every_policy_taken_is_kept_as_it_was_taken(content: dict[str, int]) -> None:
    policy = Policy()
    kept: list[bytes] = []
    if policy.take(content, kept.append) == "":
        assert all(getattr(policy, name) == value for name, value in content.items())
        assert vars(Policy(kept[0])) == vars(policy)
    else:
        assert vars(policy) == vars(Policy()) and not kept

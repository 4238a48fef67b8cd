"""Made once for all who look, again when it is old, and never twice at a time."""

import threading

import pytest

from cloud.oversight.kept import Kept


def test_nothing_is_kept_where_nothing_may_be():
    made = []
    kept = Kept(lambda key: made.append(key) or len(made), 0)
    assert [kept.get("a"), kept.get("a")] == [1, 2]


def test_it_is_made_once_while_it_is_good_and_again_when_forgotten():
    made = []
    kept = Kept(lambda key: made.append(key) or len(made), 3600)
    assert [kept.get("a"), kept.get("a"), kept.get("b")] == [1, 1, 2]
    kept.forget()
    assert kept.get("a") == 3


def test_many_who_ask_at_once_wait_for_one_making():
    made, gate = [], threading.Event()

    def make(key):
        gate.wait(30)
        made.append(key)
        return "x"

    kept = Kept(make, 3600)
    threads = [threading.Thread(target=kept.get, args=("a",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join(30)
    assert made == ["a"]


def test_an_old_one_is_given_at_once_while_the_next_is_made_behind():
    made, gate, done = [], threading.Event(), threading.Event()

    def make(key):
        if made:
            gate.wait(30)
            done.set()
        made.append(key)
        return len(made)

    kept = Kept(make, 1e-9, behind=True)
    assert kept.get("a") == 1
    kept._made["a"].until = 0.0
    assert kept.get("a") == 1  # nobody waits
    gate.set()
    assert done.wait(30)
    with kept._turns["a"]:  # the maker is through
        assert kept._made["a"].value == 2


def test_what_took_long_once_is_not_kept_for_longer_than_four_minutes(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr("cloud.oversight.kept.time.monotonic", lambda: now[0])

    def make(key):
        now[0] += 3  # the machine stood still
        return len(made)

    made = []
    kept = Kept(make, 1, behind=True)
    kept.get("a")
    assert kept._made["a"].until == now[0] + 240


def test_at_hand_is_what_was_made_and_makes_nobody_wait_for_the_first():
    kept = Kept(str.upper, 10, behind=True)
    assert kept.at_hand("a") is None
    kept.get("a")
    assert kept.at_hand("a") == "A"
    assert Kept(str.upper, 0).at_hand("a") == "A"


@pytest.mark.parametrize(("took_s", "slow"), [(0.01, False), (0.1, True)])
def test_what_took_long_to_make_is_known_to_be_slow(monkeypatch, took_s, slow):
    now = [1000.0]
    monkeypatch.setattr("cloud.oversight.kept.time.monotonic", lambda: now[0])

    def make(key):
        now[0] += took_s
        return key

    kept = Kept(make, 10, behind=True)
    assert (kept.last("a"), kept.slow("a")) == (None, False)
    kept.get("a")
    now[0] += 3600
    assert (kept.last("a"), kept.slow("a")) == ("a", slow)

"""Each guard that a trial can take away exists in the product, and comes back after the test."""

import pytest

from cloud.faults import guards, plan
from cloud.faults.play import servers
from simulator.trial.terminals import GUARDS as OF_TERMINALS


@pytest.mark.parametrize("name", list(guards.GUARDS))
def test_each_guard_is_there_to_be_taken_away(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []

    def put(place: object, what: str, value: object) -> None:
        assert getattr(place, what) is not value
        monkeypatch.setattr(place, what, value)
        taken.append(what)

    guards.take_away(name, put)
    assert taken


def test_there_are_more_than_twenty_of_them_over_all_invariants() -> None:
    named = {about.split()[0] for about, _take in guards.GUARDS.values()} | {"I3"}
    assert len(guards.GUARDS) + len(OF_TERMINALS) > 20
    assert named == {f"I{n}" for n in range(1, 13)}


def test_the_same_seed_plans_the_same_faults() -> None:
    first, again = (plan.drawn(7, 300, plan.KINDS) for _ in range(2))
    assert first == again != plan.drawn(8, 300, plan.KINDS)
    assert {fault.kind for fault in plan.drawn(7, 3_000, plan.KINDS)} == set(plan.KINDS)


def test_each_program_of_a_province_may_be_killed_and_stopped() -> None:
    names = servers(2, 2, database=True)
    assert len(names) == len(set(names)) == 8 and "cloud" not in names
    wanted = {f"{act}-{name}" for act in ("kill", "stop") for name in names}
    assert wanted <= set(plan.kinds(names))
    assert {fault.kind for fault in plan.drawn(7, 3_000, plan.kinds(names))} >= wanted

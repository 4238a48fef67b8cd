"""Which tree a start runs: a table, and whatever happens in whatever order."""

import itertools

import pytest
import slots
from hypothesis import example, given
from hypothesis import strategies as st
from slots import State

BOTH = ("a", "b")


def state(**known: object) -> State:
    return slots.FRESH._replace(**known)


ON_TRIAL = state(trial="a", release=2)


@pytest.mark.parametrize(
    ("before", "power", "there", "after", "slot", "rescue"),
    [
        # nothing was ever upgraded
        (state(), True, (), state(), "", False),
        (state(), False, (), state(bad=1), "", False),
        (state(bad=3), False, (), state(bad=4), "", False),
        (state(bad=4), False, (), state(bad=5), "", True),
        (state(bad=5), False, (), state(bad=5), "", True),
        (state(bad=3), True, (), state(bad=3), "", False),
        (state(bad=5), True, (), state(bad=4), "", False),  # the plug gives one more chance
        # a confirmed slot
        (state(active="a"), True, BOTH, state(active="a"), "a", False),
        (state(active="b", bad=1), False, BOTH, state(active="b", bad=2), "b", False),
        (state(active="b", bad=4), False, BOTH, state(active="b", bad=5), "", True),
        (state(active="a"), True, ("b",), state(active="a"), "", False),  # its tree is gone
        # on trial
        (
            ON_TRIAL,
            False,
            ("a",),
            ON_TRIAL._replace(tries=1),
            "a",
            False,
        ),
        (
            ON_TRIAL._replace(tries=1),
            True,
            ("a",),
            ON_TRIAL._replace(tries=2),
            "a",
            False,
        ),
        (
            ON_TRIAL._replace(tries=1),
            False,
            ("a",),
            state(release=2, failed=2),
            "",
            False,
        ),
        (
            ON_TRIAL._replace(tries=3),
            True,
            ("a",),
            state(release=2, failed=2),
            "",
            False,
        ),
        (ON_TRIAL, False, (), state(release=2, failed=2), "", False),
        (
            state(active="a", trial="b", release=3, tries=1),
            False,
            BOTH,
            state(active="a", release=3, failed=3),
            "a",
            False,
        ),
        (
            state(active="a", trial="b", release=3, bad=5),
            False,
            BOTH,
            state(active="a", trial="b", release=3, bad=5, tries=1),
            "b",
            False,
        ),
    ],
)
def test_a_start(
    before: State, power: bool, there: tuple, after: State, slot: str, rescue: bool
) -> None:
    assert slots.boot(before, power, there) == (after, slot, rescue)


def test_a_trial_goes_to_the_other_slot_and_its_confirmation_raises_the_floor() -> None:
    first = slots.on_trial(state(bad=2), 7)
    assert (first.trial, first.release, first.bad) == ("a", 7, 0)
    confirmed = slots.confirmed(first)
    assert (confirmed.active, confirmed.trial, confirmed.floor) == ("a", "", 7)
    second = slots.on_trial(confirmed, 8)
    assert (second.active, second.trial) == ("a", "b")
    back = slots.given_up(second)
    assert (back.active, back.trial, back.floor, back.failed) == ("a", "", 7, 8)
    assert slots.told(back).failed == 0
    assert slots.confirmed(second)._replace(floor=0) == state(active="b", release=8)


def test_the_floor_never_sinks() -> None:
    low = slots.confirmed(slots.on_trial(state(floor=9), 8))
    assert low.floor == 9


@pytest.mark.parametrize(
    "text", [None, b"", b"x", b",,,", b"c,,0,0,0,0,0", b",,0,0,0,0,x", b"\xff", b",,0,0,0,0"]
)
def test_what_cannot_be_read_is_a_fresh_board(text: bytes | None) -> None:
    assert slots.read(text) == slots.FRESH


@given(
    st.builds(
        State,
        st.sampled_from(["", "a", "b"]),
        st.sampled_from(["", "a", "b"]),
        *[st.integers(0, 1 << 31)] * 5,
    )
)
def test_a_state_is_read_as_it_was_written(one: State) -> None:
    assert slots.read(slots.written(one)) == one


STEPS = ("power", "crash", "good", "upgrade", "confirm", "give up")


@given(st.lists(st.sampled_from(STEPS), max_size=60))
@example(["crash"] * 5 + ["upgrade", "give up", "crash"])
def test_whatever_happens_something_runs_and_never_a_release_below_the_floor(
    steps: list[str],
) -> None:
    kept, release = slots.FRESH, {"": 1}
    slot, rescue, crashes = "", False, 0
    for number, step in enumerate(steps):
        if step in ("power", "crash"):
            there = [name for name in BOTH if name in release]
            kept = slots.read(slots.written(kept))
            kept, slot, rescue = slots.boot(kept, step == "power", there)
            crashes = crashes + 1 if step == "crash" and not kept.trial else 0
            assert rescue or release[slot] >= kept.floor or slot == kept.trial or kept.failed
            kept = slots.told(kept)
        elif step == "good" and not rescue:
            kept, crashes = slots.good(kept), 0
        elif step == "upgrade" and not kept.trial and not kept.failed:
            spare = slots.spare(kept)
            assert spare != slot and spare != kept.active
            release[spare] = number + 2
            kept, crashes = slots.on_trial(kept, number + 2), 0  # the count begins anew
        elif step == "confirm" and kept.trial and slot == kept.trial:
            kept, crashes = slots.confirmed(kept), 0
        elif step == "give up" and kept.trial:
            kept, crashes = slots.given_up(kept), 0
        assert slot in release
        assert not (rescue and slot)
        if crashes >= 5 + 1:
            assert rescue


def test_a_trial_is_over_after_one_crash_or_three_power_cuts() -> None:
    for cuts, crash in itertools.product(range(4), (False, True)):
        kept = slots.on_trial(state(), 2)
        kept, _, _ = slots.boot(kept, False, ("a",))
        for _ in range(cuts):
            kept, _, _ = slots.boot(kept, True, ("a",))
        if crash and kept.trial:
            kept, _, _ = slots.boot(kept, False, ("a",))
        assert bool(kept.trial) == (cuts < 3 and not crash)

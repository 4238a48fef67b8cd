"""What time it is: the earliest possible now, and what may date a record."""

from hypothesis import given
from hypothesis import strategies as st
from terminal.timekeeper import Timekeeper

T = 1_764_000_000_000


def test_without_any_word_nothing_is_known() -> None:
    time = Timekeeper()
    assert (time.now(5000), time.known(5000)) == (0, None)


def test_a_time_kept_in_flash_is_a_floor_but_dates_nothing() -> None:
    time = Timekeeper(T)
    assert (time.now(5000), time.known(5000)) == (T + 5000, None)


def test_a_fresh_word_ends_the_error_of_a_cloud_that_was_ahead_also_in_flash() -> None:
    day = 86_400_000
    time = Timekeeper()
    assert time.told(T + day, 1000)
    assert not time.told(T, 2000, fresh=False)
    assert time.now(2000) == T + day + 1000
    assert time.told(T, 3000)
    assert (time.now(4000), time.kept_ms) == (T + 1000, T)


def test_the_clouds_word_moves_it_forward_and_hardly_back() -> None:
    time = Timekeeper()
    assert time.told(T, 1000)
    assert time.now(61_000) == T + 60_000
    assert not time.told(T - 1, 61_000)
    assert time.now(61_000) == T + 60_000


def test_it_is_to_be_kept_every_ten_minutes_at_most() -> None:
    time = Timekeeper()
    kept = [time.told(T + s * 1000, s * 1000) for s in range(0, 3600, 60)]
    assert sum(kept) == 6


def test_the_networks_time_dates_records_and_can_only_make_an_expiry_sooner() -> None:
    time = Timekeeper(T)
    time.network(T - 86_400_000, 0)
    assert time.now(1000) == T + 1000
    time.network(T + 86_400_000, 2000)
    assert time.now(3000) == T + 86_401_000
    assert time.known(3000) == T + 86_401_000


@given(
    st.lists(
        st.tuples(st.integers(0, 100_000), st.sampled_from(["told", "network"]), st.integers(0, T))
    )
)
def test_by_what_is_not_fresh_the_authenticated_floor_never_goes_back(
    steps: list[tuple[int, str, int]],
) -> None:
    time, up, floor = Timekeeper(), 0, 0
    for passed, who, at_ms in steps:
        up += passed
        floor += passed if floor else 0
        if who == "told":
            time.told(at_ms, up, fresh=False)
            floor = max(floor, at_ms)
        else:
            time.network(at_ms, up)
        assert time.now(up) >= floor
        assert time.kept_ms <= time.now(up)


def test_what_was_said_beforehand_is_a_floor_and_dates_nothing() -> None:
    time = Timekeeper()
    time.told(T, 1000, fresh=False)
    assert (time.now(2000), time.known(2000)) == (T + 1000, None)

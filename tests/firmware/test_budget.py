"""The month's data: counted over restarts, and heartbeats that come more rarely in time."""

from terminal.budget import Budget
from terminal.policy import Policy

DAY = 86_400_000
T = 1_764_000_000_000


def test_an_even_month_is_not_slowed_down() -> None:
    budget = Budget(Policy(), from_ms=T)
    for day in range(30):
        budget.count(day * 330_000, T + day * DAY)
        assert budget.slowdown(T + day * DAY) == 1


def test_a_month_that_runs_ahead_of_its_budget_is() -> None:
    budget = Budget(Policy(), from_ms=T)
    budget.count(4_900_000, T + 5 * DAY)
    assert budget.slowdown(T + 5 * DAY) == 1  # half of it may go as it likes
    budget.count(6_000_000, T + 6 * DAY)
    assert budget.slowdown(T + 6 * DAY) == 2
    assert budget.slowdown(T + 20 * DAY) == 1


def test_a_new_month_begins_at_nothing() -> None:
    budget = Budget(Policy(), used=9_900_000, from_ms=T)
    budget.count(1000, T + 30 * DAY)
    assert (budget.used, budget.slowdown(T + 30 * DAY)) == (0, 1)
    budget.count(3000, T + 31 * DAY)
    assert budget.used == 2000


def test_without_a_clock_only_the_bytes_count() -> None:
    budget = Budget(Policy(), used=9_000_000)
    assert budget.slowdown(0) == 2


def test_a_clock_set_back_begins_a_new_window() -> None:
    budget = Budget(Policy(), used=5_000_000, from_ms=T)
    budget.count(10, T - DAY)
    assert (budget.used, budget.from_ms) == (0, T - DAY)

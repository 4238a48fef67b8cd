"""Behind or not, second by second."""

from cloud.mqtt.pressure import Pressure


def told(*looks: tuple[int, float]) -> list[tuple[float, bool | None]]:
    """When it changed, and to what."""
    pressure = Pressure(full=250, after_s=10, calm_s=30)
    return [
        (now_s, pressure.behind) for waiting, now_s in looks if pressure.changed(waiting, now_s)
    ]


def test_a_queue_that_stays_full_for_ten_seconds_is_behind_once():
    assert told((250, 0), (400, 9), (499, 10), (500, 20)) == [(10, True)]


def test_a_full_queue_that_is_worked_off_between_is_not():
    assert told((500, 0), (500, 9), (3, 9.5), (500, 9.9), (500, 19)) == []


def test_it_is_over_after_half_a_minute_without():
    looks = ((500, 0), (500, 10), (0, 11), (500, 30), (0, 31), (249, 60), (0, 61))
    assert told(*looks) == [(10, True), (61, False)]


def test_whoever_starts_in_calm_says_so_once_for_what_a_killed_one_left_behind():
    assert told((0, 0), (0, 30), (0, 90)) == [(30, False)]

"""The two brakes, second by second."""

from cloud.mqtt.pace import Buckets, Failures

PAIR = ("192.0.2.1", "HM-1")


def test_the_fifth_wrong_password_closes_the_ear_for_a_minute():
    failures = Failures(tries=5, pause_s=60)
    for second in range(5):
        assert not failures.deaf(PAIR, second)
        failures.failed(PAIR, second)
    assert failures.deaf(PAIR, 5)
    assert failures.deaf(PAIR, 63)
    assert not failures.deaf(PAIR, 64)


def test_another_user_or_another_address_is_heard():
    failures = Failures(tries=1)
    failures.failed(PAIR, 0)
    assert not failures.deaf((PAIR[0], "HM-2"), 1)
    assert not failures.deaf(("192.0.2.2", PAIR[1]), 1)


def test_failures_long_ago_do_not_count():
    failures = Failures(tries=2, pause_s=60)
    failures.failed(PAIR, 0)
    failures.failed(PAIR, 61)
    assert not failures.deaf(PAIR, 62)


def test_the_right_password_wipes_the_slate():
    failures = Failures(tries=2)
    failures.failed(PAIR, 0)
    failures.succeeded(PAIR)
    failures.failed(PAIR, 1)
    assert not failures.deaf(PAIR, 2)


def test_a_million_made_up_users_cost_no_memory():
    failures = Failures()
    for number in range(30_000):
        failures.failed(("192.0.2.1", str(number)), 0)
    assert len(failures._failed) == 10_000


def test_a_burst_passes_and_then_the_rate_holds():
    buckets = Buckets(rate_hz=50, burst=200)
    assert sum(buckets.take("a", 0) for _ in range(1000)) == 200
    assert sum(buckets.take("a", 1) for _ in range(1000)) == 50
    assert sum(buckets.take("a", 100) for _ in range(1000)) == 200


def test_one_terminals_flood_is_not_anothers():
    buckets = Buckets(rate_hz=1, burst=1)
    buckets.take("a", 0)
    assert not buckets.take("a", 0)
    assert buckets.take("b", 0)


def test_many_terminals_are_forgotten_oldest_first():
    buckets = Buckets()
    for number in range(10_001):
        buckets.take(str(number), 0)
    assert len(buckets._left) == 10_000

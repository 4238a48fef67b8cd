"""Who the terminal is: what the bench must have written, and what happens when it has not."""

import pytest
from terminal import settings

GOOD = {"device": b"HM-1", "secret": bytes(32), "server": b"mqtt.example:1883", "apn": b"cmnet"}


def without(*names: str, **changed: bytes) -> dict[str, bytes]:
    return {name: value for name, value in (GOOD | changed).items() if name not in names}


def test_what_the_bench_wrote_is_read_back() -> None:
    assert settings.identity(GOOD) == ("HM-1", bytes(32), "mqtt.example", 1883, "cmnet")


def test_without_an_access_point_the_sim_chooses() -> None:
    assert settings.identity(without("apn")).apn == ""


@pytest.mark.parametrize(
    ("store", "missing"),
    [
        ({}, "device"),
        (without("device"), "device"),
        (without(device=b""), "device"),
        (without("secret"), "secret"),
        (without(secret=b""), "secret"),
        (without(secret=bytes(31)), "secret"),
        (without(secret=bytes(33)), "secret"),
        (without("server"), "server"),
        (without(server=b"mqtt.example"), "server"),
        (without(server=b":1883"), "server"),
        (without(server=b"mqtt.example:"), "server"),
        (without(server=b"mqtt.example:x"), "server"),
    ],
)
def test_a_store_that_lacks_something_names_it(store: dict[str, bytes], missing: str) -> None:
    with pytest.raises(settings.NotProvisioned, match=missing):
        settings.identity(store)


def test_the_policy_is_the_protocols_until_the_cloud_sends_another() -> None:
    policy = settings.Policy()
    assert (policy.beat_working_s, policy.beat_idle_s) == (60, 180)
    assert policy.lease_max_s == 43_200
    assert 30 <= policy.keepalive_s <= 1200
    assert policy.arc_off_a < policy.arc_on_a

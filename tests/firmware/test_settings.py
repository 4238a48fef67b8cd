"""Who the terminal is: what the bench must have written, and what happens when it has not."""

import pytest
from terminal import settings

GOOD = {"device": b"HM-1", "secret": bytes(32), "server": b"mqtt.example:1883", "apn": b"cmnet"}


def without(*names: str, **changed: bytes) -> dict[str, bytes]:
    return {name: value for name, value in (GOOD | changed).items() if name not in names}


def test_what_the_bench_wrote_is_read_back() -> None:
    assert settings.identity(GOOD) == (
        *("HM-1", bytes(32), [("mqtt.example", 1883, False)], "cmnet"),
        *("native", "contactor", "a7670", True),
    )
    more = GOOD | {"dialect": b"iotda", "hardware": b"thermal", "modem": b"air780e"}
    identity = settings.identity(more | {"server": b"mqtts://mqtt.example:8883"})
    assert identity.servers == [("mqtt.example", 8883, True)]
    assert (identity.dialect, identity.hardware, identity.modem) == ("iotda", "thermal", "air780e")


def test_several_brokers_keep_their_order() -> None:
    told = GOOD | {"server": b"mqtts://a.example:8883,b.example:1883, mqtts://c.example:1"}
    assert settings.identity(told).servers == [
        ("a.example", 8883, True),
        ("b.example", 1883, False),
        ("c.example", 1, True),
    ]


def test_a_foreign_platforms_secret_is_its_own_text() -> None:
    identity = settings.identity(GOOD | {"signed": b"no", "secret": b"12345678"})
    assert (identity.secret, identity.signed) == (b"12345678", False)


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
        (without(server=b"mqtts://:8883"), "server"),
        (without(server=b"mqtt.example:1883,"), "server"),
        (without(server=b"a.example:1,b.example"), "server"),
        (without(dialect=b"klingon"), "dialect"),
        (without(hardware=b"relais"), "hardware"),
        (without(modem=b"sim800"), "modem"),
        (without(signed=b"maybe"), "signed"),
    ],
)
def test_a_store_that_lacks_something_names_it(store: dict[str, bytes], missing: str) -> None:
    with pytest.raises(settings.NotProvisioned, match=missing):
        settings.identity(store)

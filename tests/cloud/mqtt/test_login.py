"""The log-in check: both dialects, the known answers, and whom it must not let in."""

import json
from pathlib import Path

import pytest

from cloud.link import terminals
from cloud.mqtt.login import (
    Claim,
    Doorkeeper,
    iotda_password,
    proves,
    read_claim,
    secrets_of,
)
from cloud.mqtt.rights import Account

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "wire.json").read_text())
DEVICE, SECRET = VECTORS["device"], bytes.fromhex(VECTORS["secret"])
KEY = VECTORS["keys"]["mqtt"]
NOW = 1_744_596_000_000  # 2025-04-14 02:00 UTC
HOUR_MS = 3_600_000


@pytest.fixture
def door() -> Doorkeeper:
    return Doorkeeper({DEVICE: SECRET}.get, lambda: NOW)


def iotda(hour: str, sign: int = 1) -> tuple[str, str, str]:
    """Client id, user, password of a terminal in the iotda dialect."""
    return f"{DEVICE}_0_{sign}_{hour}", DEVICE, iotda_password(SECRET.hex(), hour)


def test_the_native_password_is_the_key_mqtt_in_hex(door):
    assert door(DEVICE, DEVICE, KEY) == Account(DEVICE)


def test_iotdas_published_answer_is_met():
    answer = "c75150e6cb841417396819e4d2ee4358a416344a03a083e3a8567074ddec820a"
    assert iotda_password("12345678", "2025041401") == answer


def test_the_secret_goes_into_iotda_as_its_hex_text(door):
    assert door(*iotda("2025041402")) == Account(DEVICE, iotda=True)


@pytest.mark.parametrize(
    ("hour", "sign", "let_in"),
    [
        ("2025041401", 1, True),
        ("2025041402", 1, True),
        ("2025041403", 1, True),
        ("2025041400", 1, False),
        ("2025041404", 1, False),
        ("2019010100", 1, False),
        ("2019010100", 0, True),
        ("0000000000", 0, True),
    ],
)
def test_sign_1_wants_the_hour_and_sign_0_does_not(door, hour, sign, let_in):
    assert (door(*iotda(hour, sign)) is not None) is let_in


def test_an_hours_password_is_good_for_that_hour_only(door):
    client_id, user, _ = iotda("2025041402")
    assert door(client_id, user, iotda_password(SECRET.hex(), "2025041401")) is None


@pytest.mark.parametrize(
    ("client_id", "user"),
    [
        ("A", "B"),
        ("A", ""),
        ("", ""),
        ("A B", "A B"),
        ("焊机", "焊机"),
        ("x" * 129, "x" * 129),
        ("A/B", "A/B"),
        ("+", "+"),
        ("$cloud", "$cloud"),
        ("A_0_2_2025041402", "A"),
        ("A_1_1_2025041402", "A"),
        ("A_0_1_202504140", "A"),
        ("A_0_1_20250414022", "A"),
        ("A_0_1_2025041402", "B"),
        ("_0_1_2025041402", "A"),
        ("A\n", "A\n"),
        ("A_0_1_２０２５０４１４０２", "A"),
    ],
)
def test_client_id_and_user_must_belong_together(client_id, user):
    assert read_claim(client_id, user) is None


def test_an_id_that_looks_like_iotda_may_still_be_native():
    assert read_claim("A_0_1_2025041402", "A_0_1_2025041402") == Claim("A_0_1_2025041402")


@pytest.mark.parametrize("password", ["", KEY[:-1], KEY + "0", KEY.upper(), "x" * 5000, "焊"])
def test_wrong_passwords_prove_nothing(password):
    assert not proves(Claim(DEVICE), password, SECRET, NOW)


def test_an_unknown_terminal_is_refused_whatever_it_says():
    door = Doorkeeper(lambda device: None, lambda: NOW)
    zero = terminals.mqtt_password(bytes(32))
    assert door(DEVICE, DEVICE, KEY) is None
    assert door(DEVICE, DEVICE, zero) is None


def test_a_revoked_terminal_is_refused(ground):
    with ground.write() as unit:
        password = terminals.mqtt_password(terminals.provision(unit, "HM-1"))
    door = Doorkeeper(secrets_of(ground), ground.clock)
    assert door("HM-1", "HM-1", password) == Account("HM-1")
    with ground.write() as unit:
        terminals.revoke(unit, "HM-1")
    assert door("HM-1", "HM-1", password) is None


def test_the_clouds_password_is_new_at_every_start_and_bound_to_its_client_ids(door):
    other = Doorkeeper({}.get, lambda: NOW)
    where, elsewhere = door.address("0.0.0.0", 1883), other.address("0.0.0.0", 1883)
    assert where.host == "127.0.0.1"
    assert where.password != elsewhere.password
    assert where.password not in repr(where)
    assert door("$cloud-x", "$cloud", where.password) == Account("$cloud-x", cloud=True)
    assert door("$cloud-x", "$cloud", elsewhere.password) is None
    assert door(DEVICE, "$cloud", where.password) is None
    assert door("$cloudy", "$cloud", where.password) is None

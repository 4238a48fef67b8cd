"""Who is let in over real sockets, and who is not."""

import time
from contextlib import suppress

import pytest

from cloud.mqtt.broker import Broker
from tests.cloud.mqtt.mqtt_made_up import DOWN_A, KEY_A, UP_B, A, B
from tests.cloud.mqtt.raw_client import RawClient, connect_bytes

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("client_id", "user", "password"),
    [
        (A, A, "0" * 64),
        (A, A, ""),
        (A, "", ""),
        (B, A, KEY_A),
        (A, B, KEY_A),
        (B, B, KEY_A),
        ("HM-990101-999999", "HM-990101-999999", KEY_A),
        ("$cloud-watch", "$cloud", "guess"),
        ("$cloud-watch", A, KEY_A),
    ],
)
def test_who_cannot_prove_it_is_refused(site, client_id, user, password):
    stranger = site.dial()
    assert stranger.connect(client_id, user, password) == 4
    assert stranger.is_closed()


def test_the_cloud_account_is_bound_to_its_client_ids(site):
    impostor = site.dial()
    assert impostor.connect(A, "$cloud", site.address.password) == 4


def test_a_failed_log_in_leaves_the_connected_terminal_alone(site):
    a, cloud = site.a(), site.cloud()
    a.subscribe(DOWN_A)
    assert site.dial().connect(A, A, "wrong") == 4
    cloud.publish(DOWN_A, b"still here")
    assert a.receive().payload == b"still here"


def test_after_five_wrong_passwords_a_user_is_not_heard_for_a_while(site):
    for _ in range(5):
        assert site.dial().connect(A, A, "wrong") == 4
    assert site.dial().connect(A, A, KEY_A) == 4
    assert site.b()


def test_an_unanswering_database_is_not_called_a_wrong_password():
    def broken(*_: str) -> None:
        raise OSError("the database is away")

    broker = Broker(broken, port=0)
    broker.start()
    client = RawClient(broker.port)
    assert client.connect(A, A, KEY_A) == 3
    client.close()
    broker.stop()


def test_other_protocol_versions_are_told_so(site):
    assert site.dial().connect(A, A, KEY_A, level=5) == 1


def test_a_will_for_somebody_elses_topic_is_refused(site):
    client = site.dial()
    assert client.connect(A, A, KEY_A, will=(UP_B, b"forged")) == 5


def test_a_connect_that_dribbles_in_is_cut_off(make_site):
    site = make_site(connect_s=0.3)
    client = site.dial()
    began = time.monotonic()
    with suppress(OSError):
        for byte in connect_bytes(A, A, KEY_A):
            client.send(bytes([byte]))
            time.sleep(0.02)
    assert client.is_closed(1)
    assert time.monotonic() - began < 3


def test_an_oversized_connect_is_not_read(site):
    client = site.dial()
    client.send(b"\x10\xa0\x1f")  # 4000 bytes are let in, 4128 are not
    assert not client.is_closed(0.2)
    client = site.dial()
    client.send(b"\x10\xa0\x20")
    assert client.is_closed(1)

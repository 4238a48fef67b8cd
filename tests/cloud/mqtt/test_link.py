"""One connection: how it may end, and what becomes of the will."""

import threading
import time
from contextlib import suppress

import pytest

from cloud.mqtt.limits import Quota
from tests.cloud.mqtt.mqtt_made_up import UP_A, WILL
from tests.cloud.mqtt.raw_client import PUBACK, PUBCOMP, PUBREC, packet, text

pytestmark = pytest.mark.slow


def test_a_silent_terminal_is_closed_and_its_will_published(site):
    cloud = site.cloud("hm/+/up")
    a = site.a(keepalive_s=1, will=WILL)
    began = time.monotonic()
    message = cloud.receive()
    assert message.payload == b"Z0 will"
    assert time.monotonic() - began > 1.0
    assert a.is_closed()


def test_a_terminal_that_pings_stays(site):
    a = site.a(keepalive_s=3, will=WILL)
    cloud = site.cloud("hm/+/up")
    for _ in range(6):
        assert cloud.receive(0.9) is None
        a.ping()


def test_single_bytes_are_no_sign_of_life(site):
    cloud = site.cloud("hm/+/up")
    a = site.a(keepalive_s=1, will=WILL)
    began = time.monotonic()
    a.send(b"\x30\x64")
    with suppress(OSError):
        while cloud.receive(0.2, ack=False) is None:
            a.send(b"x")
            assert time.monotonic() - began < 60, "it stays for ever"


def test_waiting_for_room_is_not_the_terminals_silence(make_site):
    site = make_site(cloud=Quota(messages=1, bytes=100_000, in_flight=1))
    cloud, a = site.cloud("hm/+/up"), site.a(keepalive_s=1)
    a.publish(UP_A, b"0")
    a.publish(UP_A, b"1")
    a.post(UP_A, b"2")
    assert not a.is_closed(2)
    assert [cloud.receive().payload for _ in range(3)] == [b"0", b"1", b"2"]
    a.expect(PUBACK)
    a.ping()


def test_a_reset_connection_publishes_the_will(site):
    cloud = site.cloud("hm/+/up")
    site.a(will=WILL).reset()
    assert cloud.receive().payload == b"Z0 will"


def test_a_closed_connection_publishes_the_will(site):
    cloud = site.cloud("hm/+/up")
    site.a(will=WILL).close()
    assert cloud.receive().payload == b"Z0 will"


def test_a_goodbye_publishes_no_will(site):
    cloud = site.cloud("hm/+/up")
    site.a(will=WILL).disconnect()
    assert cloud.receive(0.3) is None


def test_qos_2_is_taken_once_although_it_is_sent_twice(site):
    cloud, a = site.cloud("hm/+/up"), site.a()
    for _ in range(2):
        a.send(packet(0x34, text(UP_A) + b"\0\7" + b"twice"))
        assert a.expect(PUBREC) == b"\0\7"
    a.send(packet(0x62, b"\0\7"))
    assert a.expect(PUBCOMP) == b"\0\7"
    assert cloud.receive().payload == b"twice"
    assert cloud.receive(0.2) is None


def test_a_reader_that_pauses_gets_everything_in_the_end(site):
    cloud, a = site.cloud(), site.a()
    cloud.subscribe("hm/+/up", qos=0)
    speaking = threading.Thread(
        target=lambda: [a.post(UP_A, b"%03d" % n + bytes(200_000), qos=0) for n in range(200)]
    )
    speaking.start()
    speaking.join(1)
    assert [cloud.receive().payload[:3] for _ in range(200)] == [b"%03d" % n for n in range(200)]
    speaking.join()
    assert not site.broker.tally

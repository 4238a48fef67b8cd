"""Bytes that are no MQTT, or too many of them."""

import socket
from contextlib import suppress

import pytest

from tests.cloud.mqtt.mqtt_made_up import DOWN_A, KEY_A, UP_A, A
from tests.cloud.mqtt.raw_client import connect_bytes, packet, text

pytestmark = pytest.mark.slow


def test_a_packet_over_the_limit_is_not_read_but_closed(site):
    cloud, a = site.cloud("hm/+/up"), site.a()
    with suppress(OSError):
        a.post(UP_A, bytes(1_000_000))
    assert a.is_closed()
    assert site.broker.tally["malformed"] == 1
    assert cloud.receive(0.1) is None
    assert site.a()


def test_a_packet_just_under_the_limit_passes(site):
    cloud, a = site.cloud("hm/+/up"), site.a()
    a.publish(UP_A, bytes(250_000))
    assert len(cloud.receive().payload) == 250_000


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\0" * 64,
        b"\xff" * 64,
        b"\x16\x03\x01\x02\0\x01\0",
        b"\x10\xff\xff\xff\xff\x7f",
        b"\x10\x04\0\x04MQ",
        packet(0x30, text("hm/x/up") + b"x"),
        packet(0x10, text("MQTT") + b"\4\3\0\x3c" + text("reserved")),
        packet(0x10, text("MQIsdp") + b"\3\2\0\x3c" + text("old")),
        packet(0x11, text("MQTT") + b"\4\2\0\x3c" + text("flags")),
    ],
)
def test_garbage_in_place_of_a_connect_is_closed(site, garbage):
    client = site.dial()
    client.send(garbage)
    client.sock.shutdown(socket.SHUT_WR)
    assert client.is_closed()
    assert site.a()


@pytest.mark.parametrize(
    "garbage",
    [
        packet(0x36, text(UP_A) + b"\0\1x"),
        packet(0x32, text(UP_A) + b"\0\0x"),
        packet(0x80, b"\0\1" + text(DOWN_A) + b"\1"),
        packet(0x82, b"\0\1"),
        packet(0x82, b"\0\1" + text(DOWN_A) + b"\3"),
        packet(0x32, b"\0\x40hm"),
        packet(0x20, b"\0\0"),
        packet(0x00, b""),
        packet(0xF0, b""),
        connect_bytes(A, A, KEY_A),
    ],
)
def test_garbage_after_the_log_in_is_closed(site, garbage):
    a = site.a()
    a.send(garbage)
    assert a.is_closed()
    assert site.broker.tally["malformed"] == 1

"""Our network thread round paho."""

import os
import time

import pytest

from cloud.mqtt.client import Client, NotSent
from tests.cloud.mqtt.mqtt_made_up import UP_A

resource = pytest.importorskip("resource")
pytestmark = pytest.mark.slow


@pytest.fixture
def many_files():
    """More than 1024 open files, as beside an embedded broker with a thousand terminals."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2000:
        pytest.skip("this machine lets no process open 2000 files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2000), hard))
    files = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    yield
    for file in files:
        os.close(file)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_it_connects_with_a_thousand_files_open(site, many_files):
    client = Client(site.address, "$cloud-x", filters=("hm/+/up",))
    client.start()
    assert client.wait_connected(30)
    client.publish("hm/a/down", b"x")
    client.stop()


def test_stop_before_start_is_no_error(site):
    Client(site.address, "$cloud-x").stop()


def test_a_failing_callback_ends_nothing(site, wait_until):
    seen = []

    def on_message(message):
        seen.append(message.payload)
        raise ValueError

    client = Client(site.address, "$cloud-x", on_message=on_message, filters=("hm/+/up",))
    client.start()
    assert client.wait_connected(30)
    a = site.a()
    a.publish(UP_A, b"1")
    a.publish(UP_A, b"2")
    wait_until(lambda: seen == [b"1", b"2"])
    client.stop()
    with pytest.raises(NotSent):
        client.publish("hm/a/down", b"x")


def test_a_broker_whose_pong_is_behind_many_messages_is_not_left(site, wait_until):
    seen = []

    def on_message(message):
        seen.append(message.payload)
        client._paho._ping_t = time.monotonic() - 1000  # asked long ago, as paho keeps it

    client = Client(site.address, "$cloud-x", on_message=on_message, filters=("hm/+/up",))
    client.start()
    assert client.wait_connected(30)
    a = site.a()
    for number in range(3):
        a.publish(UP_A, b"%d" % number)
        wait_until(lambda number=number: len(seen) > number)
    assert client.connected
    assert client.connection == 1
    client.stop()

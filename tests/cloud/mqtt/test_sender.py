"""Commands on their way to a terminal, and what happens when there is no way."""

import pytest

from cloud.mqtt.address import Address
from cloud.mqtt.broker import Broker
from cloud.mqtt.client import NotSent
from cloud.mqtt.sender import BodyTooLong, Sender
from tests.cloud.mqtt.mqtt_made_up import DOWN_A, A

pytestmark = pytest.mark.slow


@pytest.fixture
def start():
    """Starts a sender at an address."""
    started = []

    def begin(address):
        sender = Sender(address)
        started.append(sender)
        sender.start()
        return sender

    yield begin
    for sender in started:
        sender.stop()


def test_a_body_reaches_the_terminal(site, start):
    sender, a = start(site.address), site.a()
    a.subscribe(DOWN_A)
    assert sender.wait_connected(30)
    sender(A, b'{"id":"c1"}')
    message = a.receive()
    assert (message.topic, message.payload, message.qos) == (DOWN_A, b'{"id":"c1"}', 1)


def test_without_a_broker_the_caller_is_told(start):
    sender = start(Address("127.0.0.1", 9, "$cloud", "made-up", outside=False))
    with pytest.raises(NotSent):
        sender(A, b"{}")


def test_what_was_not_sent_is_not_sent_later(make_site, start, wait_until):
    site = make_site()
    sender = start(site.address)
    assert sender.wait_connected(30)
    site.broker.stop()
    wait_until(lambda: not sender.connected)
    with pytest.raises(NotSent):
        sender(A, b"stale")
    site.broker = Broker(site.door, port=site.broker.port)
    site.broker.start()
    a = site.a()
    a.subscribe(DOWN_A)
    assert sender.wait_connected(30)
    sender(A, b"fresh")
    assert a.receive().payload == b"fresh"


def test_a_body_that_no_terminal_takes_is_not_sent(site, start):
    sender = start(site.address)
    assert sender.wait_connected(30)
    with pytest.raises(BodyTooLong):
        sender(A, bytes(4096))
    a = site.a()
    a.subscribe(DOWN_A)
    sender(A, bytes(4096 - 9 - len(DOWN_A)))
    assert a.receive().payload == bytes(4096 - 9 - len(DOWN_A))


def test_a_wrong_password_is_logged_and_tried_again(site, start, wait_until, caplog):
    start(Address("127.0.0.1", site.broker.port, "$cloud", "wrong", outside=False))
    wait_until(lambda: site.broker.tally["refused log-in"] >= 2)
    assert "does not let us in" in caplog.text
    assert "'wrong'" not in caplog.text

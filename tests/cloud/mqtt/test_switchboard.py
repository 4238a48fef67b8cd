"""Between the connections: whose message reaches whom, take-over, slow readers."""

import time

import pytest

from cloud.mqtt.limits import Quota
from tests.cloud.mqtt.mqtt_made_up import DOWN_A, DOWN_B, KEY_A, UP_A, UP_B, WILL, A
from tests.cloud.mqtt.raw_client import PUBACK, Closed

pytestmark = pytest.mark.slow


def test_what_a_terminal_says_reaches_the_cloud(site):
    cloud, a = site.cloud("hm/+/up"), site.a()
    a.publish(UP_A, b"hello")
    message = cloud.receive()
    assert (message.topic, message.payload, message.qos) == (UP_A, b"hello", 1)


def test_a_command_reaches_its_terminal_and_no_other(site):
    a, b, cloud = site.a(), site.b(), site.cloud()
    assert a.subscribe(DOWN_A) == [1]
    assert b.subscribe(DOWN_B) == [1]
    cloud.publish(DOWN_A, b"on")
    assert a.receive().payload == b"on"
    assert b.receive(0.2) is None


def test_the_qos_is_the_lower_of_the_two(site):
    a, cloud = site.a(), site.cloud()
    a.subscribe(DOWN_A, qos=0)
    cloud.publish(DOWN_A, b"on", qos=1)
    assert a.receive().qos == 0
    assert a.subscribe(DOWN_A, qos=2) == [1]


def test_overlapping_filters_bring_a_message_once(site):
    cloud, a = site.cloud("hm/+/up", "hm/#", UP_A), site.a()
    a.publish(UP_A, b"once")
    assert cloud.receive().payload == b"once"
    assert cloud.receive(0.2) is None


def test_after_unsubscribe_nothing_comes(site):
    a, cloud = site.a(), site.cloud()
    a.subscribe(DOWN_A)
    a.unsubscribe(DOWN_A)
    cloud.publish(DOWN_A, b"on")
    assert a.receive(0.2) is None


def test_a_retained_message_is_passed_on_and_forgotten(site):
    a, cloud = site.a(), site.cloud()
    a.subscribe(DOWN_A)
    cloud.publish(DOWN_A, b"on", retain=True)
    assert a.receive().payload == b"on"
    a.unsubscribe(DOWN_A)
    a.subscribe(DOWN_A)
    assert a.receive(0.2) is None


def test_a_terminal_is_acknowledged_only_when_somebody_reads(site):
    a = site.a()
    a.post(UP_A, b"early")
    a.sock.settimeout(0.2)
    with pytest.raises(TimeoutError):
        a.sock.recv(4)
    cloud = site.cloud("hm/+/up")
    assert a.expect(PUBACK) == b"\0\1"
    assert cloud.receive().payload == b"early"


def test_a_terminal_that_nobody_reads_is_closed_without_acknowledgement(make_site):
    site = make_site(hold_s=0.2)
    a = site.a()
    a.post(UP_A, b"into the void")
    with pytest.raises(Closed):
        a.expect(PUBACK)
    assert site.broker.tally["nobody reads"] == 1


FOREIGN = [
    UP_B, DOWN_B, UP_A, DOWN_A + "/x", "hm/+/down", "hm/#", "#", "+/+/+", f"hm/{A}/+",
    f"hm/{A}/#", "$SYS/#", "$SYS/broker/version", f"$oc/devices/{A}/sys/commands/#",
    f"$share/g/{DOWN_A}", "", "hm", "hm/", DOWN_A.upper(), " " + DOWN_A,
]  # fmt: skip


@pytest.mark.parametrize("topic_filter", FOREIGN)
def test_a_terminal_may_subscribe_to_nothing_but_its_own(site, topic_filter):
    a = site.a()
    assert a.subscribe(topic_filter, DOWN_A) == [0x80, 1]


@pytest.mark.parametrize(
    "topic", [UP_B, DOWN_B, DOWN_A, UP_A + "/x", "$SYS/x", f"$oc/devices/{A}/sys/messages/up", "x"]
)
def test_a_forbidden_publish_is_dropped_and_ends_the_connection(site, topic):
    cloud, b, a = site.cloud("hm/#"), site.b(), site.a()
    b.subscribe(DOWN_B)
    a.post(topic, b"forged")
    assert a.is_closed()
    assert site.broker.tally["forbidden"] == 1
    assert cloud.receive(0.1) is None
    assert b.receive(0.1) is None


@pytest.mark.parametrize("topic", ["hm/+/up", "hm/#", "#"])
def test_wildcards_are_no_topics(site, topic):
    a = site.a()
    a.post(topic, b"forged")
    assert a.is_closed()


def test_the_cloud_may_touch_everything_of_ours_and_nothing_else(site):
    cloud = site.cloud("hm/+/up", "hm/#", DOWN_A)
    assert cloud.subscribe("#", "$SYS/#", "x/y", "hm/a+/up", "hm/#/up") == [0x80] * 5


def test_a_second_connection_takes_over_at_once_and_without_a_will(site):
    cloud, first = site.cloud("hm/+/up"), site.a(will=WILL)
    first.subscribe(DOWN_A)
    began = time.monotonic()
    second = site.a(will=WILL)
    second.subscribe(DOWN_A)
    assert first.is_closed(10)
    assert time.monotonic() - began < 10  # not when its keep-alive is over
    cloud.publish(DOWN_A, b"on")
    assert second.receive().payload == b"on"
    assert cloud.receive(0.3) is None
    second.reset()
    assert cloud.receive().payload == b"Z0 will"


def test_many_take_overs_in_a_row_do_not_stall(site):
    began = time.monotonic()
    for _ in range(20):
        last = site.a()
    assert time.monotonic() - began < 15  # a stall was a second and more, each
    last.ping()
    assert site.broker.connected() == [A]


def test_what_the_cloud_did_not_acknowledge_comes_again(site):
    cloud, a = site.cloud("hm/+/up", name="ingest", clean=False), site.a()
    a.publish(UP_A, b"1")
    a.publish(UP_A, b"2")
    assert cloud.receive().payload == b"1"
    assert cloud.receive(ack=False).payload == b"2"
    cloud.reset()
    a.publish(UP_A, b"3")
    cloud = site.cloud(name="ingest", clean=False)
    again = cloud.receive()
    assert (again.payload, again.again) == (b"2", True)
    assert cloud.receive().payload == b"3"


def test_a_terminal_has_no_kept_session(site):
    a, cloud = site.a(clean=False), site.cloud()
    a.subscribe(DOWN_A)
    a.disconnect()
    cloud.publish(DOWN_A, b"stale")
    again = site.dial()
    assert again.connect_flags(A, A, KEY_A, 60, None, False) == (0, 0)
    assert again.receive(0.2) is None


def test_one_connection_too_many_is_refused(make_site):
    site = make_site(connections=2)
    a, _b = site.a(), site.b()
    late = site.dial()
    assert late.is_closed(1)
    assert site.broker.tally["crowded"] == 1
    a.disconnect()
    assert site.cloud()


def test_a_terminal_that_takes_nothing_in_is_cut_off_and_holds_up_nobody(make_site):
    site = make_site(terminal=Quota(messages=5, bytes=100_000, in_flight=2))
    a, b, cloud = site.a(), site.b(), site.cloud()
    a.subscribe(DOWN_A)
    b.subscribe(DOWN_B)
    for number in range(10):
        cloud.publish(DOWN_A, b"%d" % number)
    cloud.publish(DOWN_B, b"you")
    assert b.receive().payload == b"you"
    assert a.is_closed(1)
    assert site.broker.tally["too slow"] >= 1


def test_a_cloud_that_does_not_keep_up_holds_the_terminals_back(make_site):
    site = make_site(cloud=Quota(messages=4, bytes=100_000, in_flight=2))
    cloud, a = site.cloud("hm/+/up"), site.a()
    for number in range(6):
        a.publish(UP_A, b"%d" % number)
    a.post(UP_A, b"6")
    a.sock.settimeout(0.2)
    with pytest.raises(TimeoutError):
        a.sock.recv(4)
    assert [cloud.receive().payload for _ in range(7)] == [b"%d" % n for n in range(7)]
    a.expect(PUBACK)

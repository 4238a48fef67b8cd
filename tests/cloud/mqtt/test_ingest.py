"""Ingest behind a real broker: commit before acknowledgement, through every kind of trouble."""

import errno
import itertools
import socket
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cloud.link import intake, terminals
from cloud.mqtt.address import Address
from cloud.mqtt.broker import Broker
from cloud.mqtt.ingest import Ingest
from cloud.mqtt.limits import Quota
from cloud.mqtt.login import Doorkeeper, secrets_of
from cloud.mqtt.pace import Buckets
from cloud.mqtt.pressure import Pressure
from cloud.mqtt.sender import Sender
from tests import mosquitto as outside
from tests.cloud.mqtt.mqtt_fakes import AWAY, FakeGround, Room
from tests.cloud.mqtt.mqtt_made_up import UP_A, UP_B, A, B
from tests.cloud.mqtt.raw_client import RawClient

pytestmark = pytest.mark.slow

TIME_PLEASE = (
    b'{"services":[{"service_id":"$time_sync","event_type":"time_sync_request",'
    b'"paras":{"device_send_time":1700000000000}}]}'
)


@pytest.fixture
def fake() -> FakeGround:
    return FakeGround()


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def start(fake: FakeGround, room: Room) -> Iterator[Callable[..., Ingest]]:
    """Starts an ingest at an address and waits until it is connected."""
    started: list[Ingest] = []

    def begin(address: Address, **given: Any) -> Ingest:
        ingest = Ingest(fake, address, room.receive, keep=room.keep, **given)
        started.append(ingest)
        ingest.start()
        assert ingest.wait_connected(30)
        return ingest

    yield begin
    room.gate.set()
    for ingest in started:
        ingest.stop(timeout_s=1)


# --- the good way -------------------------------------------------------------------------------


def test_what_is_said_is_received_in_order_and_committed(site, start, fake, room, wait_until):
    ingest = start(site.address)
    a, b = site.a(), site.b()
    a.publish(UP_A, b"1")
    b.publish(UP_B, b"2")
    a.publish(UP_A, b"3", qos=0)
    wait_until(lambda: ingest.tally["received"] == 3)
    assert 1 <= fake.commits <= 3
    assert room.heard == [(A, b"1"), (B, b"2"), (A, b"3")]
    assert ingest.tally == {"received": 3, "beat": 3}


def test_the_device_comes_from_the_topic_whatever_the_body_says(site, start, room, wait_until):
    start(site.address)
    site.a().publish(UP_A, b'{"device":"%s"}' % B.encode())
    wait_until(lambda: room.heard)
    assert room.heard[0][0] == A


def test_the_next_message_comes_only_after_the_acknowledgement(make_site, start, room, wait_until):
    site = make_site(cloud=Quota(messages=10, bytes=100_000, in_flight=1))
    room.gate.clear()
    ingest = start(site.address)
    a = site.a()
    a.publish(UP_A, b"1")
    a.publish(UP_A, b"2")
    assert ingest.backlog() <= 1
    assert room.heard == []
    room.gate.set()
    wait_until(lambda: room.payloads == [b"1", b"2"])


def test_it_says_when_it_falls_behind_and_when_it_has_caught_up(site, start, room, wait_until):
    told: list[tuple[str, bool]] = []
    room.gate.clear()
    ingest = start(
        site.address,
        pressure=Pressure(full=1, after_s=0, calm_s=0),
        behind=lambda _unit, broker, is_it: told.append((broker, is_it)),
    )
    broker = site.address.name
    wait_until(lambda: told == [(broker, False)])
    a = site.a()
    a.publish(UP_A, b"1")
    wait_until(lambda: room.waits.is_set())
    for body in (b"2", b"3"):
        a.publish(UP_A, body)
    wait_until(lambda: ingest.backlog() == 2)
    room.gate.set()
    wait_until(lambda: told == [(broker, False), (broker, True), (broker, False)])
    assert room.payloads == [b"1", b"2", b"3"]


def test_what_could_not_be_told_is_told_again(site, start, fake, wait_until):
    told: list[bool] = []
    fake.away.set()
    start(
        site.address,
        pressure=Pressure(full=100, calm_s=0),
        behind=lambda _unit, _broker, is_it: told.append(is_it),
    )
    wait_until(lambda: fake.refused)
    fake.away.clear()
    wait_until(lambda: told == [False])


# --- interruptions ------------------------------------------------------------------------------


def test_killed_between_commit_and_acknowledgement_it_gets_the_message_again(
    site, start, fake, room, wait_until
):
    ingest = start(site.address)

    def kill() -> None:
        fake.after_commit = lambda: None
        ingest._client._paho.socket().shutdown(socket.SHUT_RDWR)
        wait_until(lambda: not ingest.connected)

    fake.after_commit = kill
    site.a().publish(UP_A, b"once more")
    wait_until(lambda: room.payloads == [b"once more"] * 2)
    assert fake.commits == 2


def test_what_came_while_it_was_away_is_not_lost(site, start, room, wait_until):
    first = start(site.address)
    a = site.a()
    a.publish(UP_A, b"1")
    wait_until(lambda: room.heard)
    first._client.stop()
    first.stop()
    a.publish(UP_A, b"2")
    start(site.address)
    wait_until(lambda: room.payloads == [b"1", b"2"])


def test_after_a_restart_of_the_broker_it_comes_back(make_site, start, room, wait_until):
    site = make_site()
    start(site.address)
    site.broker.stop()
    again = Broker(site.door, port=site.broker.port)
    again.start()
    site.broker = again
    site.a().publish(UP_A, b"back")  # waits until somebody reads
    wait_until(lambda: room.payloads == [b"back"])


def test_while_the_database_is_away_nothing_is_acknowledged_and_nothing_lost(
    site, start, fake, room, wait_until
):
    fake.away.set()
    ingest = start(site.address)
    a = site.a()
    a.publish(UP_A, b"0")
    wait_until(lambda: fake.refused)
    for number in range(1, 5):
        a.publish(UP_A, b"%d" % number)
    wait_until(lambda: ingest.backlog() == 4)
    assert ingest.tally["received"] == 0
    fake.away.clear()
    wait_until(lambda: room.payloads == [b"0", b"1", b"2", b"3", b"4"])
    assert room.kept == []


def test_a_long_outage_holds_the_terminals_back(make_site, start, fake, room, wait_until):
    site = make_site(cloud=Quota(messages=3, bytes=100_000, in_flight=3))
    fake.away.set()
    start(site.address, queue_size=2)
    a = site.a()
    for number in range(6):
        a.publish(UP_A, b"%d" % number)
    a.post(UP_A, b"6")
    a.sock.settimeout(0.2)
    with pytest.raises(TimeoutError):
        a.sock.recv(4)
    fake.away.clear()
    wait_until(lambda: room.payloads == [b"%d" % n for n in range(7)])


def test_what_waits_together_is_committed_together(site, start, fake, room, wait_until):
    ingest = start(site.address)
    a = site.a()
    _queued(room, ingest, a, wait_until, b"1", b"2", b"3")
    wait_until(lambda: ingest.tally["received"] == 4)
    assert room.payloads == [b"first", b"1", b"2", b"3"]
    assert fake.commits == 2


def test_a_bad_message_in_company_costs_the_others_nothing(site, start, fake, room, wait_until):
    room.fails[b"poison"] = [ValueError()] * 4
    ingest = start(site.address)
    _queued(room, ingest, site.a(), wait_until, b"1", b"poison", b"2")
    wait_until(lambda: ingest.tally["received"] == 3)
    assert room.kept == [(A, b"poison")]
    assert room.payloads[-1] == b"2"


def _queued(room, ingest, client, wait_until, *bodies: bytes) -> None:
    """The worker is held at a first message until all the others wait for it."""
    room.gate.clear()
    client.publish(UP_A, b"first")
    wait_until(room.waits.is_set)
    for body in bodies:
        client.publish(UP_A, body)
    wait_until(lambda: ingest.backlog() == len(bodies))
    room.gate.set()


# --- bad messages -------------------------------------------------------------------------------


def test_a_message_that_breaks_the_intake_is_kept_and_blocks_nobody(
    site, start, room, wait_until, caplog
):
    room.fails[b"poison"] = [ValueError("the text of the message")] * 4  # once in company
    ingest = start(site.address)
    a = site.a()
    a.publish(UP_A, b"poison")
    a.publish(UP_A, b"good")
    wait_until(lambda: room.payloads[-1:] == [b"good"])
    assert room.kept == [(A, b"poison")]
    assert ingest.tally["poison"] == 1
    assert "ValueError at" in caplog.text
    assert "the text of the message" not in caplog.text


def test_a_stumble_is_not_poison(site, start, room, wait_until):
    room.fails[b"x"] = [ValueError()]
    ingest = start(site.address)
    site.a().publish(UP_A, b"x")
    wait_until(lambda: ingest.tally["received"] == 1)
    assert room.kept == []


def test_a_message_that_the_database_refuses_does_not_block_while_the_database_answers(
    site, start, room, wait_until
):
    room.fails[b"poison"] = [AWAY] * 9
    ingest = start(site.address)
    site.a().publish(UP_A, b"poison")
    wait_until(lambda: room.kept)
    assert room.kept == [(A, b"poison")]
    assert ingest.tally["poison"] == 1


def test_on_a_full_disk_nothing_is_put_aside_and_it_goes_on_when_there_is_room(
    site, start, room, wait_until
):
    room.fails[b"x"] = [OSError(errno.ENOSPC, "No space left on device")] * 5
    ingest = start(site.address)
    site.a().publish(UP_A, b"x")
    wait_until(lambda: ingest.tally["received"] == 1)
    assert (room.kept, ingest.tally["poison"]) == ([], 0)


def test_a_terminal_that_floods_is_cut_down_to_its_share(site, start, room, wait_until):
    ingest = start(site.address, buckets=Buckets(rate_hz=0, burst=2))
    a, b = site.a(), site.b()
    for number in range(5):
        a.publish(UP_A, b"%d" % number)
    b.publish(UP_B, b"mine")
    wait_until(lambda: (B, b"mine") in room.heard)
    assert room.payloads == [b"0", b"1", b"mine"]
    assert ingest.tally["too often"] == 3


# --- stopping -----------------------------------------------------------------------------------


def test_stop_finishes_what_is_here(site, start, fake, room, wait_until):
    room.gate.clear()
    ingest = start(site.address)
    a = site.a()
    for number in range(20):
        a.publish(UP_A, b"%d" % number)
    wait_until(lambda: ingest.backlog() >= 4)
    stopping = threading.Thread(target=ingest.stop)
    stopping.start()
    room.gate.set()
    stopping.join(60)
    assert not stopping.is_alive()
    assert len(room.heard) == 20 and 1 <= fake.commits <= 20


def test_stop_does_not_wait_for_ever_for_a_database(site, start, fake, wait_until):
    fake.away.set()
    ingest = start(site.address)
    site.a().publish(UP_A, b"1")
    ingest.stop(timeout_s=0.2)
    assert ingest.tally["received"] == 0


def test_stop_without_a_broker_is_quick(fake, room):
    ingest = Ingest(fake, Address("127.0.0.1", 9, "u", "p", outside=False), room.receive)
    ingest.start()
    ingest.stop(timeout_s=1)


# --- with the real rooms ------------------------------------------------------------------------


def test_a_terminals_question_goes_through_the_book_and_is_answered(county, wait_until):
    ground = county.ground
    secret = county.do(terminals.provision, A)
    door = Doorkeeper(secrets_of(ground), ground.clock)
    broker = Broker(door, port=0)
    broker.start()
    address = door.address("127.0.0.1", broker.port)
    ingest = Ingest(ground, address, intake.receive)
    ground.send = sender = Sender(address)
    ingest.start()
    sender.start()
    assert ingest.wait_connected(30)
    assert sender.wait_connected(30)
    client = RawClient(broker.port)
    assert client.connect(A, A, terminals.mqtt_password(secret)) == 0
    client.subscribe(f"hm/{A}/down")
    took_ms = []
    for _ in range(50):
        began = time.perf_counter()
        client.post(UP_A, TIME_PLEASE)
        assert b"time_sync_response" in client.receive().payload
        took_ms.append((time.perf_counter() - began) * 1000)
    p50 = statistics.median(took_ms)
    print(f"question, commit, answer: p50 {p50:.2f} ms, worst {max(took_ms):.2f} ms (limit 50 ms)")
    assert county.ask(terminals.get, A).seen_at == ground.clock()
    wait_until(lambda: ingest.tally["time-sync"] == 50)
    client.disconnect()
    sender.stop()
    ingest.stop()
    broker.stop()


# --- an outside broker --------------------------------------------------------------------------


@pytest.fixture
def mosquitto(tmp_path) -> Iterator[Address]:
    """A mosquitto of our own, if there is one on this machine."""
    with outside.running(tmp_path) as (host, port):
        yield Address(host, port, "hanma", "made-up")


def test_two_workers_share_an_outside_broker(mosquitto, start, room, wait_until):
    first, second = start(mosquitto), start(mosquitto)
    client = RawClient(mosquitto.port)
    assert client.connect(A) == 0
    said = itertools.count()

    def both_hear() -> bool:  # the broker may take up the second one's subscription later
        client.publish(UP_A, b"%d" % next(said))
        return bool(first.tally["received"] and second.tally["received"])

    wait_until(both_hear)
    sent = next(said)
    wait_until(lambda: len(room.heard) >= sent)
    client.close()
    assert max(Counter(room.payloads).values()) == 1
    assert len(room.heard) == sent

"""The iotda dialect: pure turning of topics, and a device that behaves like Huawei's own SDK."""

import base64
import contextlib
import hashlib
import json
import queue
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest

from cloud.base.unit import Ground
from cloud.link import commands, intake, oddities, packages, terminals, upgrades
from cloud.mqtt import iotda
from cloud.mqtt.broker import BadCertificates, Broker, Secure, tls_context
from cloud.mqtt.ingest import Ingest
from cloud.mqtt.login import Doorkeeper, iotda_password, secrets_of
from cloud.mqtt.packets import Message
from cloud.mqtt.rights import Account, Action, may
from cloud.mqtt.sender import Sender

DEVICE = "prod1_node1"
ROOT = f"$oc/devices/{DEVICE}/sys/"
HOUR = "2027011508"  # of the tests' clock
PATIENCE_S = 60
VECTORS = Path(__file__).parents[2] / "vectors" / "package.json"


# --- pure ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["messages/up", "events/up", "properties/report", "made/up"])
def test_what_goes_up_is_said_as_it_is(what: str) -> None:
    said = Message(ROOT + what, b'{"actionCode":"FF"}', 1)
    assert iotda.up(DEVICE, said) == Message(f"hm/{DEVICE}/up", said.payload, 1)


def test_an_answer_gets_its_id_out_of_the_topic() -> None:
    said = Message(ROOT + "commands/response/request_id=c1", b'{"result_code":0}', 1)
    told = iotda.up(DEVICE, said)
    assert json.loads(told.payload) == {"result_code": 0, "id": "c1"}


@pytest.mark.parametrize("payload", [b"", b"hello", b"[1]", b"\xff", b"[" * 5000])
def test_an_answer_that_cannot_be_read_goes_up_as_it_is(payload: bytes) -> None:
    said = Message(ROOT + "commands/response/request_id=c1", payload, 1)
    assert iotda.up(DEVICE, said).payload == payload


def test_commands_and_events_go_down_on_their_own_topics() -> None:
    body = '{"id":"c1","command_name":"say","paras":{"say":"焊"}}'.encode()
    told = iotda.down(DEVICE, Message(f"hm/{DEVICE}/down", body, 1))
    assert told.topic == ROOT + "commands/request_id=c1"
    assert json.loads(told.payload) == {"command_name": "say", "paras": {"say": "焊"}}
    event = b'{"services":[{"service_id":"$ota"}]}'
    told = iotda.down(DEVICE, Message(f"hm/{DEVICE}/down", event, 1))
    assert told == Message(ROOT + "events/down", event, 1)
    other = iotda.down(DEVICE, Message(f"hm/{DEVICE}/down", b"bare", 1))
    assert other == Message(ROOT + "messages/down", b"bare", 1)


def test_a_device_of_this_dialect_touches_its_own_topics_only() -> None:
    account = Account(DEVICE, iotda=True)
    for action in (Action.PUBLISH, Action.SUBSCRIBE):
        assert may(account, action, ROOT + "commands/#")
        for topic in (f"hm/{DEVICE}/up", "$oc/devices/other/sys/events/up", "#", ROOT, "$oc/#"):
            assert not may(account, action, topic)
    assert may(account, Action.RECEIVE, f"hm/{DEVICE}/down")
    assert not may(account, Action.RECEIVE, "hm/other/down")


# --- over the wire ------------------------------------------------------------------------------


class Sdk:
    """paho used as Huawei's Python SDK uses it (reference/iotda.md, 1.7): no SUBSCRIBE at all,
    first of all an event that nobody knows, answers on the topic of the command."""

    def __init__(self, port: int, secret: bytes | None, tls: ssl.SSLContext | None = None) -> None:
        self.heard: queue.Queue[tuple[str, dict[str, Any]]] = queue.Queue()
        self.up = threading.Event()
        self.refused: list[Any] = []
        self.client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, client_id=f"{DEVICE}_0_1_{HOUR}"
        )
        password = iotda_password(secret.hex(), HOUR) if secret else None
        self.client.username_pw_set(DEVICE, password)
        if tls:
            self.client.tls_set_context(tls)
        self.client.on_connect = self._connected
        self.client.on_message = self._message
        self.client.connect("localhost", port, keepalive=120)
        self.client.loop_start()

    def _connected(self, client: Any, _data: Any, _flags: Any, reason: Any, _props: Any) -> None:
        if reason.is_failure:
            self.refused.append(reason)
        else:
            self.up.set()

    def _message(self, client: Any, _data: Any, message: Any) -> None:
        self.heard.put((message.topic, json.loads(message.payload)))

    def say(self, what: str, body: dict[str, Any]) -> None:
        self.client.publish(ROOT + what, json.dumps(body), qos=1).wait_for_publish(PATIENCE_S)

    def next(self) -> tuple[str, dict[str, Any]]:
        return self.heard.get(timeout=PATIENCE_S)

    def report(self, service: str, type: str, **paras: Any) -> None:
        """An event of the device, as the SDK words it."""
        event = {"service_id": service, "event_type": type, "event_time": "2027-01-15T08:00:00Z"}
        self.say("events/up", {"object_device_id": DEVICE, "services": [event | {"paras": paras}]})

    def told(self) -> tuple[str, str, dict[str, Any]]:
        """(service, type, paras) of the next event, which comes on the topic of events."""
        topic, body = self.next()
        assert topic == ROOT + "events/down"
        (event,) = body["services"]
        return event["service_id"], event["event_type"], event["paras"]

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


class Place:
    """A broker, the ingest into real rooms, and the sender; a device without macs of ours."""

    def __init__(self, ground: Ground, clock: Any, secure: Secure | None = None) -> None:
        self.ground = ground
        with ground.write() as unit:
            self.secret = terminals.provision(unit, DEVICE, signed=False, dialect="iotda")
        door = Doorkeeper(secrets_of(ground), clock)
        self.broker = Broker(door, port=0, secure=secure)
        self.broker.start()
        address = door.address("127.0.0.1", self.broker.port)
        self.sender = Sender(address)
        self.ingest = Ingest(ground, address, intake.receive)
        self.sdks: list[Sdk] = []
        for part in (self.sender, self.ingest):
            part.start()
        ground.send = self.sender
        assert self.sender.wait_connected(30)
        assert self.ingest.wait_connected(30)

    def sdk(self, **given: Any) -> Sdk:
        self.sdks.append(Sdk(**{"port": self.broker.port, "secret": self.secret} | given))
        return self.sdks[-1]

    def row(self) -> terminals.Terminal:
        with self.ground.read() as unit:
            row = terminals.get(unit, DEVICE)
            assert row
            return row

    def stop(self) -> None:
        for part in (*self.sdks, self.ingest, self.sender, self.broker):
            part.stop()


@pytest.fixture
def place(ground: Ground, clock: Any) -> Iterator[Place]:
    with contextlib.closing(_Closing(Place(ground, clock))) as held:
        yield held.place


class _Closing:
    def __init__(self, place: Place) -> None:
        self.place = place
        self.close = place.stop


@pytest.mark.slow
def test_a_device_that_never_subscribes_is_heard_commanded_and_answered(
    place: Place, wait_until: Any
) -> None:
    sdk = place.sdk()
    assert sdk.up.wait(PATIENCE_S)
    report = {"service_id": "$log", "event_type": "log_report", "event_time": None}
    sdk.say("events/up", {"object_device_id": DEVICE, "services": [report | {"paras": {}}]})
    sdk.say("messages/up", {"content": {"actionCode": "00", "content": {"mode": "idle"}}})
    wait_until(lambda: place.row().online)
    with place.ground.read() as unit:
        assert [one.reason for one in oddities.of(unit, DEVICE)] == ["unknown-event"]
    with place.ground.write() as unit:
        content = {"job": "j1", "lease_s": 60}
        command = commands.issue(unit, DEVICE, "switch", code="1", content=content)
    topic, body = sdk.next()
    assert topic == f"{ROOT}commands/request_id={command.id}"
    assert body["paras"]["actionCode"] == "1"
    assert "id" not in body
    answer = {"result_code": 0, "response_name": "switch", "paras": {"ok": 1}}
    sdk.say(f"commands/response/request_id={command.id}", answer)
    wait_until(lambda: place.row().relay == 1)
    with place.ground.read() as unit:
        assert unit.db.get(commands.Command, command.id).state == "done"


@pytest.mark.slow
def test_the_time_is_told_as_an_event_and_text_stays_text(place: Place) -> None:
    sdk = place.sdk()
    assert sdk.up.wait(PATIENCE_S)
    asked = {"service_id": "$time_sync", "event_type": "time_sync_request"}
    paras = {"device_send_time": "1700000000000"}
    sdk.say("events/up", {"services": [asked | {"event_time": "x", "paras": paras}]})
    topic, body = sdk.next()
    assert topic == ROOT + "events/down"
    told = body["services"][0]
    assert told["event_type"] == "time_sync_response"
    assert told["paras"]["device_send_time"] == "1700000000000"


@pytest.mark.slow
def test_an_upgrade_is_asked_about_offered_and_followed_to_its_end(
    place: Place, wait_until: Any
) -> None:
    raw = base64.b64decode(json.loads(VECTORS.read_text("utf-8"))["good"]["package"])
    sdk = place.sdk()
    assert sdk.up.wait(PATIENCE_S)
    sdk.say("messages/up", {"actionCode": "00", "content": {"mode": "idle", "fw": "V1.0"}})
    wait_until(lambda: place.row().online)
    with place.ground.write() as unit:
        package = packages.add(unit, raw)
        upgrades.start(unit, DEVICE, package)
        upgrades.sweep(unit)

    assert sdk.told() == ("$ota", "version_query", {})
    sdk.report("$ota", "version_report", fw_version="V1.0", sw_version="V1.0")
    service, type, offer = sdk.told()
    assert (service, type) == ("$ota", "firmware_upgrade")
    assert (offer["version"], offer["file_size"]) == (package.version, len(raw))
    assert offer["sign"] == hashlib.sha256(raw).hexdigest() and offer["access_token"]

    def stands(*wanted: Any) -> bool:
        with place.ground.read() as unit:
            (row,) = upgrades.of(unit, DEVICE)
            return (row.state, row.progress) == wanted

    # IoTDA: `version` is what the device runs, until it runs what was offered.
    sdk.report("$ota", "upgrade_progress_report", result_code=0, progress=40, version="V1.0")
    wait_until(lambda: stands("loading", 40))
    sdk.report("$ota", "upgrade_progress_report", result_code=0, progress=100, version="V1.0")
    wait_until(lambda: stands("loading", 100))
    end = {"progress": 100, "version": package.version, "description": "upgrade success"}
    sdk.report("$ota", "upgrade_progress_report", result_code=0, **end)
    wait_until(lambda: stands("done", 100))


@pytest.mark.slow
def test_a_device_that_does_subscribe_hears_everything_once(place: Place, wait_until: Any) -> None:
    sdk = place.sdk()
    assert sdk.up.wait(PATIENCE_S)
    done = threading.Event()
    sdk.client.on_subscribe = lambda *_: done.set()
    sdk.client.subscribe(ROOT + "commands/#", 1)
    assert done.wait(PATIENCE_S)
    sdk.say("messages/up", {"actionCode": "00", "content": {"mode": "idle"}})
    wait_until(lambda: place.row().online)
    with place.ground.write() as unit:
        commands.issue(unit, DEVICE, "locate", content={})
    topic, _body = sdk.next()
    assert topic.startswith(ROOT + "commands/request_id=")
    sdk.say(topic.removeprefix(ROOT).replace("request_id", "response/request_id"), {"x": 1})
    wait_until(lambda: place.ingest.tally["no-kind"])
    assert sdk.heard.empty()  # not its own answer either, which `commands/#` would match


@pytest.mark.slow
def test_a_wrong_secret_does_not_get_in(place: Place, wait_until: Any) -> None:
    sdk = place.sdk(secret=bytes(32))
    wait_until(lambda: sdk.refused)
    assert not sdk.up.is_set()


# --- certificates -------------------------------------------------------------------------------


@pytest.fixture
def papers(tmp_path: Any) -> Any:
    """`papers(name)` gives (certificate file, key file) of an authority of our own."""
    from tests.cloud.mqtt.made_up_papers import Authority

    return Authority(tmp_path)


@pytest.mark.slow
def test_a_certificate_stands_in_place_of_the_password_of_its_own_device(
    ground: Ground, clock: Any, papers: Any, wait_until: Any
) -> None:
    context = tls_context(*papers.issue("localhost"), papers.file)
    held = Place(ground, clock, Secure("127.0.0.1", 0, context))
    with contextlib.closing(_Closing(held)):
        port = held.broker.secure.port
        good = held.sdk(port=port, secret=None, tls=papers.client(DEVICE))
        assert good.up.wait(PATIENCE_S)
        other = held.sdk(port=port, secret=None, tls=papers.client("another"))
        wait_until(lambda: other.refused)
        bare = held.sdk(port=port, secret=None, tls=papers.client(None))
        wait_until(lambda: bare.refused)
        plain = held.sdk(port=port, tls=papers.client(None))
        assert plain.up.wait(PATIENCE_S)


def test_files_that_cannot_be_used_name_their_settings(tmp_path: Any) -> None:
    for name in ("", str(tmp_path / "nothing.pem")):
        with pytest.raises(BadCertificates, match="HANMA_MQTT_TLS_CERT"):
            tls_context(name, name)

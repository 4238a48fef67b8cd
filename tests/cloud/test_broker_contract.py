"""One contract for every broker: who may hear and say what, whichever program keeps it.

The embedded broker, a real Mosquitto with the files of `hanma broker mosquitto`, and any other by
HANMA_TEST_BROKER: three URLs with commas, of the cloud's account and of two terminals, A and B.
"""

import os
import queue
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any, NamedTuple

import paho.mqtt.client as paho
import pytest
from click.testing import CliRunner

from cloud.base.database import migrate
from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.bench.mosquitto import free_port
from cloud.cli import main
from cloud.link import terminals
from cloud.mqtt.address import Address
from cloud.mqtt.broker import Broker
from cloud.mqtt.login import Doorkeeper
from tests import mosquitto
from tests.cloud.mqtt.mqtt_made_up import KEYS, SECRETS, A, B

pytestmark = pytest.mark.slow
GIVEN = os.environ.get("HANMA_TEST_BROKER", "")
WAIT_S = 60


class Parties(NamedTuple):
    """Where each of the three logs in; `prefix` = what the cloud's client ids begin with."""

    cloud: Address
    a: Address
    b: Address
    prefix: str


def _terminal(port: int, device: str) -> Address:
    return Address("127.0.0.1", port, device, KEYS[device])


def _embedded(stack: ExitStack) -> Parties:
    door = Doorkeeper(SECRETS.get, lambda: 0)
    broker = Broker(door, port=0)
    broker.start()
    stack.callback(broker.stop)
    ours = door.address("127.0.0.1", broker.port)
    ends = (_terminal(broker.port, one) for one in (A, B))
    return Parties(ours, *ends, prefix="$cloud-")


def _mosquitto(stack: ExitStack) -> Parties:
    folder = stack.enter_context(mosquitto.place())
    ground = Ground.open(Settings(data_dir=folder / "data"))
    migrate(ground.engine)
    with ground.write() as unit:
        for device, secret in SECRETS.items():
            terminals.provision(unit, device, secret=secret)
    ground.close()
    port, ours = free_port(), free_port()
    where = ("--listen", f"127.0.0.1:{port}", "--cloud-listen", f"127.0.0.1:{ours}")
    words = ["broker", "mosquitto", str(folder / "files"), *where]
    done = CliRunner().invoke(main, words, env={"HANMA_DATA": str(folder / "data")})
    assert done.exit_code == 0, done.output
    url = Address.from_url((folder / "files" / "broker-url").read_text().strip())
    stack.enter_context(mosquitto.served(folder / "files" / "mosquitto.conf", ("127.0.0.1", port)))
    return Parties(url, *(_terminal(port, one) for one in (A, B)), prefix="hanma-")


def _given(_stack: ExitStack) -> Parties:
    return Parties(*(Address.from_url(one.strip()) for one in GIVEN.split(",")), prefix="hanma-")


KINDS = {"embedded": _embedded, "mosquitto": _mosquitto, "given": _given}


@pytest.fixture(scope="module", params=[one for one in KINDS if one != "given" or GIVEN])
def parties(request: pytest.FixtureRequest) -> Iterator[Parties]:
    with ExitStack() as stack:
        yield KINDS[request.param](stack)


class Talker:
    """One connection, that does not come back by itself."""

    def __init__(self, address: Address, client_id: str = "") -> None:
        self.heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.settled, self.gone = threading.Event(), threading.Event()
        self.refused = False
        self._line = line = paho.Client(
            paho.CallbackAPIVersion.VERSION2,
            client_id or address.user,
            reconnect_on_failure=False,
        )
        line.username_pw_set(address.user, address.password)
        if address.tls:
            line.tls_set_context(ssl.create_default_context())
        line.on_connect = self._connected
        line.on_disconnect = lambda *_: self.gone.set()
        line.on_message = lambda _client, _data, one: self.heard.put((one.topic, one.payload))
        line.connect(address.host, address.port)
        line.loop_start()
        assert self.settled.wait(WAIT_S)

    def _connected(self, *args: Any) -> None:
        self.refused = args[3].is_failure
        self.settled.set()

    def subscribe(self, *filters: str) -> "Talker":
        """Ask for each; what is refused is not heard, and that is all that counts."""
        for one in filters:
            done = threading.Event()
            self._line.on_subscribe = lambda *_args, done=done: done.set()
            self._line.subscribe(one, 1)
            until = time.monotonic() + WAIT_S
            while not (done.wait(0.02) or self.gone.is_set()):
                assert time.monotonic() < until
        return self

    def say(self, topic: str, text: bytes) -> None:
        """Until the broker has taken it, or thrown us out for it."""
        said = self._line.publish(topic, text, qos=1)
        until = time.monotonic() + WAIT_S
        with suppress(RuntimeError):  # paho: no connection any more
            while not (said.is_published() or self.gone.wait(0.01)):
                assert time.monotonic() < until

    def until(self, topic: str, text: bytes) -> list[tuple[str, bytes]]:
        """Everything heard up to this message."""
        heard = [self.heard.get(timeout=WAIT_S)]
        while heard[-1] != (topic, text):
            heard.append(self.heard.get(timeout=WAIT_S))
        return heard

    def close(self) -> None:
        self._line.disconnect()
        self._line.loop_stop()


@pytest.fixture
def talk() -> Iterator[Any]:
    made: list[Talker] = []

    def begin(address: Address, client_id: str = "") -> Talker:
        made.append(Talker(address, client_id))
        return made[-1]

    yield begin
    for one in made:
        one.close()


def test_a_terminal_and_the_cloud_hear_each_other(parties: Parties, talk: Any) -> None:
    a, cloud = parties.a.user, talk(parties.cloud, f"{parties.prefix}contract")
    cloud.subscribe("hm/+/up")
    one = talk(parties.a).subscribe(f"hm/{a}/down", f"hm/{a}/echo")
    one.say(f"hm/{a}/up", b"beat")
    cloud.until(f"hm/{a}/up", b"beat")
    cloud.say(f"hm/{a}/down", b"switch")
    one.until(f"hm/{a}/down", b"switch")
    one.say(f"hm/{a}/echo", b"line")
    one.until(f"hm/{a}/echo", b"line")


WANTED = (
    *("hm/{b}/up", "hm/{b}/down", "hm/{b}/echo", "hm/{a}/up"),
    *("hm/+/up", "hm/+/down", "hm/+/echo", "hm/#", "+/{b}/up", "+/+/+", "#"),
    *("$SYS/#", "$SYS/broker/version", "$SYS/brokers", "$share/x/hm/+/up", "$share/x/hm/{b}/down"),
    *("$oc/devices/{b}/sys/#", "$oc/#", "$oc/devices/+/sys/messages/up"),
)


@pytest.mark.parametrize("wanted", WANTED)
def test_a_terminal_hears_nothing_that_is_not_its_own(
    parties: Parties, talk: Any, wanted: str
) -> None:
    a, b = parties.a.user, parties.b.user
    cloud = talk(parties.cloud, f"{parties.prefix}contract").subscribe("hm/#")
    other = talk(parties.b)
    spy = talk(parties.a).subscribe(wanted.format(a=a, b=b))
    if spy.gone.is_set():
        return  # thrown out for asking
    spy.subscribe(f"hm/{a}/down")
    for what in ("up", "echo"):
        other.say(f"hm/{b}/{what}", b"private")
    cloud.until(f"hm/{b}/up", b"private")
    cloud.say(f"hm/{b}/down", b"private")
    cloud.say(f"hm/{a}/down", b"end")
    assert spy.until(f"hm/{a}/down", b"end") == [(f"hm/{a}/down", b"end")]


FORGED = (
    *("hm/{b}/up", "hm/{b}/down", "hm/{b}/echo", "hm/{a}/down", "hm/{a}/up/x", "hm/x", "x"),
    *("$SYS/broker/version", "$oc/devices/{b}/sys/messages/up"),
)


@pytest.mark.parametrize("forged", FORGED)
def test_a_terminal_says_nothing_where_it_is_not_at_home(
    parties: Parties, talk: Any, forged: str
) -> None:
    a, b = parties.a.user, parties.b.user
    cloud = talk(parties.cloud, f"{parties.prefix}contract").subscribe("hm/#")
    other = talk(parties.b).subscribe(f"hm/{b}/down", f"hm/{b}/echo")
    talk(parties.a).say(forged.format(a=a, b=b), b"forged")
    other.say(f"hm/{b}/up", b"end")
    assert b"forged" not in {text for _, text in cloud.until(f"hm/{b}/up", b"end")}
    cloud.say(f"hm/{b}/down", b"end")
    assert other.until(f"hm/{b}/down", b"end") == [(f"hm/{b}/down", b"end")]


@pytest.mark.parametrize("who", ["wrong password", "another's password", "nobody", "the cloud"])
def test_who_cannot_prove_who_he_is_stays_out(parties: Parties, talk: Any, who: str) -> None:
    a, b, cloud = parties.a, parties.b, parties.cloud
    user, password = {
        "wrong password": (a.user, "0" * 64),
        "another's password": (a.user, b.password),
        "nobody": ("HM-NOBODY", a.password),
        "the cloud": (cloud.user, a.password),
    }[who]
    assert talk(Address(a.host, a.port, user, password, a.tls)).refused


def test_nobody_pushes_another_terminal_out_by_its_client_id(parties: Parties, talk: Any) -> None:
    a = parties.a.user
    victim = talk(parties.a).subscribe(f"hm/{a}/echo")
    talk(parties.b, a)  # comes in as itself, or not at all
    victim.say(f"hm/{a}/echo", b"still here")
    victim.until(f"hm/{a}/echo", b"still here")

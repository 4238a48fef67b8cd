"""Brokers beside each other without a cluster: three real Mosquittos, and one of them dies."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest

from cloud.base.database import migrate
from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.link import commands, intake, terminals
from cloud.link.commands import Command
from cloud.mqtt.address import Address
from cloud.mqtt.ingest import Ingest
from cloud.mqtt.sender import Sender
from tests import mosquitto
from tests.cloud.conftest import wait_until
from tests.cloud.paper_terminal import PATIENCE_S, PaperTerminal

pytestmark = pytest.mark.slow
DEVICE, SECRET = "HM-990101-000001", b"s" * 32


class Place:
    """Three brokers, the cloud on all of them, and a terminal that is on none yet."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        confs = [mosquitto.opened(folder) for _ in range(3)]
        self.processes = [stack.enter_context(mosquitto.served(*one)) for one in confs]
        self.brokers = [Address(host, port, "", "") for _conf, (host, port) in confs]
        self.ground = Ground.open(Settings(data_dir=folder))
        stack.callback(self.ground.close)
        migrate(self.ground.engine)
        with self.ground.write() as unit:
            terminals.provision(unit, DEVICE, secret=SECRET)
        standing = terminals.standing_of(self.ground)
        self.sender = Sender(*self.brokers, standing=standing)
        self.ground.send = self.sender

        ingests = [
            Ingest(self.ground, one, partial(intake.receive, via=one.name)) for one in self.brokers
        ]
        for part in (self.sender, *ingests):
            part.start()
            stack.callback(part.stop)
            assert part.wait_connected(PATIENCE_S)
        self.terminal = PaperTerminal(DEVICE, SECRET)
        stack.callback(self.terminal.leave)

    def move_to(self, number: int) -> None:
        """The terminal logs in on this broker, and the cloud has noted it."""
        broker = self.brokers[number]
        self.terminal.connect(broker.host, broker.port)
        standing = terminals.standing_of(self.ground)
        self.terminal.until(lambda: standing(DEVICE).via == broker.name)

    def tell(self, name: str) -> None:
        """A command goes out and is answered."""
        with self.ground.write() as unit:
            id = commands.issue(unit, DEVICE, name, content={}).id

        def state() -> str:
            with self.ground.read() as unit:
                return unit.db.get_one(Command, id).state

        self.terminal.until(lambda: state() == "done")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with ExitStack() as stack:
        yield Place(tmp_path, stack)


def listening(broker: Address, stack: ExitStack) -> list[Any]:
    """Whatever goes down to anybody over this broker."""
    heard: list[Any] = []
    spy = paho.Client(paho.CallbackAPIVersion.VERSION2)
    spy.on_message = lambda _client, _data, message: heard.append(message.topic)
    spy.connect(broker.host, broker.port)
    spy.subscribe("hm/+/down", 1)
    spy.loop_start()
    stack.callback(spy.loop_stop)
    stack.callback(spy.disconnect)
    return heard


def test_one_of_three_brokers_dies_and_the_terminal_goes_on_with_the_next(place: Place) -> None:
    with ExitStack() as stack:
        third = listening(place.brokers[2], stack)
        place.move_to(0)
        place.tell("locate")
        place.processes[0].kill()
        place.processes[0].wait()
        with pytest.raises(OSError):
            place.terminal.connect(place.brokers[0].host, place.brokers[0].port)
        place.move_to(1)
        place.tell("locate")
        wait_until(lambda: place.sender.connected)
        assert third == []


def test_while_nobody_knows_where_it_is_all_are_told_and_it_obeys_once(place: Place) -> None:
    with ExitStack() as stack:
        third = listening(place.brokers[2], stack)
        place.move_to(0)
        with place.ground.write() as unit:
            row = terminals.locked(unit, DEVICE)
            assert row is not None
            terminals.reached_by(row, "a.broker.of.old:1883")
        place.tell("locate")
        assert place.terminal.heard.count("locate") == 1
        place.terminal.until(lambda: third)


def test_a_broker_that_is_back_is_used_again(place: Place) -> None:
    place.move_to(0)
    place.tell("locate")
    place.move_to(2)
    place.tell("locate")
    place.move_to(0)
    place.tell("locate")

"""A broker on a free port with two made-up terminals, and raw clients to torment it with."""

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from cloud.mqtt.broker import Broker
from cloud.mqtt.limits import Limits
from cloud.mqtt.login import CLOUD_USER, Doorkeeper
from tests.cloud.mqtt.mqtt_made_up import KEYS, SECRETS, A, B
from tests.cloud.mqtt.raw_client import RawClient

NOW = 1_800_000_000_000


class Site:
    """A running broker; `a`, `b`, `cloud` log in there, and whoever is left over is closed."""

    def __init__(self, port: int = 0, **limits: Any) -> None:
        self.door = Doorkeeper(SECRETS.get, lambda: NOW)
        self.broker = Broker(self.door, port=port, limits=replace(Limits(), **limits))
        self.broker.start()
        self.clients: list[RawClient] = []

    @property
    def address(self) -> Any:
        return self.door.address("127.0.0.1", self.broker.port)

    def dial(self) -> RawClient:
        """A TCP connection that has said nothing yet."""
        client = RawClient(self.broker.port)
        self.clients.append(client)
        return client

    def terminal(self, device: str, **said: Any) -> RawClient:
        """A terminal that has logged in."""
        client = self.dial()
        assert client.connect(device, device, KEYS[device], **said) == 0
        return client

    def a(self, **said: Any) -> RawClient:
        return self.terminal(A, **said)

    def b(self, **said: Any) -> RawClient:
        return self.terminal(B, **said)

    def cloud(self, *filters: str, name: str = "watch", **said: Any) -> RawClient:
        """The cloud's own account, subscribed to `filters`."""
        client = self.dial()
        password = self.address.password
        assert client.connect(f"{CLOUD_USER}-{name}", CLOUD_USER, password, **said) == 0
        if filters:
            assert client.subscribe(*filters) == [1] * len(filters)
        return client

    def stop(self) -> None:
        for client in self.clients:
            client.close()
        self.broker.stop()


@pytest.fixture
def make_site() -> Iterator[Callable[..., Site]]:
    """Makes brokers with limits of one's own."""
    made: list[Site] = []

    def make(**given: Any) -> Site:
        made.append(Site(**given))
        return made[-1]

    yield make
    for site in made:
        site.stop()


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    return make_site()


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = set(threading.enumerate()) - before
    for thread in left:
        thread.join(20)
    assert not [thread for thread in left if thread.is_alive()]


@pytest.fixture(autouse=True)
def _nothing_breaks_unseen(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    loud = [one for one in caplog.get_records("call") if one.levelno >= logging.ERROR]
    assert not [one for one in loud if one.name in ("asyncio", "cloud.mqtt.switchboard")]

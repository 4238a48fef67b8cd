"""`hanma bench decide`: from the press of ON to the command on its way, on a whole province.

median_ms: decision with fresh facts, job, command and audit in one durable commit, and the command
handed to the broker. heard_ms: until a subscriber of the same broker has it. floor_ms: a durable
commit of one row, nothing decided. pages: every list page of every audience, the median of a few.
status_page: what a hundred open ones cost (viewers.py); with_viewers: ON again while they look.
"""

import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from paho.mqtt.client import MQTTMessage

from cloud.app import handlers
from cloud.base.database import migrate
from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.bench import county, history, pages, viewers
from cloud.bench.played import Site
from cloud.book import outbox
from cloud.mqtt.address import Address
from cloud.mqtt.broker import Broker
from cloud.mqtt.client import Client
from cloud.mqtt.login import CLOUD_USER, Doorkeeper, secrets_of
from cloud.mqtt.sender import Sender
from cloud.registry import places
from cloud.registry.people import Person
from cloud.work import jobs, proving
from cloud.work.job import Job

LIMIT_MS = 15
_WAIT_S = 10
_WARM = 5
_LARGE = 10_000  # machines, from which on the figures are kept as they would be


class Ear:
    """Hears whatever goes down to terminals, and when."""

    def __init__(self, address: Address) -> None:
        self._news = threading.Event()
        self.body, self.at = b"", 0.0
        self._client = Client(
            address, f"{CLOUD_USER}-ear", on_message=self._hear, filters=("hm/+/down",)
        )

    def start(self) -> None:
        self._client.start()
        self._client.wait_connected(_WAIT_S)

    def stop(self) -> None:
        self._client.stop()

    def expect(self) -> None:
        self._news.clear()

    def heard(self) -> tuple[bytes, float]:
        """What came and when (perf_counter); TimeoutError if nothing did."""
        if not self._news.wait(_WAIT_S):
            raise TimeoutError("the broker did not pass on the command")
        return self.body, self.at

    def _hear(self, message: MQTTMessage) -> None:
        self.at, self.body = time.perf_counter(), message.payload
        self._client.acknowledge(message.mid, self._client.connection)
        self._news.set()


def measure(size: county.Size, times: int, folder: Path | None) -> int:
    """Prints progress on stderr, one JSON object on stdout; 0 if within the limits."""
    with tempfile.TemporaryDirectory(prefix="hanma-decide-", dir=folder) as data:
        result = _measured(Path(data), size, times)
    print(json.dumps(result, ensure_ascii=False), flush=True)
    return 0 if result["ok"] else 1


def _measured(data: Path, size: county.Size, times: int) -> dict[str, Any]:
    settings = Settings(data_dir=data, argon2_kib=8, argon2_rounds=1)
    ground = Ground.open(settings)
    migrate(ground.engine)
    wanted = min(size.machines, size.watches, 2 * (times + _WARM))
    began = time.monotonic()
    found = county.seed(ground, size, "decide", wanted, say)
    with _lines(ground) as (sender, ear):
        played = _played(ground, found[: times + 2 * _WARM], sender, ear)
    history.fill(ground, found[times + 2 * _WARM :], size, say)
    seeded_s = time.monotonic() - began
    half = times // 2 + _WARM
    with _lines(ground) as (sender, ear):
        told = _decided(ground, played[:half], sender, ear)
        with viewers.present(ground):
            looked_at = _decided(ground, played[half:], sender, ear)
    slow = pages.measure(ground, say)
    watched = viewers.measure(ground, *(() if size.machines >= _LARGE else (1,)))
    ground.close()
    return {
        "ok": max(told["median_ms"], looked_at["median_ms"]) <= LIMIT_MS
        and not slow
        and watched["ok"],
        **told,
        "times": told["times"] + looked_at["times"],
        "with_viewers": looked_at,
        "limit_median_ms": LIMIT_MS,
        "machines": size.machines,
        "welders": size.welders,
        "seeded_s": round(seeded_s, 1),
        "slow_pages": slow,
        "status_page": watched,
    }


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextmanager
def _lines(ground: Ground) -> Iterator[tuple[Sender, Ear]]:
    """The embedded broker with the cloud's sender and an ear on it."""
    doorkeeper = Doorkeeper(secrets_of(ground), ground.clock)
    broker = Broker(doorkeeper, host="127.0.0.1", port=0)
    broker.start()
    address = doorkeeper.address(broker.host, broker.port)
    sender, ear = Sender(address), Ear(address)
    try:
        ear.start()
        sender.start()
        sender.wait_connected(_WAIT_S)
        yield sender, ear
    finally:
        sender.stop()
        ear.stop()
        broker.stop()


def _played(ground: Ground, found: list[county.Place], sender: Sender, ear: Ear) -> Any:
    """Jobs that wait for ON, with their sites; commands reach the terminals directly."""
    sites: dict[str, Site] = {}
    ground.send = lambda device, body, light=False: sites[device].down(body)
    for place in found:
        sites[place.device] = Site.of(ground, place, "decide")
    waiting = [(site, site.to_watched()) for site in sites.values()]
    say(f"{len(waiting)} jobs wait for ON")
    return waiting


def _decided(
    ground: Ground, waiting: list[tuple[Site, str]], sender: Sender, ear: Ear
) -> dict[str, Any]:
    ground.send = sender
    on: list[float] = []
    heard: list[float] = []
    floor: list[float] = []
    for site, job_id in waiting:
        floor.append(_bare(ground))
        ear.expect()
        start = time.perf_counter()
        with ground.write() as unit:
            job = jobs.by_id(unit, job_id)
            welder = unit.db.get_one(Person, site.place.welder)
            assert job
            moved = jobs.switch_on(unit, job, welder, proving.later(unit))
        on.append((time.perf_counter() - start) * 1000)
        assert isinstance(moved, Job), moved.codes
        body, at = ear.heard()
        heard.append((at - start) * 1000)
        site.down(body)
        outbox.deliver(ground, handlers())
        assert site.terminal.relay == 1
    on, heard, floor = on[_WARM:], heard[_WARM:], floor[_WARM:]
    return {
        "median_ms": round(statistics.median(on), 2),
        "p99_ms": round(statistics.quantiles(on, n=100)[98], 2),
        "heard_ms": round(statistics.median(heard), 2),
        "floor_ms": round(statistics.median(floor), 2),
        "times": len(on),
    }


def _bare(ground: Ground) -> float:
    start = time.perf_counter()
    with ground.write() as unit:
        places.put(unit, county.ROOT, f"青禾市（演示）{start}")
    return (time.perf_counter() - start) * 1000

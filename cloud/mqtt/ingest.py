"""From the broker into the rooms: what terminals say is received, committed, acknowledged.

At least once on the wire, exactly once in the book: a message is acknowledged after its commit,
never before, so whoever is killed in between gets it again, and `receive` knows it already.
A lone message is taken at once. Where they come together they are committed together, at most
`_OFTEN` times a second: of a thousand a second each waits a little, and costs a fifth. If a common
commit fails, each is taken by itself, so that one which breaks `receive` holds up no other.
"""

import contextlib
import logging
import queue
import secrets
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from paho.mqtt.client import MQTTMessage
from sqlalchemy import text

from cloud.base import outage
from cloud.base.unit import Unit
from cloud.mqtt import iotda, topics
from cloud.mqtt.address import Address
from cloud.mqtt.client import Client
from cloud.mqtt.limits import Tally
from cloud.mqtt.login import CLOUD_USER
from cloud.mqtt.pace import Buckets
from cloud.mqtt.packets import Message
from cloud.mqtt.pressure import Pressure

log = logging.getLogger(__name__)

_BATCH = 64
_OFTEN = 50  # commits a second
_FULL_WAIT_S = 0.5
_LOOK_S = 1.0
_UNSUBSCRIBE_S = 1.0
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 10.0
_TRIES = 3


class Writing(Protocol):
    """What ingest needs of cloud.base.unit.Ground."""

    def write(self) -> AbstractContextManager[Unit]: ...


Receive = Callable[[Unit, str, bytes], str]
Keep = Callable[[Unit, str, bytes], object]
Hold = Callable[[Unit, list[str], bool], object]
Behind = Callable[[Unit, str, bool], object]


class Heard(NamedTuple):
    """One message of a terminal, and how to acknowledge it."""

    device: str
    payload: bytes
    qos: int
    packet_id: int
    connection: int


class Ingest:
    """One subscriber and its worker.

    `receive(unit, device, payload)` is the way in (cloud.link.intake.receive), and gives a word
    to count it by; `keep(unit, device, payload)` stores what `receive` broke on;
    `hold(unit, devices, pressed)` reads at once what a batch will need, `pressed` if more waits;
    `behind(unit, broker, is_it)` is told when more comes than can be worked off for a while, and
    when that is over.
    `both`: terminals of the iotda dialect are on this broker too, and it turns nothing by itself.
    """

    def __init__(
        self,
        ground: Writing,
        address: Address,
        receive: Receive,
        *,
        keep: Keep | None = None,
        hold: Hold | None = None,
        behind: Behind | None = None,
        both: bool = False,
        queue_size: int = 500,
        buckets: Buckets | None = None,
        pressure: Pressure | None = None,
    ) -> None:
        self.tally = Tally()
        self._ground = ground
        self._receive = receive
        self._keep = keep
        self._hold = hold
        self._behind = behind
        self._broker = address.name
        self._buckets = buckets or Buckets()
        self._pressure = pressure or Pressure(full=queue_size // 2)
        self._queue: queue.Queue[Heard | None] = queue.Queue(queue_size)
        self._stopping = threading.Event()
        self._given_up = threading.Event()
        self._client = _subscriber(address, self._hear, both)
        self._worker = threading.Thread(target=self._work, name="ingest-worker", daemon=True)

    @property
    def connected(self) -> bool:
        """Whether the broker is reached."""
        return self._client.connected

    def wait_connected(self, timeout_s: float) -> bool:
        """Wait until `connected`; False if it took too long."""
        return self._client.wait_connected(timeout_s)

    def backlog(self) -> int:
        """How many messages wait for the worker."""
        return self._queue.qsize()

    def start(self) -> None:
        """Subscribe and work."""
        self._worker.start()
        self._client.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Take no more, finish what is here, leave; what is not finished is not acknowledged."""
        if self._client.connected:
            self._client.unsubscribe(_UNSUBSCRIBE_S)
        self._stopping.set()
        with contextlib.suppress(queue.Full):
            self._queue.put(None, timeout=timeout_s)
        self._worker.join(timeout_s)
        self._given_up.set()
        self._worker.join()
        self._client.stop()

    def _hear(self, message: MQTTMessage) -> None:
        """In the network thread: into the queue and nothing else."""
        device, payload = _said(message)
        heard = Heard(device or "", payload, message.qos, message.mid, self._client.connection)
        if device is None:
            self._drop(heard, "strange topic", "a message on %.100r", message.topic)
        elif not self._buckets.take(device, time.monotonic()):
            self._drop(heard, "too often", "%s talks too much, messages are dropped", device)
        else:
            self._enqueue(heard)

    def _enqueue(self, heard: Heard) -> None:
        # A full queue stops the network thread: then we read no more, and the broker holds back.
        while not self._given_up.is_set():
            try:
                self._queue.put(heard, timeout=_FULL_WAIT_S)
                return
            except queue.Full:
                self.tally.note(log, "full", "%d messages wait for the database", self.backlog())

    def _drop(self, heard: Heard, name: str, sentence: str, *args: object) -> None:
        self.tally.note(log, name, sentence, *args)
        self._acknowledge(heard)

    def _work(self) -> None:
        next_at = 0.0
        while True:
            self._look()
            batch = self._batch(next_at)
            next_at = time.monotonic() + 1 / _OFTEN if len(batch) > 1 else 0.0
            if len(batch) < 2 or not self._together(batch):
                self._one_by_one(batch)
            if not batch and self._stopping.is_set():
                return

    def _look(self) -> None:
        """Tell it when we fall behind, or have caught up."""
        if self._behind is None or not self._pressure.changed(self.backlog(), time.monotonic()):
            return
        try:
            with self._ground.write() as unit:
                self._behind(unit, self._broker, bool(self._pressure.behind))
        except Exception:  # nothing may end this thread; it is told again
            log.exception("%s: not told how far behind we are", self._broker)
            self._pressure.behind = None

    def _one_by_one(self, batch: list[Heard]) -> None:
        for heard in batch:
            try:
                self._settle(heard)
            except Exception:  # nothing may end this thread
                log.exception("%s: a message was not settled", heard.device)

    def _together(self, batch: list[Heard]) -> bool:
        """One commit for all, then acknowledge; False if nothing of it was kept."""
        try:
            with self._ground.write() as unit:
                if self._hold is not None:
                    self._hold(unit, [heard.device for heard in batch], len(batch) == _BATCH)
                words = [self._receive(unit, heard.device, heard.payload) for heard in batch]
        except Exception as error:
            log.info("%d messages are taken one by one: %s", len(batch), _where(error))
            return False
        for heard, word in zip(batch, words, strict=True):
            self.tally.update(("received", word))
            self._acknowledge(heard)
        return True

    def _batch(self, not_before: float) -> list[Heard]:
        """What is there, at most _BATCH; waits for the first, and until then (monotonic time).

        Empty when nothing came for a while, or we are stopping.
        """
        found = []
        with contextlib.suppress(queue.Empty):
            block = not self._stopping.is_set()
            found.append(self._queue.get(block, _LOOK_S))
            if self._queue.qsize() < _BATCH:
                self._stopping.wait(max(0.0, not_before - time.monotonic()))
            while len(found) < _BATCH:
                found.append(self._queue.get_nowait())
        return [heard for heard in found if heard is not None]

    def _settle(self, heard: Heard) -> None:
        """Receive, commit, acknowledge. Comes back when that is done, or when we are to stop."""
        pause_s, tries = _FIRST_PAUSE_S, 0
        while not self._given_up.is_set():
            try:
                with self._ground.write() as unit:
                    word = self._receive(unit, heard.device, heard.payload)
            except Exception as error:
                tries, kind = tries + 1, outage.kind(error)
                if self._comes_back(kind, tries):
                    log.warning("%s, trying again in %.1f s", kind, pause_s)
                    self._given_up.wait(pause_s)
                    pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
                elif tries >= _TRIES:
                    self._put_aside(heard, error)
                    return
            else:
                self.tally.update(("received", word))
                self._acknowledge(heard)
                return

    def _put_aside(self, heard: Heard, error: Exception) -> None:
        """Keep a message that `receive` breaks on, and acknowledge it: it must block nobody."""
        self.tally.note(log, "poison", "%s broke the intake: %s", heard.device, _where(error))
        if self._keep is not None:
            try:
                with self._ground.write() as unit:
                    self._keep(unit, heard.device, heard.payload)
            except Exception as also:
                self.tally.note(log, "lost", "%s: not kept: %s", heard.device, _where(also))
        self._acknowledge(heard)

    def _acknowledge(self, heard: Heard) -> None:
        if heard.qos:
            self._client.acknowledge(heard.packet_id, heard.connection)

    def _comes_back(self, kind: str, tries: int) -> bool:
        """Whether to wait. A full disk answers too, and lets nothing be put aside either."""
        if kind == outage.AWAY:
            return tries < _TRIES or not self._database_answers()
        return kind == outage.FULL

    def _database_answers(self) -> bool:
        try:
            with self._ground.write() as unit:
                unit.db.execute(text("SELECT 1"))
        except Exception:
            return False
        return True


def _said(message: MQTTMessage) -> tuple[str | None, bytes]:
    """(device, body in the native dialect); no device for a topic of nobody."""
    device = topics.device_of(message.topic)
    if device is None and (foreign := iotda.device_of(message.topic)):
        raw = Message(message.topic, message.payload, message.qos)
        return foreign, iotda.up(foreign, raw).payload
    return device, message.payload


def _subscriber(address: Address, on_message: Callable[[MQTTMessage], None], both: bool) -> Client:
    if address.outside:  # any number of workers share it, and none leaves a session behind
        every = (topics.EVERY_UP, *(iotda.EVERY_UP if both else ()))
        filters, name = _shared(every), f"hanma-ingest-{secrets.token_hex(4)}"
        return Client(address, name, on_message=on_message, filters=filters)
    # One worker, whose session the embedded broker keeps: nothing is lost between two connections.
    name = f"{CLOUD_USER}-ingest"
    return Client(address, name, on_message=on_message, filters=(topics.EVERY_UP,), keep=True)


def _shared(filters: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"$share/ingest/{one}" for one in filters)


def _where(error: Exception) -> str:
    """Kind and place of an error. Its text may hold the message, and that is not for the log."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {last.filename}:{last.lineno}"

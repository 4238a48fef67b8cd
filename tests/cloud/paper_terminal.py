"""A terminal of paper on a real broker: what it hears it answers, as `stand_in` says."""

import json
import queue
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import paho.mqtt.client as paho

from tests.cloud.stand_in import StandIn

PATIENCE_S = 180
_AGAIN_S = 1.0


def wall_clock() -> Any:
    """The clock of the machine, as the stand-in reads it."""

    class Now(SimpleNamespace):
        @property
        def now(self) -> int:
            return round(time.time() * 1000)

    return Now()


class PaperTerminal:
    """`connect` logs in, `until(done)` converses; `stored` = how far its journal is stored."""

    def __init__(self, device: str, secret: bytes, password: str = "") -> None:
        self.paper = StandIn(device, secret, wall_clock())
        self.password = password
        self.stored = 0
        self.heard: list[str] = []
        self._came: queue.Queue[bytes] = queue.Queue()
        self._line: paho.Client | None = None

    def connect(self, host: str, port: int) -> None:
        """To this broker, away from the one before; raises OSError if nobody is there."""
        self.leave()
        device = self.paper.device
        line = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=device)
        line.username_pw_set(device, self.password or None)
        line.on_message = lambda _client, _data, message: self._came.put(message.payload)
        subscribed: queue.Queue[bool] = queue.Queue()
        line.on_connect = lambda *_: line.subscribe(f"hm/{device}/down", 1)
        line.on_subscribe = lambda *_: subscribed.put(True)
        line.connect(host, port)
        line.loop_start()
        self._line = line
        subscribed.get(timeout=PATIENCE_S)
        self.say(self.paper.login())

    def leave(self) -> None:
        if self._line is not None:
            self._line.disconnect()
            self._line.loop_stop()
            self._line = None

    def say(self, body: bytes) -> None:
        assert self._line is not None
        self._line.publish(f"hm/{self.paper.device}/up", body, 1)

    def until(self, done: Callable[[], object], again: Callable[[], object] = bool) -> None:
        """Converse until `done`; `again` now and then, for what may have been lost."""
        end = time.monotonic() + PATIENCE_S
        next_try = 0.0
        while not done():
            assert time.monotonic() < end, "it did not happen in time"
            if time.monotonic() > next_try:
                again()
                next_try = time.monotonic() + _AGAIN_S
            self._hear()

    def journal(self, log: str, seq: int) -> None:
        """One entry, sent until the cloud says that it is stored."""
        entry = {"log": log, "seq": seq, "boot": 1, "up": seq, "kind": "boot"}
        body = self.paper.entries(log, entry)
        self.until(lambda: self.stored >= seq, lambda: self.say(body))

    def _hear(self) -> None:
        try:
            body = self._came.get(timeout=0.02)
        except queue.Empty:
            return
        said = json.loads(body)
        for one in said.get("services", []):
            if one["event_type"] == "stored":
                self.stored = max(self.stored, one["paras"]["to"])
        self.heard.append(said.get("command_name", "event"))
        answer = self.paper.hear(body)
        if answer:
            self.say(answer)

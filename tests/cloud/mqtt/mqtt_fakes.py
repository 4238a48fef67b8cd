"""Stand-ins for the rooms that ingest writes into."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import OperationalError

AWAY = OperationalError("INSERT", {}, Exception("server closed the connection"))


class FakeGround:
    """Write units that can be watched, and that fail on demand."""

    def __init__(self) -> None:
        self.commits = 0
        self.away = threading.Event()
        self.refused = 0
        self.after_commit: Callable[[], None] = lambda: None

    @contextmanager
    def write(self) -> Iterator[Any]:
        if self.away.is_set():
            self.refused += 1
            raise AWAY
        yield _Unit()
        self.commits += 1
        self.after_commit()


class _Unit:
    class db:
        @staticmethod
        def execute(_: object) -> None: ...


class Room:
    """Stands in for cloud.link.intake: writes down what it is told."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.kept: list[tuple[str, bytes]] = []
        self.fails: dict[bytes, list[Exception]] = {}
        self.gate = threading.Event()
        self.gate.set()
        self.waits = threading.Event()  # somebody came to the gate

    def receive(self, _unit: object, device: str, payload: bytes) -> str:
        self.waits.set()
        self.gate.wait()
        self.heard.append((device, payload))
        if self.fails.get(payload):
            raise self.fails[payload].pop(0)
        return "beat"

    def keep(self, _unit: object, device: str, payload: bytes) -> None:
        self.kept.append((device, payload))

    @property
    def payloads(self) -> list[bytes]:
        return [payload for _, payload in self.heard]

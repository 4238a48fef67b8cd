"""One unit of work = one durable transaction, and the ground that hands units out."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from cloud.base.clock import Clock, now_ms
from cloud.base.database import make_engine, one_writer, reader, session
from cloud.base.keys import Keys
from cloud.base.settings import Settings

log = logging.getLogger(__name__)

Send = Callable[..., None]  # (device, body), and True where none need confirm its arrival
Text = Callable[[str, str], None]  # (phone number, words)


class NoSender(Exception):
    """A command was to leave, but no edge has filled the port `ground.send`."""


class NestedWrite(Exception):
    """A write unit was opened inside another one of the same thread: it would wait for itself."""


def _no_sender(device: str, payload: bytes, light: bool = False) -> None:
    raise NoSender(device)


def _no_texts(number: str, words: str) -> None:
    raise NoSender("text messages")


def _nobody() -> None:
    pass


class Unit:
    """What a room needs to do its work inside one transaction."""

    def __init__(self, ground: "Ground", db: Session, now: int, writes: bool = True) -> None:
        self.db = db
        self.now = now
        self.writes = writes
        self.keys = ground.keys
        self.settings = ground.settings
        self.issuers = frozenset(ground.issuers)
        self.has_verifier = ground.verifier is not None
        self._ground = ground
        self._calls: list[Callable[[], None]] = []
        self._held: list[Any] = []

    def hold(self, table: Any, ids: Iterable[str | None]) -> None:
        """Read these rows at once: until the unit ends, `db.get` finds them without asking.

        For lists, where each row names others: a question for each kind, none for each row.
        """
        wanted = {id for id in ids if id is not None}
        if wanted:
            self._held += self.db.scalars(select(table).where(table.id.in_(wanted)))

    def after(self, call: Callable[[], None]) -> None:
        """Run `call` once, after the commit; not at all after a roll-back. Errors are logged."""
        self._calls.append(call)

    def send(self, device: str, payload: bytes, light: bool = False) -> None:
        """Hand a body to the port for commands once the commit is durable.

        `light`: the next one of its kind follows soon, so nobody need confirm its arrival.
        """
        out = (device, payload, True) if light else (device, payload)
        self.after(lambda: self._ground.send(*out))

    def text(self, number: str, words: str) -> None:
        """Hand a text message to its port after the commit; it is sent when it can be."""
        self.after(lambda: self._ground.text(number, words))

    def wake(self) -> None:
        """After the commit, tell whoever delivers the outbox that there is something in it."""
        if self._ground.wake not in self._calls:
            self.after(self._ground.wake)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part that may fail alone: on an exception its rows and its after-calls are undone.

        Everything is flushed on leaving, so a broken unique index shows itself here:
        `try: with unit.savepoint(): unit.db.add(row)` … `except IntegrityError:`.
        """
        promised = len(self._calls)
        try:
            with self.db.begin_nested():
                yield
        except BaseException:
            del self._calls[promised:]
            raise


@dataclass
class Ground:
    """The composition handed to the edges. `send`, `wake`, `text`, `issuers` and `verifier`
    are filled by cloud/app.py; `issuers` = whom to ask about certificates (registry/issuers.py),
    `verifier` = whom to ask about faces (registry/verifier.py)."""

    settings: Settings
    engine: Engine
    keys: Keys
    clock: Clock = now_ms
    send: Send = _no_sender
    wake: Callable[[], None] = _nobody
    text: Text = _no_texts
    issuers: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    verifier: Callable[..., Any] | None = None
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _writer: int | None = field(default=None, repr=False)
    _reader: Engine = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._reader = reader(self.engine)

    @classmethod
    def open(cls, settings: Settings, clock: Clock = now_ms, send: Send = _no_sender) -> Self:
        """A ground on the settings' database and keys, both made if they are not there."""
        return cls(
            settings, make_engine(settings.database), Keys.load(settings.data_dir), clock, send
        )

    @contextmanager
    def write(self) -> Iterator[Unit]:
        """One durable transaction: committed on leaving, rolled back on an exception."""
        self.keys.refresh()
        with self._my_turn(), session(self.engine) as db:
            unit = Unit(self, db, self.clock())
            yield unit
            db.commit()
        for call in unit._calls:
            try:
                call()
            except Exception:
                log.exception("after the commit")

    @contextmanager
    def read(self) -> Iterator[Unit]:
        """One snapshot; it takes no write lock, and the database refuses writes in it."""
        with session(self._reader) as db:
            yield Unit(self, db, self.clock(), writes=False)

    def close(self) -> None:
        """Close the pooled connections."""
        self.engine.dispose()

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        # SQLite has one writer; a lock wakes the next thread at once, its busy handler sleeps.
        if not one_writer(self.engine):
            yield
            return
        me = threading.get_ident()
        if self._writer == me:
            raise NestedWrite("finish the outer write unit first, or hand it down")
        with self._turn:
            self._writer = me
            try:
                yield
            finally:
                self._writer = None

"""Composition: the rooms on one ground, the edges beside each other, started in order."""

import fcntl
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Self, TypeVar

import waitress
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from cloud import issuers
from cloud.base.database import migrate
from cloud.base.settings import Settings
from cloud.base.unit import Ground, Unit
from cloud.book import checkpoints, outbox
from cloud.cases import from_terminals, holds, life, near_end, notices, observed, periods, reports
from cloud.issuers.daily import DailyRound
from cloud.link import campaigns, commands, intake, journal, policies, upgrades
from cloud.mqtt.address import Address, BadAddress, split_listen
from cloud.mqtt.broker import BadCertificates, Broker, Secure, tls_context
from cloud.mqtt.ingest import Ingest
from cloud.mqtt.login import Doorkeeper, secrets_of
from cloud.mqtt.sender import Sender
from cloud.notify.herald import Herald
from cloud.notify.texts import Texter
from cloud.platform.courier import Courier
from cloud.platform.operations import ROOT as PLATFORM_ROOT
from cloud.platform.site import create_site
from cloud.registry import visits
from cloud.retention import Retention
from cloud.web import create_app
from cloud.work import jobs, papers

log = logging.getLogger(__name__)

T = TypeVar("T")

_WEB_THREADS = 16
_BACKLOG = 1024
_BODY_BYTES = 13 << 20  # a picture; each page has its own limit (web/rights.py)
_HOUSEKEEPING_S = 1.0
_BROKER_S = 10.0


class CannotStart(Exception):
    """The cloud cannot run here; the text says why and what to do."""


class Cloud:
    """One process with everything: web, ingest, sender, housekeeping and, unless a broker is
    named by URL, the embedded one. `with Cloud(settings) as cloud: cloud.serve()`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.ground = Ground.open(settings)
        self._lock: IO[str] | None = None
        self._broker: Broker | None = None
        self._parts: list[
            Ingest | Sender | Housekeeping | DailyRound | Herald | Texter | Courier
        ] = []
        self._web: waitress.server.BaseWSGIServer | None = None

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _start(self) -> None:
        self._lock = _only_one(Path(self.settings.data_dir))
        migrate(self.ground.engine)
        address = self._broker_address()
        sender = Sender(address)
        self.ground.send = sender
        housekeeping = Housekeeping(self.ground, {"terminal-revoked": [self._revoked]})
        self.ground.wake = housekeeping.wake
        texter = Texter(self.settings, self.ground.clock)
        self.ground.text = texter.text
        self.ground.issuers = issuers.sources(self.settings, self.ground.clock)
        ingest = Ingest(
            self.ground,
            address,
            intake.receive,
            keep=intake.set_aside,
            hold=intake.hold,
        )
        rounds = (DailyRound(self.ground), Herald(self.ground), Courier(self.ground))
        for part in (sender, texter, ingest, housekeeping, *rounds):
            part.start()
            self._parts.append(part)
        if not (sender.wait_connected(_BROKER_S) and ingest.wait_connected(_BROKER_S)):
            raise CannotStart(
                "连不上 MQTT 服务器，请检查 HANMA_BROKER。 "
                "The MQTT broker cannot be reached; check HANMA_BROKER."
            )
        self._web = self._listen()

    def _broker_address(self) -> Address:
        if self.settings.broker != "embedded":
            return _read(Address.from_url, "HANMA_BROKER", self.settings.broker)
        host, port = _read(split_listen, "HANMA_MQTT_LISTEN", self.settings.mqtt_listen)
        doorkeeper = Doorkeeper(secrets_of(self.ground), self.ground.clock)
        broker = Broker(doorkeeper, host=host, port=port, secure=self._secure())
        broker.start()
        self._broker = broker
        return doorkeeper.address(broker.host, broker.port)

    def _secure(self) -> Secure | None:
        """The broker's TLS listener, if one is wanted."""
        settings = self.settings
        if not settings.mqtt_tls_listen:
            return None
        host, port = _read(split_listen, "HANMA_MQTT_TLS_LISTEN", settings.mqtt_tls_listen)
        try:
            context = tls_context(
                settings.mqtt_tls_cert, settings.mqtt_tls_key, settings.mqtt_tls_ca
            )
        except BadCertificates as error:
            raise CannotStart(f"MQTT 的证书文件不能用。 {error}.") from None
        return Secure(host, port, context)

    def _listen(self) -> waitress.server.BaseWSGIServer:
        host, port = _read(split_listen, "HANMA_LISTEN", self.settings.listen)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listening = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        except OSError as error:
            raise CannotStart(
                f"网页地址 {self.settings.listen} 不可用，请用 HANMA_LISTEN 换一个。 "
                f"The web address cannot be used ({error.strerror}); set HANMA_LISTEN."
            ) from None
        return waitress.create_server(
            wsgi(self.ground),
            sockets=[listening],
            threads=_WEB_THREADS,
            max_request_body_size=_BODY_BYTES,  # waitress would buffer a gigabyte first
            asyncore_use_poll=True,  # select() ends at file number 1023; terminals have those
            ident=None,
        )

    def _revoked(self, unit: Unit, event: outbox.Event) -> None:
        """Its connection goes at once; another broker asks us again at the next log-in."""
        if self._broker:
            self._broker.drop(event.subject)

    def serve(self) -> None:
        """Answers requests until Ctrl-C or SIGTERM."""
        assert self._web
        self._web.run()

    def stop(self) -> None:
        """The web first, then what works for it; the broker last. Safe to call twice."""
        if self._web:
            self._web.close()
            self._web = None
        while self._parts:
            self._parts.pop().stop()
        if self._broker:
            self._broker.stop()
            self._broker = None
        self.ground.close()
        if self._lock:
            self._lock.close()
            self._lock = None


def wsgi(ground: Ground) -> DispatcherMiddleware:
    """The pages, and beside them Way 2, which knows no sessions."""
    return DispatcherMiddleware(create_app(ground), {PLATFORM_ROOT: create_site(ground)})


ROUNDS = (
    commands.sweep,
    journal.sweep,
    policies.sweep,
    campaigns.sweep,
    upgrades.sweep,
    intake.off_line,
    jobs.sweep,
    papers.sweep,
    checkpoints.sweep,
    Retention().sweep,
    observed.sweep,
    periods.sweep,
    life.sweep,
    visits.sweep,
    reports.sweep,
)


def handlers() -> outbox.Handlers:
    """What all rooms do about events; the rooms nearer the ground go first."""
    return outbox.together(
        policies.handlers(),
        upgrades.handlers(),
        jobs.handlers(),
        from_terminals.handlers(),
        observed.handlers(),
        life.handlers(),
        notices.handlers(),
        holds.handlers(),
        reports.handlers(),
        near_end.handlers(),
    )


class Housekeeping:
    """The clock's work: deadlines, time-outs, what was told but not yet heard. One thread.

    Each round is safe beside other processes doing the same (conditional claims).
    """

    def __init__(self, ground: Ground, more: outbox.Handlers | None = None) -> None:
        self._ground = ground
        self._handlers = outbox.together(handlers(), more or {})
        self._rounds = ROUNDS
        self._news = threading.Event()
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="housekeeping")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending = True
        self._news.set()
        self._thread.join()

    def wake(self) -> None:
        """There is something in the outbox."""
        self._news.set()

    def deliver(self) -> int:
        return outbox.deliver(self._ground, self._handlers)

    def _run(self) -> None:
        next_sweep = time.monotonic()
        while not self._ending:
            self._news.wait(max(0.0, next_sweep - time.monotonic()))
            self._news.clear()
            try:
                self.deliver()
                if time.monotonic() >= next_sweep:
                    next_sweep = time.monotonic() + _HOUSEKEEPING_S
                    self._sweep()
            except Exception:
                log.exception("housekeeping")

    def _sweep(self) -> None:
        for sweep in self._rounds:
            with self._ground.write() as unit:
                _swept(sweep.__module__, sweep(unit))


def _read(reader: Callable[[str], T], name: str, text: str) -> T:
    """A setting read as an address; CannotStart names it where that fails."""
    try:
        return reader(text)
    except BadAddress as error:
        raise CannotStart(f"{name}：地址写法不对。 {error}.") from None


def _swept(name: str, count: object) -> None:
    if count:
        log.info("%s: %s rows moved on", name, count)


def _only_one(data_dir: Path) -> IO[str]:
    """The lock on the data; CannotStart if another cloud already works on it."""
    data_dir.mkdir(parents=True, exist_ok=True)
    handle = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    file = os.fdopen(handle, "w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise CannotStart(
            f"数据目录 {data_dir} 正被另一个 HanMa 使用，请先结束它，"
            "或用 HANMA_DATA 换一个目录。\n"
            f"Another HanMa already works on the data in {data_dir}. End it, or set HANMA_DATA."
        ) from None
    return file

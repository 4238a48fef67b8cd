"""Composition: the rooms on one ground, the edges beside each other, started in order."""

import fcntl
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Protocol, Self, TypeVar

import waitress
from sqlalchemy.exc import OperationalError
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from cloud import issuers, verifier
from cloud.base.database import claim_round, migrate
from cloud.base.files import make_folder
from cloud.base.settings import Settings
from cloud.base.unit import Ground, Unit
from cloud.book import checkpoints, outbox
from cloud.cases import (
    afar,
    from_terminals,
    holds,
    life,
    near_end,
    notices,
    observed,
    periods,
    refilling,
    releases,
    reports,
    rewired,
    same_numbers,
)
from cloud.cases.module_ends import ModuleEnds
from cloud.issuers.daily import daily_round
from cloud.link import campaigns, commands, intake, journal, policies, terminals, upgrades
from cloud.mqtt.address import Address, BadAddress, split_listen
from cloud.mqtt.broker import BadCertificates, Broker, Secure, tls_context
from cloud.mqtt.hook import ROOT as HOOK_ROOT
from cloud.mqtt.hook import create_hook
from cloud.mqtt.ingest import Ingest
from cloud.mqtt.login import Doorkeeper, secrets_of
from cloud.mqtt.sender import Sender
from cloud.notify.carrier import Carrier
from cloud.notify.herald import Herald
from cloud.notify.texts import Texter
from cloud.platform.courier import Courier
from cloud.platform.operations import ROOT as PLATFORM_ROOT
from cloud.platform.site import create_site
from cloud.registry import visits
from cloud.retention import Retention
from cloud.web import create_app
from cloud.work import jobs, papers, profiles

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

log = logging.getLogger(__name__)

T = TypeVar("T")

_WEB_THREADS = 16
_BACKLOG = 1024
_CONNECTIONS = 4096  # phones keep theirs open; past waitress's 100 the next one would wait minutes
_BODY_BYTES = 41 << 20  # a ledger; each page has its own limit (web/rights.py)
_HOUSEKEEPING_S = 1.0
_BROKER_S = 10.0
_DATABASE_S = 30.0  # a PostgreSQL that was killed reads its log first
_AGAIN_S = 1.0
_LOOK_S = 0.02


class CannotStart(Exception):
    """The cloud cannot run here; the text says why and what to do."""


class Part(Protocol):
    """Something with threads of its own."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


class Process:
    """Parts on a ground, started in order and stopped in reverse: `with Process(…) as one:`"""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.ground = Ground.open(settings)
        self._parts: list[Part] = []

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

    def stop(self) -> None:
        """End all parts, the last one first. Safe to call twice."""
        while self._parts:
            self._parts.pop().stop()
        self.ground.close()

    def _start(self) -> None:
        raise NotImplementedError

    def _begin(self, *parts: Part) -> None:
        for part in parts:
            part.start()
            self._parts.append(part)

    def _sender(self, *brokers: Address) -> Sender:
        """What leaves for terminals; with several brokers, by the one that a terminal is on."""
        choosing = len(brokers) > 1 or self.settings.broker_token
        standing = terminals.standing_of(self.ground) if choosing else None
        sender = Sender(*brokers, standing=standing)
        self.ground.send = sender
        return sender

    def _texter(self) -> Texter:
        texter = Texter(self.settings, self.ground.clock)
        self.ground.text = texter.text
        return texter

    def _ingest(self, broker: Address) -> Ingest:
        """What terminals say on this broker."""
        receive = partial(intake.receive, via=broker.name if broker.outside else "")
        return Ingest(
            self.ground,
            broker,
            receive,
            keep=intake.set_aside,
            hold=intake.hold,
            behind=observed.intake_behind,
            both=broker.outside and bool(self.settings.broker_token),
        )

    def _rounds(self) -> tuple[Part, ...]:
        """What works by the clock beside the housekeeping, and may be slow."""
        self.ground.issuers = issuers.sources(self.settings, self.ground.clock)
        self.ground.verifier = verifier.of(self.settings, self.ground.clock)
        return (
            *(daily_round(self.ground), Herald(self.ground), Courier(self.ground)),
            Carrier(self.settings),
        )


class Cloud(Process):
    """One process with everything: web, ingest, sender, housekeeping and, unless a broker is
    named by URL, the embedded one. `with Cloud(settings) as cloud: cloud.serve()`."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._lock: IO[str] | None = None
        self._broker: Broker | None = None
        self._web: waitress.server.BaseWSGIServer | None = None

    def _start(self) -> None:
        self._lock = _only_one(Path(self.settings.data_dir))
        prepared(self.ground)
        brokers = self._brokers()
        sender = self._sender(*brokers)
        housekeeping = Housekeeping(self.ground, {"terminal-revoked": [self._revoked]})
        self.ground.wake = housekeeping.wake
        ingests = [self._ingest(one) for one in brokers]
        self._begin(sender, self._texter(), *ingests, housekeeping, *self._rounds())
        reached(sender, *ingests)
        self._web = self._listen()

    def _brokers(self) -> tuple[Address, ...]:
        if self.settings.broker != "embedded":
            return outside(self.settings)
        host, port = _read(split_listen, "HANMA_MQTT_LISTEN", self.settings.mqtt_listen)
        doorkeeper = Doorkeeper(secrets_of(self.ground), self.ground.clock)
        broker = Broker(doorkeeper, host=host, port=port, secure=self._secure())
        broker.start()
        self._broker = broker
        return (doorkeeper.address(broker.host, broker.port),)

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
            clear_untrusted_proxy_headers=not self.settings.proxies,
            sockets=[listening],
            threads=_WEB_THREADS,
            connection_limit=_CONNECTIONS,
            max_request_body_size=_BODY_BYTES,  # waitress would buffer a gigabyte first
            asyncore_use_poll=True,  # select() ends at file number 1023; terminals have those
            ident=None,
        )

    def _revoked(self, unit: Unit, event: outbox.Event) -> None:
        """Its connection goes at once; of brokers outside see cloud/broker_cli.py."""
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
        super().stop()
        if self._broker:
            self._broker.stop()
            self._broker = None
        if self._lock:
            self._lock.close()
            self._lock = None


def wsgi(ground: Ground) -> "WSGIApplication":
    """The pages, and beside them what knows no sessions: Way 2, and the brokers' question."""
    beside = {PLATFORM_ROOT: create_site(ground), HOOK_ROOT: create_hook(ground)}
    whole = DispatcherMiddleware(create_app(ground), beside)
    count = ground.settings.proxies
    return ProxyFix(whole, x_for=count, x_proto=0) if count else whole


def outside(settings: Settings) -> tuple[Address, ...]:
    """The brokers of HANMA_BROKER; CannotStart for what cannot be read, or is ours alone."""
    if settings.broker == "embedded":
        raise CannotStart(
            "多个进程要用外部的 MQTT 服务器，请设置 HANMA_BROKER。 "
            "Processes of their own need a broker outside; set HANMA_BROKER."
        )
    return _read(Address.each_from_urls, "HANMA_BROKER", settings.broker)


def reached(sender: Sender, *ingests: Ingest) -> None:
    """Wait for a broker to talk with, of several for one; CannotStart if there is none."""
    until = time.monotonic() + _BROKER_S
    while time.monotonic() < until:
        if sender.connected and (not ingests or any(one.connected for one in ingests)):
            return
        time.sleep(_LOOK_S)
    raise CannotStart(
        "连不上 MQTT 服务器，请检查 HANMA_BROKER。 "
        "The MQTT broker cannot be reached; check HANMA_BROKER."
    )


def prepared(ground: Ground) -> None:
    """Whose rules hold is known, and the database at its newest form. One that just starts again
    is waited for; CannotStart if it does not answer in time."""
    try:
        profiles.load(ground.settings.profile)
    except (profiles.NoSuchProfile, profiles.BadProfile) as error:
        raise CannotStart(f"HANMA_PROFILE：没有这个管理办法 no such profile: {error}.") from None
    until = time.monotonic() + _DATABASE_S
    while True:
        try:
            return migrate(ground.engine)
        except OperationalError as error:
            if ground.engine.dialect.name == "sqlite":
                raise
            if time.monotonic() >= until:
                raise CannotStart(
                    "连不上数据库，请检查 HANMA_DATABASE。 "
                    "The database cannot be reached; check HANMA_DATABASE."
                ) from error
            log.warning("no database yet: %s", type(error.orig).__name__)
            time.sleep(_AGAIN_S)


ROUNDS = (
    commands.sweep,
    journal.sweep,
    refilling.sweep,
    policies.sweep,
    campaigns.sweep,
    upgrades.sweep,
    intake.off_line,
    jobs.sweep,
    papers.sweep,
    checkpoints.sweep,
    Retention().sweep,
    ModuleEnds().sweep,
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
        afar.handlers(),
        life.handlers(),
        notices.handlers(),
        holds.handlers(),
        reports.handlers(),
        near_end.handlers(),
        same_numbers.handlers(),
        rewired.handlers(),
        releases.handlers(),
    )


class Housekeeping:
    """The clock's work: deadlines, time-outs, what was told but not yet heard. One thread.

    Many may run: events are claimed one by one in their order, and a round is claimed whole, so
    each is done by one of them and goes on with the next when that one is gone. `look_s`: where
    nobody can wake us, because news comes from other processes, how often to look for some.
    """

    def __init__(
        self,
        ground: Ground,
        more: outbox.Handlers | None = None,
        look_s: float = _HOUSEKEEPING_S,
    ) -> None:
        self._ground = ground
        self._look_s = look_s
        self._handlers = outbox.together(handlers(), more or {})
        self._rounds = ROUNDS
        self._news = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeping")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._news.set()
        self._thread.join()

    def wake(self) -> None:
        """There is something in the outbox."""
        self._news.set()

    def deliver(self) -> int:
        return outbox.deliver(self._ground, self._handlers)

    def _run(self) -> None:
        next_sweep, begun = time.monotonic(), False
        while not self._ended.is_set():
            self._news.wait(max(0.0, min(self._look_s, next_sweep - time.monotonic())))
            self._news.clear()
            try:
                if not begun:
                    with self._ground.write() as unit:
                        outbox.unpark(unit)
                    begun = True
                self.deliver()
                if time.monotonic() >= next_sweep:
                    next_sweep = time.monotonic() + _HOUSEKEEPING_S
                    self._sweep()
            except Exception:  # handlers fail alone: it is the database that did not answer
                log.exception("housekeeping")
                self._ended.wait(_HOUSEKEEPING_S)

    def _sweep(self) -> None:
        for sweep in self._rounds:
            name = sweep.__module__
            try:
                with self._ground.write() as unit:
                    if claim_round(unit.db, name):
                        _swept(name, sweep(unit))
            except Exception:  # the other rounds' work does not wait for this one's
                log.exception("round %s", name)


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
    make_folder(data_dir)
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

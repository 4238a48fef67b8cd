"""The same cloud as processes of their own: web workers, ingest workers, housekeepers.

Any number of each, on any number of hosts, over one database, one HANMA_DATA (keys and pictures)
and brokers outside. They know nothing of each other: what one of them does stands in the database
before anybody is told of it, so any of them may be killed at any moment. SIGTERM lets what was
begun come to its end.

What a web worker keeps in memory is a comfort, never the truth: the answers of forms that were
sent twice (behind them the rooms refuse or repeat), what was ticked before a page came back,
figures that are a few seconds old.
"""

import os
from typing import TYPE_CHECKING, Any

from cloud import issuers, verifier
from cloud.app import CannotStart, Housekeeping, Process, outside, prepared, reached, wsgi
from cloud.base.settings import Settings
from cloud.base.unit import Ground

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_NEWS_S = 0.1  # how late a housekeeper hears of what other processes put into the outbox
_GRACE_S = 30
_STUCK_S = 60
_KEPT_S = 30
_CONNECTIONS = 4096
_SHARED_MEMORY = "/dev/shm"  # a worker's sign of life must not wait for a disk


class WebWorker(Process):
    """Pages and interfaces; commands leave from here, and nothing is listened to."""

    application: "WSGIApplication"

    def _start(self) -> None:
        self.ground.issuers = issuers.sources(self.settings, self.ground.clock)
        self.ground.verifier = verifier.of(self.settings, self.ground.clock)
        # A broker that is away stops no page: a command stands in the database, and a housekeeper
        # hands it over again.
        self._begin(self._sender(*outside(self.settings)), self._texter())
        self.application = wsgi(self.ground)


class IngestWorker(Process):
    """What terminals say, from all brokers; the workers share it among them."""

    def _start(self) -> None:
        prepared(self.ground)
        brokers = outside(self.settings)
        sender = self._sender(*brokers)
        ingests = [self._ingest(one) for one in brokers]
        self._begin(sender, *ingests)
        reached(sender, *ingests)


class Housekeeper(Process):
    """Deadlines, time-outs, events, notices, reports, the daily round through the registers."""

    def _start(self) -> None:
        prepared(self.ground)
        sender = self._sender(*outside(self.settings))
        keeping = Housekeeping(self.ground, look_s=_NEWS_S)
        self._begin(sender, self._texter(), keeping, *self._rounds())
        reached(sender)


def serve_web(settings: Settings, workers: int, threads: int) -> None:
    """Pages by gunicorn's workers, until SIGTERM; CannotStart without gunicorn or a broker."""
    outside(settings)
    try:
        from gunicorn.app.base import BaseApplication
    except ImportError:
        raise CannotStart(
            "没有安装 gunicorn：pip install 'hanma[scale]'。 "
            "gunicorn is not installed: pip install 'hanma[scale]'."
        ) from None
    running: list[WebWorker] = []

    class Pages(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            for name, value in _gunicorn(settings, workers, threads).items():
                self.cfg.set(name, value)
            self.cfg.set("worker_exit", lambda _server, _worker: _stop_all(running))

        def load(self) -> "WSGIApplication":
            """In the worker, after the fork: connections and threads are its own."""
            running.append(WebWorker(settings).__enter__())
            return running[-1].application

    _prepare(settings)
    Pages().run()


def _gunicorn(settings: Settings, workers: int, threads: int) -> dict[str, Any]:
    return {
        "bind": settings.listen,
        "workers": workers,
        "worker_class": "gthread",
        "threads": threads,
        # Phones ask every few seconds, on the connection that they keep.
        "keepalive": _KEPT_S,
        "worker_connections": _CONNECTIONS,
        "graceful_timeout": _GRACE_S,
        "timeout": _STUCK_S,
        "worker_tmp_dir": _SHARED_MEMORY if os.path.isdir(_SHARED_MEMORY) else None,
        "proc_name": "hanma-web",
        "logger_class": _log_class(),
        "control_socket_disable": True,
        # Whose word on the caller's address is taken, HANMA_PROXIES says.
        "forwarded_allow_ips": "",
    }


def _log_class() -> type:
    """What gunicorn says goes the way of all lines: exceptions without their words."""
    from gunicorn.glogging import Logger

    class Log(Logger):  # type: ignore[misc]
        def setup(self, cfg: object) -> None:
            self.error_log.propagate = True

    return Log


def _prepare(settings: Settings) -> None:
    """The database at its newest form, before the first worker; no connection is inherited."""
    ground = Ground.open(settings)
    try:
        prepared(ground)
    finally:
        ground.close()


def _stop_all(running: list[WebWorker]) -> None:
    while running:
        running.pop().stop()

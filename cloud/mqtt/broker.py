"""The embedded broker: the switchboard in a thread of its own."""

import asyncio
import contextlib
import errno
import logging
import socket
import ssl
import threading
from concurrent.futures import Future
from dataclasses import dataclass

from cloud.mqtt import rights
from cloud.mqtt.admission import Door, Login, May
from cloud.mqtt.limits import Limits, Tally
from cloud.mqtt.switchboard import Switchboard

log = logging.getLogger(__name__)

_BACKLOG = 512
_SPARE_FILES = 256
_STOP_S = 20


class PortBusy(Exception):
    """Another program listens where the broker should; `address` is host:port."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"MQTT port {address} is in use by another program: stop it, or set HANMA_MQTT_LISTEN"
        )
        self.address = address


class BadCertificates(Exception):
    """The files for TLS cannot be used; the text says which setting to look at."""


@dataclass
class Secure:
    """A second listener that speaks TLS; `port` 0 takes a free one and says which."""

    host: str
    port: int
    context: ssl.SSLContext


def tls_context(certificate: str, key: str, authority: str = "") -> ssl.SSLContext:
    """TLS for the listener. With an authority, a client may prove itself by a certificate of it
    whose common name is the device id. BadCertificates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
        if authority:
            context.load_verify_locations(authority)
            context.verify_mode = ssl.CERT_OPTIONAL
    except (OSError, ssl.SSLError) as error:
        raise BadCertificates(
            f"TLS for MQTT: {error}; look at HANMA_MQTT_TLS_CERT, _KEY and _CA"
        ) from None
    return context


class Broker:
    """MQTT 3.1.1 for up to a few thousand terminals, inside this process.

    `login(client_id, user, password)` says who somebody is, None = nobody; it runs in threads of
    the broker. `may(account, action, topic)` says what an account may touch.
    """

    def __init__(
        self,
        login: Login,
        *,
        host: str = "127.0.0.1",
        port: int = 1883,
        may: May = rights.may,
        limits: Limits | None = None,
        tls: ssl.SSLContext | None = None,
        secure: "Secure | None" = None,
    ) -> None:
        self.host = host
        self.port = port
        self.secure = secure
        self.tally = Tally()
        self._login = login
        self._may = may
        self._limits = limits or Limits()
        self._tls = tls
        self._thread: threading.Thread | None = None
        self._board: Switchboard | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    def start(self) -> None:
        """Listen; `port` 0 takes a free one and says which. PortBusy if the port is taken."""
        listening = _listen(self.host, self.port)
        self.port = listening.getsockname()[1]
        second = None
        if self.secure is not None:
            try:
                second = _listen(self.secure.host, self.secure.port), self.secure.context
            except BaseException:
                listening.close()
                raise
            self.secure.port = second[0].getsockname()[1]
        _allow_files(self._limits.connections + _SPARE_FILES)
        up: Future[None] = Future()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run(listening, second, up)),
            name="mqtt-broker",
            daemon=True,
        )
        self._thread.start()
        up.result()

    def stop(self) -> None:
        """Close every connection and the port; returns when the thread has ended."""
        if self._thread is None:
            return
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_STOP_S)
        self._thread = self._board = None

    def connected(self) -> list[str]:
        """Names of the accounts that are connected now (device ids, the cloud's client ids)."""
        return self._board.connected() if self._board else []

    def drop(self, name: str) -> None:
        """Close the connection of an account, as of a terminal that was just revoked."""
        if self._board is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._board.drop, name)

    async def _run(
        self,
        listening: socket.socket,
        second: tuple[socket.socket, ssl.SSLContext] | None,
        up: Future[None],
    ) -> None:
        door = Door(self._login, self._may, self._limits, self.tally)
        with contextlib.ExitStack() as open_now:
            for one in (listening, *(second or ())[:1]):
                open_now.enter_context(one)
            open_now.enter_context(contextlib.closing(door))
            board = Switchboard(
                listening, door, self._may, self._limits, self.tally, self._tls, second
            )
            try:
                await board.start()
            except Exception as error:
                up.set_exception(error)
                return
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            self._board = board
            up.set_result(None)
            await self._stop.wait()
            await board.shutdown()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortBusy(f"{host}:{port}") from error
        raise


def _allow_files(wanted: int) -> None:
    """Raise this process's limit of open files to `wanted`, as far as the system lets us."""
    try:
        import resource
    except ImportError:  # not on Windows, which has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted or soft == resource.RLIM_INFINITY:
        return
    target = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
    if target < wanted:
        log.warning("only %d files may be open; some terminals may not get in", target)
